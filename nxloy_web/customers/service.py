"""Enrolling customers, and what changes them afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, select

from nxloy_web import events, member_codes
from nxloy_web.actors import Actor
from nxloy_web.customers import identifiers
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.names import name_norm, name_words
from nxloy_web.customers.reach import NotReachable
from nxloy_web.customers.referrals import refuse_circle
from nxloy_web.customers.spelling import cleaned, columns_of
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, differing
from nxloy_web.db.refusals import check_version
from nxloy_web.db.rows import already, find, insert_once
from nxloy_web.db.scope import current_business_id
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import (
    Customer,
    CustomerNameWord,
    CustomerPreferences,
    CustomerStatus,
)

_IN_THE_OPEN = {"status", "email_opt_in", "sms_opt_in", "referred_by", "tags", "user_id"}
"""What the audit log may keep the values of; of a person's data it keeps only that it changed."""


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
    with identifiers.taking(identifiers.of(customer)):
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
    keys = identifiers.of(customer) | identifiers.among(new)
    if not keys["email_norm"] and not keys["phone_e164"]:
        raise NotReachable
    with identifiers.taking(keys):
        for name, value in new.items():
            setattr(customer, name, value)
    if {"first_name", "last_name", "tags"} & new.keys():
        _write_words(customer)
    events.happened(
        "customer.edited", customer, by=by, at=at, before=_discreet(old), after=_discreet(new)
    )
    return customer


def link_user(customer: Customer, user_id: str, *, by: Actor, at: datetime) -> Customer:
    """Let the person sign in to this card. Raises AlreadyCustomer when they have another one."""
    by.needs(Permission.CUSTOMERS_EDIT, own=user_id)
    if customer.user_id == user_id:
        return customer
    old = customer.user_id
    with identifiers.taking(identifiers.of(customer) | {"user_id": user_id}):
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


def _norm(facts: CustomerFacts, phone_e164: str | None) -> str:
    return name_norm(facts.first_name, facts.last_name, facts.email or phone_e164)


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
