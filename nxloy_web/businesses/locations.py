"""The shops of a business. There is always one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.businesses.facts import LocationFacts
from nxloy_web.businesses.locks import locked_business
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, put
from nxloy_web.db.refusals import check_version, refusing
from nxloy_web.db.rows import already, bring_back, find, insert_once
from nxloy_web.db.session import history
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission
from nxloy_web.tables.businesses import Location
from nxloy_web.texts import _


class LocationNameTaken(BusinessRule):
    message = _("Another location has this name.")


class LastLocation(BusinessRule):
    message = _("A business needs one location at least. Add another one before you delete this.")


_UNIQUE = {"uq_locations_name": LocationNameTaken()}


def deleted() -> Sequence[Location]:
    return db.session.scalars(
        history(select(Location))
        .where(Location.deleted_at.is_not(None))
        .order_by(Location.deleted_at.desc(), Location.id)
        .limit(50)
    ).all()


def add(id: str, facts: LocationFacts, *, by: Actor, at: datetime) -> Location:
    by.needs(Permission.LOCATIONS_EDIT)
    made = already(Location, id, **columns(facts))
    if made is not None:
        return made
    with refusing(_UNIQUE):
        location, is_new = insert_once(Location(id=id, **columns(facts)))
    if is_new:
        events.happened("location.added", location, by=by, after=columns(facts), at=at)
    return location


def edit(
    location_id: str, facts: LocationFacts, *, version: int | None, by: Actor, at: datetime
) -> Location:
    by.needs(Permission.LOCATIONS_EDIT)
    location = find(Location, location_id, lock=True)
    check_version(location, version)
    before, after = changes(location, facts)
    if not after:
        return location
    with refusing(_UNIQUE):
        put(location, facts)
    events.happened("location.changed", location, by=by, before=before, after=after, at=at)
    return location


def delete(location_id: str, *, by: Actor, at: datetime) -> Location:
    """Counted under the business's lock: two people cannot delete the last two at once."""
    by.needs(Permission.LOCATIONS_EDIT)
    locked_business()
    location = find(Location, location_id)
    if db.session.scalar(select(func.count(Location.id)).where(Location.deleted_at.is_(None))) == 1:
        raise LastLocation
    db.session.delete(location)
    events.happened("location.deleted", location, by=by, before={"name": location.name}, at=at)
    db.session.flush()
    return location


def restore(location_id: str, *, by: Actor, at: datetime) -> Location:
    by.needs(Permission.LOCATIONS_EDIT)
    location = find(Location, location_id, lock=True, deleted_too=True)
    taken = LocationNameTaken(
        _("Another location is called %(name)s now. Rename that one first.", name=location.name)
    )
    if bring_back(location, {"uq_locations_name": taken}):
        events.happened("location.restored", location, by=by, after={"name": location.name}, at=at)
    return location
