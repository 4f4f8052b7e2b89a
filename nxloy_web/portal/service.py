"""Letting customers in: a code to their address, then the card that belongs to it."""

from dataclasses import dataclass, replace
from datetime import datetime

from nxloy_web.actors import Actor
from nxloy_web.current_business import current_business
from nxloy_web.customers import identifiers
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER, CustomerFacts, ProfileFacts
from nxloy_web.db import db
from nxloy_web.db.facts import columns, facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.identity import codes
from nxloy_web.portal import reads
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import _


@dataclass(frozen=True)
class Joining:
    """What somebody wrote who wants a card; nothing of it is saved before the code came back."""

    id: str
    first_name: str
    last_name: str
    phone: str
    email_opt_in: bool
    sms_opt_in: bool


class NoCard(BusinessRule):
    message = _("There is no card for this address here. Join, and you have one in a minute.")


class AddressTaken(BusinessRule):
    message = _("This address is on the card of somebody else. Ask at the counter.")


class NumberTaken(BusinessRule):
    message = _("This number is on another card. Ask at the counter.")


def send_code(email: str, joining: Joining | None, *, door: str, at: datetime) -> None:
    """Mail a code to somebody who has a card here, or wants one; else do nothing.

    The caller answers the same each time: nobody learns who is a customer.
    """
    card = reads.card_of_address(email)
    if card is None and joining is None:
        return
    names = card or joining
    assert names is not None
    business = current_business()
    codes.send_sign_in_code(
        email,
        door=door,
        at=at,
        business_name=business.name,
        create_name=" ".join(part for part in (names.first_name, names.last_name) if part),
        hue=business.settings.hue,
    )


def enter(user: User, joining: Joining | None, *, by: Actor, at: datetime) -> tuple[Customer, bool]:
    """The card of somebody whose code was right, and whether it is new.

    A card without a sign-in that has this address becomes theirs, here and in no other business.
    """
    by.needs_to_be(user.id)
    card = reads.card_of(user)
    if card is not None:
        if card.user_id is None:
            customers.link_user(card, user.id, by=by, at=at)
        return card, False
    if joining is None:
        raise NoCard
    return _enrol(user, joining, by, at), True


def change_profile(
    customer_id: str, profile: ProfileFacts, *, version: int | None, by: Actor, at: datetime
) -> Customer:
    """What customers may change of their card. Says nothing of whose a taken number is."""
    by.needs_to_be(customer_id)
    # The rest is as the row has it; when that changed since the form was drawn, so did the version.
    known = facts_of(find(Customer, customer_id), CustomerFacts)
    facts = replace(known, **columns(profile))
    try:
        return customers.edit(customer_id, facts, version=version, by=by, at=at)
    except identifiers.AlreadyCustomer as taken:
        raise NumberTaken from taken


def _enrol(user: User, joining: Joining, by: Actor, at: datetime) -> Customer:
    try:
        with db.session.begin_nested():
            return _enrol_with(joining.phone, user, joining, by, at)
    except NumberTaken:
        # A typing error must not cost the card, nor tell whose number it is.
        return _enrol_with(None, user, joining, by, at)


def _enrol_with(
    phone: str | None, user: User, joining: Joining, by: Actor, at: datetime
) -> Customer:
    """Says nothing of whose a taken address or number is: AddressTaken, NumberTaken."""
    try:
        return customers.enrol(
            joining.id,
            replace(
                NEWCOMER,
                first_name=joining.first_name,
                last_name=joining.last_name,
                email=user.email,
                phone=phone,
                email_opt_in=joining.email_opt_in,
                sms_opt_in=joining.sms_opt_in,
            ),
            user_id=user.id,
            by=by,
            at=at,
        )
    except identifiers.AlreadyCustomer as taken:
        raise (NumberTaken if taken.field == "phone" else AddressTaken) from taken
