"""Blocking a customer, taking one off the lists, and both back."""

from datetime import datetime

from sqlalchemy import Table, func, inspect, select, update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.customers import identifiers
from nxloy_web.db import db
from nxloy_web.db.rows import bring_back, find
from nxloy_web.errors import BusinessRule
from nxloy_web.events import EventName
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.redemptions import OPEN, RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember
from nxloy_web.texts import _, ngettext


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
    with identifiers.taking(identifiers.of(customer)):
        bring_back(customer)
    _recount_segments(customer, 1)
    events.happened("customer.restored", customer, by=by, at=at)
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
