"""What customers have, for verbs and screens."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.earning.held import held_tier_id, holds
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance, PointLot, PointReversal, PointTransaction

LAST_FIRST = Order(PointTransaction.seq, descending=True)
"""The entries of one balance, as they happened."""


@dataclass(frozen=True)
class Standing:
    """What a customer has in one program, true at this moment."""

    balance: CustomerBalance
    program: LoyaltyProgram
    tier: LoyaltyTier | None
    spendable: int
    pending: int
    """Points that are there but not yet available."""
    expiries: tuple[tuple[datetime, int], ...]
    """The exclusive ends of points that expire, the next one first, and how many points each."""

    by_hand: LoyaltyTier | None = None
    """The tier that somebody has set, while it holds: they are in this one or in a higher one."""

    @property
    def by_hand_until(self) -> datetime | None:
        """The end of the tier by hand, where it is the one that counts and not earned as well."""
        if self.by_hand is None or self.tier is not self.by_hand:
            return None
        is_earned = self.balance.tier_id == self.by_hand.id
        return None if is_earned else self.balance.hand_tier_until


def spendable_of(balance: CustomerBalance, at: datetime) -> int:
    """What can be spent now. The stored figure while it is exact, else added up from the lots:
    a late job never lets an expired point be shown or spent."""
    if balance.next_change_at is None or balance.next_change_at > at:
        return balance.spendable
    return db.session.scalar(select(_sum_of_good(balance.id, at))) or 0


def spendable_now(at: datetime) -> ColumnElement[int]:
    """The same as a column, for lists and conditions over CustomerBalance."""
    exact = or_(CustomerBalance.next_change_at.is_(None), CustomerBalance.next_change_at > at)
    return case((exact, CustomerBalance.spendable), else_=_sum_of_good(CustomerBalance.id, at))


def standings(customer_id: str, at: datetime) -> list[Standing]:
    """Every balance of a customer, the oldest program first."""
    by_hand = aliased(LoyaltyTier)
    rows = db.session.execute(
        history(
            select(CustomerBalance, LoyaltyTier, by_hand)
            .join(CustomerBalance.program)
            .outerjoin(LoyaltyTier, LoyaltyTier.id == held_tier_id(at))
            .outerjoin(
                by_hand, and_(by_hand.id == CustomerBalance.hand_tier_id, holds(by_hand, at))
            )
            .where(CustomerBalance.customer_id == customer_id)
            .options(contains_eager(CustomerBalance.program))
            .order_by(*OLDEST_FIRST)
        )
    ).all()
    return [_standing(balance, tier, by_hand, at) for balance, tier, by_hand in rows]


@dataclass
class HeldTier:
    """What of a balance decides about its tier; of somebody without one, nothing."""

    lifetime_points: int = 0
    tier_id: str | None = None
    tier_since_at: datetime | None = None
    tier_needs: int | None = None
    hand_tier_id: str | None = None
    hand_tier_until: datetime | None = None


@dataclass(frozen=True)
class SetByHand:
    """What a form shows of a tier that is set by hand."""

    form: str
    tier_id: str
    last_day: date | None
    reason: str

    @property
    def facts(self) -> dict[str, object]:
        """As the fields of the form are called."""
        return {
            "tier_id": self.tier_id,
            "ends": "changed" if self.last_day is None else "day",
            "last_day": self.last_day,
            "reason": self.reason,
        }


def set_by_hand(
    customer_id: str, program_id: str, at: datetime, zone: ZoneInfo
) -> SetByHand | None:
    """What is set by hand and has not ended."""
    balance = CustomerBalance
    until = balance.hand_tier_until
    row = db.session.execute(
        select(balance.hand_tier_form, balance.hand_tier_id, until, balance.hand_tier_reason).where(
            balance.customer_id == customer_id,
            balance.program_id == program_id,
            balance.hand_tier_id.is_not(None),
            or_(until.is_(None), until > at),
        )
    ).first()
    if row is None:
        return None
    form, tier_id, end, reason = row
    last_day = None if end is None else (end - timedelta(microseconds=1)).astimezone(zone).date()
    return SetByHand(form or "", tier_id or "", last_day, reason or "")


def held_tiers(program_id: str, customer_ids: Collection[str]) -> dict[str, HeldTier]:
    """What these customers hold in a program, without a lock."""
    balance = CustomerBalance
    rows = db.session.execute(
        select(
            balance.customer_id,
            balance.lifetime_points,
            balance.tier_id,
            balance.tier_since_at,
            balance.tier_needs,
            balance.hand_tier_id,
            balance.hand_tier_until,
        ).where(balance.program_id == program_id, among(balance.customer_id, customer_ids))
    )
    held = {
        customer_id: HeldTier(points, tier_id, since_at, needs, hand_tier_id, hand_tier_until)
        for customer_id, points, tier_id, since_at, needs, hand_tier_id, hand_tier_until in rows
    }
    return {one: held.get(one) or HeldTier() for one in customer_ids}


def latest(customer_id: str, limit: int) -> Sequence[PointTransaction]:
    """A customer's newest entries in all programs."""
    newest_first = PointTransaction.occurred_at.desc(), PointTransaction.seq.desc()
    return db.session.scalars(_entries(customer_id).order_by(*newest_first).limit(limit)).all()


