"""Who works in a business. There is always an owner."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, case, func, select, type_coerce
from sqlalchemy.orm import joinedload

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.businesses.locks import locked_business
from nxloy_web.contacts import phone_e164
from nxloy_web.current_business import home_region
from nxloy_web.db import db
from nxloy_web.db.paging import NumberedPage, numbered_page
from nxloy_web.db.refusals import check_version
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.permissions import Permission, Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Membership
from nxloy_web.texts import _


class LastOwner(BusinessRule):
    message = _("A business needs an owner. Make somebody else one first.")


_RANKS = {role.value: number for number, role in enumerate(Role)}
SORTS: dict[str, Any] = {
    "role": case(_RANKS, value=type_coerce(Membership.role, Text)),
    "name": User.name,
    "since": Membership.created_at,
}


def members(page: int, sort: str = "role") -> NumberedPage[Membership]:
    """A page of the team with their users, owners first or in another order of SORTS."""
    total = db.session.scalar(select(func.count(Membership.id)).where(_living())) or 0
    key = SORTS[sort.removeprefix("-")]
    order = key.desc() if sort.startswith("-") else key.asc()
    statement = (
        select(Membership)
        .join(User, User.id == Membership.user_id)
        .options(joinedload(Membership.user))
        .order_by(order, User.name, Membership.id)
    )
    return numbered_page(statement, page, total=total)


def only_owner() -> str | None:
    """The membership of the owner, where there is one alone: they cannot be removed."""
    owners = db.session.scalars(
        select(Membership.id).where(Membership.role == Role.OWNER, _living()).limit(2)
    ).all()
    return owners[0] if len(owners) == 1 else None


def member(membership_id: str) -> Membership:
    row = db.session.scalar(
        select(Membership)
        .where(Membership.id == membership_id)
        .options(joinedload(Membership.user))
    )
    if row is None:
        raise NotFound
    return row


def change_role(
    membership_id: str, role: Role, *, version: int | None, by: Actor, at: datetime
) -> Membership:
    by.needs(Permission.TEAM_EDIT)
    locked_business()
    row = find(Membership, membership_id, lock=True)
    check_version(row, version)
    if row.role is role:
        return row
    _keep_an_owner(row)
    before, row.role = row.role, role
    events.happened(
        "membership.role_changed", row, by=by, before={"role": before}, after={"role": role}, at=at
    )
    db.session.flush()
    return row


def note_phone(membership_id: str, phone: str, *, by: Actor, at: datetime) -> Membership:
    """Keep the number by which a teammate's own card is known; an empty one is forgotten."""
    by.needs(Permission.TEAM_EDIT)
    row = find(Membership, membership_id, lock=True)
    number = phone_e164(phone, home_region()) if phone.strip() else None
    if row.phone_e164 == number:
        return row
    row.phone_e164 = number
    events.happened("membership.phone_changed", row, by=by, at=at)
    db.session.flush()
    return row


def remove(membership_id: str, *, by: Actor, at: datetime) -> Membership:
    """The person is out with their next request; what they did stays under their name."""
    by.needs(Permission.TEAM_EDIT)
    locked_business()
    row = find(Membership, membership_id, lock=True)
    _keep_an_owner(row)
    db.session.delete(row)
    events.happened("membership.removed", row, by=by, before={"role": row.role}, at=at)
    db.session.flush()
    return row


def _keep_an_owner(leaving: Membership) -> None:
    # Under the business's lock: of two owners who demote each other at once, one reads this.
    if leaving.role is not Role.OWNER:
        return
    owners = db.session.scalar(
        select(func.count(Membership.id)).where(Membership.role == Role.OWNER, _living())
    )
    if owners == 1:
        raise LastOwner


def _living() -> ColumnElement[bool]:
    return Membership.deleted_at.is_(None)
