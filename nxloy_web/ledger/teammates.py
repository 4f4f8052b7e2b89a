"""Who of the team acts: whose card is their own, and how many points they moved today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select, func, or_, select, true
from sqlalchemy.dialects.postgresql import array_agg

from nxloy_web.contacts import mailbox
from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import NotAllowed
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Membership
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import PointTransaction

Entry = PointTransaction


class Card(Protocol):
    """What of a customer tells whose card it is."""

    @property
    def user_id(self) -> str | None: ...
    @property
    def email_norm(self) -> str | None: ...
    @property
    def phone_e164(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that somebody moved today; what was taken back again does not count."""

    by_hand: int = 0
    by_purchases: int = 0
    of_customer: int = 0
    """What one customer was given of both."""

    @property
    def given(self) -> int:
        return self.by_hand + self.by_purchases


@dataclass(frozen=True, slots=True)
class Teammate:
    """A person of the team, as far as they are known."""

    user_id: str
    mailbox: str
    phones: frozenset[str]
    """Theirs as the owner has noted it, and those of cards that are theirs otherwise."""
    is_alone: bool
    """Whether nobody else is on the team."""

    def owns(self, card: Card) -> bool:
        return (
            card.user_id == self.user_id
            or (card.email_norm is not None and mailbox(card.email_norm) == self.mailbox)
            or card.phone_e164 in self.phones
        )

    @property
    def may_serve_themselves(self) -> bool:
        """In a shop of one person, when its owner has said so in the settings."""
        return self.is_alone and current_business().settings.alone_may_serve_self


def teammate(user_id: str) -> Teammate:
    return _mate(user_id, db.session.execute(history(_person(user_id))).one_or_none())


def teammate_today(user_id: str, customer_id: str, since: datetime) -> tuple[Teammate, Moved]:
    """With what they moved from this moment on: one statement, for the counter.

    The sums hold until the end of the transaction under `read_set_up(giver=...)`.
    """
    mine = (Entry.by_user_id == user_id, Entry.occurred_at >= since)
    by_hand = Entry.source_kind == "adjustment"
    bought = Entry.source_kind.in_(("purchase", "purchase_voided"))
    sums = select(
        func.coalesce(func.sum(func.abs(Entry.amount)).filter(by_hand), 0).label("by_hand"),
        func.coalesce(func.sum(Entry.amount).filter(bought), 0).label("by_purchases"),
        func.coalesce(
            func.sum(Entry.amount).filter(
                or_(bought, by_hand & (Entry.amount > 0)), Entry.customer_id == customer_id
            ),
            0,
        ).label("of_customer"),
    ).where(*mine)
    today = sums.subquery("today")
    statement = _person(user_id).add_columns(*today.c).join(today, true())
    row = db.session.execute(history(statement)).one_or_none()
    mate = _mate(user_id, row)
    assert row is not None
    return mate, Moved(row.by_hand, max(row.by_purchases, 0), max(row.of_customer, 0))


def _mate(user_id: str, row: Any) -> Teammate:
    if row is None:
        raise NotAllowed
    phones = frozenset(phone for phone in (row.phone, *(row.phones or ())) if phone)
    return Teammate(user_id, mailbox(row.email_norm), phones, row.team == 1)


def _person(user_id: str) -> Select[Any]:
    member = Membership.deleted_at.is_(None)
    noted = select(Membership.phone_e164).where(Membership.user_id == user_id, member)
    theirs = (
        select(array_agg(Customer.phone_e164))
        .where(
            or_(Customer.user_id == user_id, Customer.email_norm == User.email_norm),
            Customer.phone_e164.is_not(None),
        )
        .correlate(User)
    )
    team = select(func.count()).select_from(Membership).where(member)
    return select(
        User.email_norm,
        noted.scalar_subquery().label("phone"),
        theirs.scalar_subquery().label("phones"),
        team.scalar_subquery().label("team"),
    ).where(User.id == user_id)
