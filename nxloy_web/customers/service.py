"""Enrolling customers, and what changes them afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, insert, inspect, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError

from nxloy_web import events, member_codes
from nxloy_web.actors import Actor
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.names import name_norm, name_words
from nxloy_web.customers.reach import NotReachable
from nxloy_web.customers.referrals import refuse_circle
from nxloy_web.customers.spelling import cleaned, columns_of
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, differing
from nxloy_web.db.refusals import check_version
from nxloy_web.db.rows import already, bring_back, find, insert_once
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import BusinessRule
from nxloy_web.events import EventName
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import (
    Customer,
    CustomerNameWord,
    CustomerPreferences,
    CustomerStatus,
)
from nxloy_web.tables.redemptions import OPEN, RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember
from nxloy_web.texts import _, ngettext

_IN_THE_OPEN = {"status", "email_opt_in", "sms_opt_in", "referred_by", "tags", "user_id"}
"""What the audit log may keep the values of; of a person's data it keeps only that it changed."""


class AlreadyCustomer(BusinessRule):
    message = _("Another customer has this already.")

    def __init__(self, customer: Customer, field: str) -> None:
        name = customer.name
        super().__init__(
            {
                "email": _("%(customer)s has this e-mail address already.", customer=name),
                "phone": _("%(customer)s has this phone number already.", customer=name),
                "external_id": _("%(customer)s has this customer number already.", customer=name),
                "user_id": _("%(customer)s has this sign-in already.", customer=name),
            }[field]
        )
        self.customer = customer
        self.field = field


class HasOpenRedemptions(BusinessRule):
    message = _("Hand over or cancel the open redemptions first.")

    def __init__(self, customer: Customer, count: int) -> None:
        super().__init__(
            ngettext(
                "%(customer)s has an open redemption. Hand over or cancel first, then delete the"
                " customer.",
                "%(customer)s has %(num)s open redemptions. Hand over or cancel first, then delete"
                " the customer.",
                count,
                customer=customer.name,
            )
        )
        self.customer = customer


def enrol(
    id: str, facts: CustomerFacts, *, by: Actor, at: datetime, user_id: str | None = None
) -> Customer:
    """Take a customer in. Pressed twice, the first one is the answer.

    Raises NotReachable without an address, and AlreadyCustomer, which names who has it.
    """
    by.needs(Permission.CUSTOMERS_EDIT, own=user_id)
    facts = cleaned(facts)
    values = columns_of(facts, columns(facts), CustomerPreferences())
    before = already(Customer, id, user_id=user_id, **values)
    if before is not None:
        return before
    if not values["email_norm"] and not values["phone_e164"]:
        raise NotReachable
    customer = Customer(
        id=id,
        member_code=member_codes.new_code(),
        status=CustomerStatus.ACTIVE,
        user_id=user_id,
        name_norm=_norm(facts, values["phone_e164"]),
        **values,
    )
    customer.created_at = at
    with _taking(_keys(customer)):
        customer, is_new = insert_once(customer, drawn=("member_code", "created_at"))
    if is_new:
        _write_words(customer)
        events.happened("customer.enrolled", customer, by=by, at=at, after=_open_facts(customer))
    return customer


def edit(
    customer_id: str, facts: CustomerFacts, *, version: int | None, by: Actor, at: datetime
) -> Customer:
    """Change what differs. Raises Stale, NotReachable, AlreadyCustomer or NotPossible.

    A new e-mail address, entered by the team, ends the old owner's sign-in to this card.
    """
    by.needs(Permission.CUSTOMERS_EDIT, own=customer_id)
    customer = find(Customer, customer_id, lock=True)
    check_version(customer, version)
    facts = cleaned(facts)
    changed = changes(customer, facts)[1]
    if not changed:
        return customer
    if "referred_by" in changed and facts.referred_by:
        refuse_circle(customer.id, facts.referred_by)
    values = columns_of(facts, changed, customer.preferences)
    values["name_norm"] = _norm(facts, values.get("phone_e164", customer.phone_e164))
    old, new = differing(customer, values)
    if "email_norm" in new and customer.user_id is not None and by.kind == "team":
        old["user_id"], new["user_id"] = customer.user_id, None
    keys = _keys(customer) | {name: value for name, value in new.items() if name in _KEYS}
    if not keys["email_norm"] and not keys["phone_e164"]:
        raise NotReachable
    with _taking(keys):
        for name, value in new.items():
            setattr(customer, name, value)
    if {"first_name", "last_name", "tags"} & new.keys():
        _write_words(customer)
    events.happened(
        "customer.edited", customer, by=by, at=at, before=_discreet(old), after=_discreet(new)
    )
    return customer


def block(customer_id: str, *, by: Actor, at: datetime) -> Customer:
    """A blocked customer keeps everything, but earns nothing and takes no reward."""
    by.needs(Permission.CUSTOMERS_MANAGE)
    return _set_status(customer_id, CustomerStatus.BLOCKED, "customer.blocked", by, at)


def unblock(customer_id: str, *, by: Actor, at: datetime) -> Customer:
    by.needs(Permission.CUSTOMERS_MANAGE)
    return _set_status(customer_id, CustomerStatus.ACTIVE, "customer.unblocked", by, at)