def history_in(program_id: str, customer_id: str, seen: str) -> Page[PointTransaction]:
    """A page of a customer's entries in one program, the last one first: those before the last
    one that was seen."""
    statement = _entries(customer_id).where(PointTransaction.program_id == program_id)
    return LAST_FIRST.page(statement, after=seen).each(lambda row: row[0])


def returns_of(source_ids: Collection[str]) -> dict[str, list[str]]:
    """What returns did, step by step, by the purchase or redemption that came back."""
    rows = db.session.execute(
        select(PointReversal.source_id, PointReversal.why).where(
            PointReversal.source_id.in_(source_ids)
        )
    )
    return {source_id: why.steps for source_id, why in rows}


def silent_returns(customer_id: str, program_id: str, limit: int) -> Sequence[PointReversal]:
    """Returns that moved nothing, so that no entry tells of them; the newest first."""
    return db.session.scalars(
        select(PointReversal)
        .join(
            CustomerBalance,
            (CustomerBalance.business_id == PointReversal.business_id)
            & (CustomerBalance.id == PointReversal.balance_id),
        )
        .where(
            CustomerBalance.customer_id == customer_id,
            CustomerBalance.program_id == program_id,
            PointReversal.entry_id.is_(None),
        )
        .order_by(PointReversal.occurred_at.desc(), PointReversal.id.desc())
        .limit(limit)
    ).all()


def _entries(customer_id: str) -> Select[PointTransaction]:
    statement = select(PointTransaction).where(PointTransaction.customer_id == customer_id)
    return history(statement.options(joinedload(PointTransaction.program)))


def _standing(
    balance: CustomerBalance, tier: LoyaltyTier | None, by_hand: LoyaltyTier | None, at: datetime
) -> Standing:
    open_lots = db.session.scalars(
        select(PointLot).where(PointLot.balance_id == balance.id, PointLot.remaining > 0)
    ).all()
    good = [
        lot
        for lot in open_lots
        if lot.available_at <= at and (lot.expires_at is None or lot.expires_at > at)
    ]
    ends: Counter[datetime] = Counter()
    for lot in good:
        if lot.expires_at is not None:
            ends[lot.expires_at] += lot.remaining
    return Standing(
        balance=balance,
        program=balance.program,
        tier=tier,
        spendable=sum(lot.remaining for lot in good),
        pending=sum(lot.remaining for lot in open_lots if lot.available_at > at),
        expiries=tuple(sorted(ends.items())),
        by_hand=by_hand,
    )


def _sum_of_good(balance_id: Any, at: datetime) -> Any:
    return (
        select(func.coalesce(func.sum(PointLot.remaining), 0))
        .where(
            PointLot.business_id == current_business_id(),
            PointLot.balance_id == balance_id,
            PointLot.remaining > 0,
            PointLot.available_at <= at,
            or_(PointLot.expires_at.is_(None), PointLot.expires_at > at),
        )
        .correlate(CustomerBalance)
        .scalar_subquery()
    )
