"""A business begins: its row, its owner, its first location, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import differing
from nxloy_web.errors import BusinessRule, FormUsed
from nxloy_web.permissions import Role
from nxloy_web.plain_names import refuse_links
from nxloy_web.tables.businesses import Business, Location, Membership
from nxloy_web.texts import _


@dataclass(frozen=True)
class NewBusiness:
    """What a person says of their business when they sign up."""

    id: str
    name: str
    slug: str
    timezone: str
    currency: str
    location_name: str


class SlugTaken(BusinessRule):
    message = _("Another business has this web address. Choose a different one.")


class BusinessIsOpen(BusinessRule):
    message = _("This form has made the business already.")


def open_business(new: NewBusiness, *, owner_id: str, at: datetime) -> Business:
    """Make the business in whose scope we are, with `owner_id` as its owner."""
    refuse_second(new)
    refuse_links(new.name)
    business = Business(
        id=new.id,
        name=new.name,
        slug=new.slug,
        timezone=new.timezone,
        currency=new.currency,
    )
    try:
        with db.session.begin_nested():
            db.session.add(business)
            db.session.flush()
    except IntegrityError as error:
        if "uq_businesses_slug" in str(error):
            raise SlugTaken from None
        refuse_second(new)
        raise
    location = Location(name=new.location_name)
    membership = Membership(user_id=owner_id, role=Role.OWNER)
    db.session.add_all([location, membership])
    db.session.flush()
    by = Actor(kind="team", user_id=owner_id, role=Role.OWNER)
    events.happened("business.opened", business, by=by, after={"slug": new.slug}, at=at)
    return business


def refuse_second(new: NewBusiness) -> None:
    """Raises BusinessIsOpen when this form has made the business, FormUsed when another one."""
    there = db.session.get(Business, new.id)
    if there is None:
        return
    asked = {"name": new.name, "slug": new.slug, "currency": new.currency}
    if differing(there, asked | {"timezone": new.timezone})[1]:
        raise FormUsed
    raise BusinessIsOpen