def delete(customer_id: str, *, by: Actor, at: datetime) -> Customer:
    """Take a customer off the lists; history keeps them. Refused with open redemptions."""
    by.needs(Permission.CUSTOMERS_MANAGE)
    customer = find(Customer, customer_id, lock=True)
    count = open_redemptions(customer.id)
    if count:
        raise HasOpenRedemptions(customer, count)
    db.session.delete(customer)
    _recount_segments(customer, -1)
    events.happened("customer.deleted", customer, by=by, at=at)
    db.session.flush()
    return customer


def restore(customer_id: str, *, by: Actor, at: datetime) -> Customer:
    """Bring back a deleted customer. Refused when a living one has taken the address."""
    by.needs(Permission.CUSTOMERS_MANAGE)
    customer = find(Customer, customer_id, lock=True, deleted_too=True)
    if not customer.is_deleted:
        return customer
    with _taking(_keys(customer)):
        bring_back(customer)
    _recount_segments(customer, 1)
    events.happened("customer.restored", customer, by=by, at=at)
    return customer


def link_user(customer: Customer, user_id: str, *, by: Actor, at: datetime) -> Customer:
    """Let the person sign in to this card. Raises AlreadyCustomer when they have another one."""
    by.needs(Permission.CUSTOMERS_EDIT, own=user_id)
    if customer.user_id == user_id:
        return customer
    old = customer.user_id
    with _taking(_keys(customer) | {"user_id": user_id}):
        customer.user_id = user_id
    events.happened(
        "customer.linked",
        customer,
        by=by,
        at=at,
        before={"user_id": old},
        after={"user_id": user_id},
    )
    return customer


def open_redemptions(customer_id: str) -> int:
    return (
        db.session.scalar(
            select(func.count(RewardRedemption.id)).where(
                RewardRedemption.customer_id == customer_id, RewardRedemption.status.in_(OPEN)
            )
        )
        or 0
    )


def _norm(facts: CustomerFacts, phone_e164: str | None) -> str:
    return name_norm(facts.first_name, facts.last_name, facts.email or phone_e164)


_KEYS = ("id", "email_norm", "phone_e164", "external_id", "user_id")
_FIELDS = {
    "email_norm": "email",
    "phone_e164": "phone",
    "external_id": "external_id",
    "user_id": "user_id",
}


def _keys(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in _KEYS}


@contextmanager
def _taking(keys: dict[str, Any]) -> Iterator[None]:
    """Save the block's changes. Raises AlreadyCustomer when a living customer has one of `keys`,
    also when somebody else took it in the same moment."""
    _refuse_taken(keys)
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except IntegrityError:
        _refuse_taken(keys)
        raise


def _refuse_taken(keys: dict[str, Any]) -> None:
    asked = {name: keys[name] for name in _FIELDS if keys[name]}
    if not asked:
        return
    with db.session.no_autoflush:
        other = db.session.scalar(
            select(Customer)
            .where(
                or_(*(getattr(Customer, name) == value for name, value in asked.items())),
                Customer.id != keys["id"],
            )
            .limit(1)
        )
    if other is not None:
        taken = next(name for name, value in asked.items() if getattr(other, name) == value)
        raise AlreadyCustomer(other, _FIELDS[taken])


def _set_status(
    customer_id: str, status: CustomerStatus, name: EventName, by: Actor, at: datetime
) -> Customer:
    customer = find(Customer, customer_id, lock=True)
    if customer.status is status:
        return customer
    before, customer.status = customer.status, status
    events.happened(
        name, customer, by=by, at=at, before={"status": before}, after={"status": status}
    )
    db.session.flush()
    return customer


def _write_words(customer: Customer) -> None:
    """Put down the words the customer is found by."""
    wanted = set(name_words(customer.first_name, customer.last_name, customer.tags))
    mine = CustomerNameWord.customer_id == customer.id
    there = set(db.session.scalars(select(CustomerNameWord.word).where(mine)))
    if there - wanted:
        db.session.execute(
            delete_rows(CustomerNameWord).where(mine, CustomerNameWord.word.in_(there - wanted)),
            execution_options={"synchronize_session": False},
        )
    rows: Sequence[dict[str, str]] = [
        {"business_id": current_business_id(), "word": word, "customer_id": customer.id}
        for word in sorted(wanted - there)
    ]
    if rows:
        db.session.execute(insert(CustomerNameWord), rows)


def _recount_segments(customer: Customer, change: int) -> None:
    """Segments count their living members; Core, so that nobody's open form becomes stale."""
    table = inspect(CustomerSegment).local_table
    assert isinstance(table, Table)
    holding = select(CustomerSegmentMember.segment_id).where(
        CustomerSegmentMember.customer_id == customer.id
    )
    db.session.execute(
        update(table)
        .where(table.c.id.in_(holding))
        .values(member_count=func.greatest(table.c.member_count + change, 0))
    )


def _open_facts(customer: Customer) -> dict[str, Any]:
    return {
        "status": customer.status,
        "email_opt_in": customer.email_opt_in,
        "sms_opt_in": customer.sms_opt_in,
    }


def _discreet(values: dict[str, Any]) -> dict[str, Any]:
    """The log outlives an erased person, so it says that the name changed, not what it was."""
    hidden = sorted(values.keys() - _IN_THE_OPEN - {"email_norm", "phone_e164", "name_norm"})
    facts = {name: value for name, value in values.items() if name in _IN_THE_OPEN}
    return facts | ({"personal_details": ", ".join(hidden)} if hidden else {})
