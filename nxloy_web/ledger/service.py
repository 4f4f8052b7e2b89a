"""Moving points. Every movement locks the balance, adds one entry, and updates the balance.

What always holds, and `check.problems` looks for:
- `balance` is the sum of the entries;
- what is left in the lots is `max(balance, 0)`. A balance below zero is a debt: claw-backs took
  more than there was. The next credits pay it off before they open a lot;
- a lot's `remaining` is its `amount`, less what debits took, plus what was put back;
- `spendable` is what is left in lots that are available and not expired, exact until
  `next_change_at`.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nxloy_web import events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_zone
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.locks import held, is_held
from nxloy_web.db.rows import find
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import expiry, limits, lots, tiers
from nxloy_web.ledger.causes import Cause
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.points import (
    CustomerBalance,
    PointLot,
    PointTransaction,
    TransactionType,
    Why,
)
from nxloy_web.texts import _, ngettext

MOST = 2_000_000_000
"""A balance holds at most this many points: the column's range, with room for one more credit."""


class NotEnoughPoints(BusinessRule):
    message = _("There are not enough points for this.")

    def __init__(self, missing: int) -> None:
        super().__init__(
            ngettext("%(num)s more point is needed.", "%(num)s more points are needed.", missing)
        )
        self.missing = missing


class TooManyPoints(BusinessRule):
    message = _("A balance cannot hold that many points.")


class ReasonNeeded(BusinessRule):
    message = _("Say why: everybody can read the reason later.")


class NothingToMove(BusinessRule):
    message = _("Say how many points to add or to take.")


def balance_of(customer_id: str, program_id: str, *, lock: bool = False) -> CustomerBalance:
    """The balance of a customer in a program.

    With `lock` the row is made if need be, read afresh, and ours until the transaction ends.
    Without, a customer who never had points gets a balance of zero that is not saved.
    """
    balance = _read(customer_id, program_id, lock)
    if balance is not None:
        return balance
    if not lock:
        return CustomerBalance(
            customer_id=customer_id,
            program_id=program_id,
            balance=0,
            spendable=0,
            last_seq=0,
            lifetime_points=0,
        )
    # Two first purchases at once: the second insert waits for the first and then does nothing.
    db.session.execute(
        insert(CustomerBalance)
        .values(
            business_id=current_business_id(),
            id=new_id(),
            customer_id=customer_id,
            program_id=program_id,
        )
        .on_conflict_do_nothing(index_elements=["business_id", "customer_id", "program_id"])
    )
    balance = _read(customer_id, program_id, lock)
    assert balance is not None
    return balance


def credit(
    balance: CustomerBalance,
    amount: int,
    cause: Cause,
    *,
    available_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> PointTransaction:
    """Add points as a lot of their own. A repeated source gets the first entry back.

    What is owed is paid off first. `expires_at` None never expires; see `policy_end`.
    """
    balance = _locked(balance)
    first = entry_of(cause.source_kind, cause.source_id)
    if first is not None:
        return first
    if amount <= 0:
        raise NothingToMove
    _settle(balance, cause.at)
    refuse_too_many(balance, amount)
    debt = max(0, -balance.balance)
    entry = _append(balance, amount, cause)
    if amount > debt:
        available_at = available_at or entry.occurred_at
        _open_lot(balance, entry, amount - debt, cause.at, available_at, expires_at)
    if cause.type is TransactionType.EARNED:
        balance.lifetime_points += amount
        tiers.reach(balance, cause.at)
    db.session.flush()
    return entry


def debit(balance: CustomerBalance, amount: int, cause: Cause) -> PointTransaction:
    """Take points out of the lots that end first. Raises NotEnoughPoints.

    A repeated source gets the first entry back.
    """
    balance = _locked(balance)
    first = entry_of(cause.source_kind, cause.source_id)
    if first is not None:
        return first
    if amount <= 0:
        raise NothingToMove
    _settle(balance, cause.at)
    open_lots = lots.open_of(balance)
    good = [lot for lot in open_lots if lots.is_good(lot, cause.at)]
    missing = amount - sum(lot.remaining for lot in good)
    if missing > 0:
        raise NotEnoughPoints(missing)
    entry = _append(balance, -amount, cause)
    lots.take(entry, good, amount)
    _restate(balance, open_lots, cause.at)
    return entry


def claw_back(
    balance: CustomerBalance, earned: PointTransaction, cause: Cause, *, may_go_negative: bool
) -> PointTransaction | None:
    """Take back what `earned` gave: first out of its own lot, then out of the others.

    Points not yet available are taken too. When too few are left, it stops at zero, or goes on
    below. None when there was nothing to take. Lifetime points lose all that was earned, whatever
    is left to take: a tier is not kept by spending quickly. The order is that of `earned`.
    """
    balance = _locked(balance)
    first = entry_of(cause.source_kind, cause.source_id)
    if first is not None:
        return first
    _settle(balance, cause.at)
    open_lots = lots.open_of(balance)
    open_lots.sort(key=lambda lot: lot.transaction_id != earned.id)  # stable: own lot first
    in_lots = sum(lot.remaining for lot in open_lots)
    amount = earned.amount if may_go_negative else min(earned.amount, in_lots)
    balance.lifetime_points = max(0, balance.lifetime_points - earned.amount)
    tiers.fall_back(balance, cause.at)
    entry = None
    if amount:
        entry = _append(balance, -amount, replace(cause, order_id=earned.order_id))
        lots.take(entry, open_lots, amount)
        _restate(balance, open_lots, cause.at)
    db.session.flush()
    return entry


def give_back(taken: PointTransaction, cause: Cause) -> PointTransaction:
    """Put what a debit took back into the lots it came from.

    A lot that has expired meanwhile lives some days more. A debt is paid off first, out of the
    points that would end soonest. A repeated source gets the first entry back. The arithmetic
    and what it refers to come from `taken`, whatever the cause says.
    """
    balance = balance_of(taken.customer_id, taken.program_id, lock=True)
    first = entry_of(cause.source_kind, cause.source_id)
    if first is not None:
        return first
    at = cause.at
    _settle(balance, at)
    debt = max(0, -balance.balance)
    left = max(0, -taken.amount - debt)
    parts: list[tuple[PointLot, int]] = []
    for lot, used in lots.used_by(taken):
        part = min(left, used)
        left -= part
        parts += [(lot, part)] if part else []
    cause = replace(
        cause,
        why=_why_back(taken, parts, at),
        order_id=taken.order_id,
        redemption_id=taken.redemption_id,
    )
    entry = _append(balance, -taken.amount, cause)
    for lot, part in parts:
        lot.remaining += part
        if lot.expires_at is not None and lot.expires_at <= at:
            lot.expires_at = expiry.days_on(at, expiry.GRACE_DAYS, current_zone())
        lots.remember(entry, lot, part)
    if left:  # the debit had gone below zero, and the debt is paid by now: no lot to return to
        _open_lot(balance, entry, left, at, at, policy_end(taken.program_id, at))
    db.session.flush()
    _recount(balance, at)
    return entry


def settle(balance: CustomerBalance, at: datetime) -> CustomerBalance:
    """Write off what has expired by `at`, so that the stored figures are exact again."""
    balance = _locked(balance)
    _settle(balance, at)
    return balance


def adjust(
    customer_id: str,
    program_id: str,
    amount: int,
    *,
    id: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> PointTransaction:
    """Add or take points by hand, with a reason. Added points expire by the program's policy;
    they do not count towards tiers, which are earned."""
    by.needs(Permission.POINTS_CORRECT)
    customer = find(Customer, customer_id)
    program = find(LoyaltyProgram, program_id)
    balance = balance_of(customer_id, program_id, lock=True)
    first = entry_of("adjustment", id)
    if first is not None:
        return first
    if not amount:
        raise NothingToMove
    if not reason.strip():
        raise ReasonNeeded
    if amount > 0:
        limits.refuse_own(customer, by)
    limits.refuse_over_limit(amount, by)
    cause = Cause(
        type=TransactionType.ADJUSTED,
        source_kind="adjustment",
        source_id=id,
        by=by,
        at=at,
        why=Why(inputs={"amount": amount}, steps=[f"{amount:+,} by hand: {reason.strip()}"]),
        description=reason.strip(),
    )
    if amount > 0:
        entry = credit(balance, amount, cause, expires_at=policy_end(program.id, at))
    else:
        entry = debit(balance, -amount, cause)
    events.happened(
        "points.adjusted",
        entry,
        by=by,
        before={"balance": entry.balance - entry.amount},
        after={"balance": entry.balance, "reason": reason.strip()},
        at=at,
    )
    return entry


def refuse_too_many(balance: CustomerBalance, amount: int) -> None:
    """Ask before writing what comes with a credit."""
    if max(balance.balance, balance.lifetime_points) + amount > MOST:
        raise TooManyPoints


def entry_of(source_kind: str, source_id: str) -> PointTransaction | None:
    """The entry a source has made, if it has."""
    return db.session.scalar(
        select(PointTransaction).where(
            PointTransaction.source_kind == source_kind, PointTransaction.source_id == source_id
        )
    )


def policy_end(program_id: str, earned_at: datetime) -> datetime | None:
    """When points of a program earned at this moment expire."""
    program = db.session.scalars(
        history(select(LoyaltyProgram).where(LoyaltyProgram.id == program_id))
    ).one()
    return expiry.expires_at(program.settings, earned_at, current_zone())


def _read(customer_id: str, program_id: str, lock: bool) -> CustomerBalance | None:
    statement = select(CustomerBalance).where(
        CustomerBalance.customer_id == customer_id, CustomerBalance.program_id == program_id
    )
    if lock:
        # Read afresh: a copy from before the wait would hide what the other one did.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    balance = db.session.scalar(statement)
    return held(balance) if lock and balance is not None else balance


def _locked(balance: CustomerBalance) -> CustomerBalance:
    """Rather than trust a caller: locked, unless this transaction holds it already."""
    if is_held(balance):
        return balance
    return balance_of(balance.customer_id, balance.program_id, lock=True)


def _append(balance: CustomerBalance, amount: int, cause: Cause) -> PointTransaction:
    entry = PointTransaction(
        id=new_id(),
        customer_id=balance.customer_id,
        program_id=balance.program_id,
        balance_id=balance.id,
        seq=balance.last_seq + 1,
        type=cause.type,
        amount=amount,
        balance=balance.balance + amount,
        description=cause.description or None,
        metadata_=cause.why,
        source_kind=cause.source_kind,
        source_id=cause.source_id,
        order_id=cause.order_id,
        redemption_id=cause.redemption_id,
        by_user_id=cause.by.user_id,
        occurred_at=cause.occurred_at or cause.at,
    )
    db.session.add(entry)
    db.session.flush()  # lots and their uses refer to the entry
    # Only now, so that the balance is written once, with what else the movement changes of it.
    balance.balance, balance.last_seq = entry.balance, entry.seq
    return entry


def _open_lot(
    balance: CustomerBalance,
    entry: PointTransaction,
    amount: int,
    at: datetime,
    available_at: datetime,
    expires_at: datetime | None,
) -> None:
    lot = PointLot(
        id=new_id(),
        balance_id=balance.id,
        transaction_id=entry.id,
        amount=amount,
        remaining=amount,
        available_at=available_at,
        expires_at=expires_at,
    )
    db.session.add(lot)
    if expires_at is not None and expires_at <= at:
        # An old purchase that was brought in late: its points are written, and written off.
        db.session.flush()
        _expire(balance, lot)
        return
    # The stored figures are exact at `at`, so one more lot is added without reading the others.
    balance.spendable += amount if lots.is_good(lot, at) else 0
    changes = [balance.next_change_at, lots.next_change([lot], at)]
    balance.next_change_at = min((change for change in changes if change), default=None)


def _settle(balance: CustomerBalance, at: datetime) -> None:
    if balance.next_change_at is None or balance.next_change_at > at:
        return
    for lot in lots.open_of(balance):
        if lot.expires_at is not None and lot.expires_at <= at:
            _expire(balance, lot)
    _recount(balance, at)


def _expire(balance: CustomerBalance, lot: PointLot) -> None:
    """Write off a lot, dated when it expired, however late this runs."""
    assert lot.expires_at is not None
    amount = lot.remaining
    steps = [f"{amount:,} of the {lot.amount:,} points were left when they expired"]
    cause = Cause(
        type=TransactionType.EXPIRED,
        # A lot that lived on after a refund can expire a second time.
        source_kind="lot",
        source_id=f"{lot.id}:{int(lot.expires_at.timestamp())}",
        by=SYSTEM,
        at=max(lot.expires_at, lot.available_at),
        why=Why(inputs={"lot": lot.id}, steps=steps),
        description="Expired",
    )
    entry = _append(balance, -amount, cause)
    lots.take(entry, [lot], amount)


def _why_back(taken: PointTransaction, parts: list[tuple[PointLot, int]], at: datetime) -> Why:
    steps = [f"{-taken.amount:,} points come back with the dates they had"]
    ended = sum(part for lot, part in parts if lot.expires_at and lot.expires_at <= at)
    if ended:
        days = expiry.GRACE_DAYS
        steps.append(f"{ended:,} of them had expired and are good for {days} days more")
    return Why(inputs={"entry": taken.id}, steps=steps)


def _recount(balance: CustomerBalance, at: datetime) -> None:
    db.session.flush()
    _restate(balance, lots.open_of(balance), at)


def _restate(balance: CustomerBalance, open_lots: list[PointLot], at: datetime) -> None:
    """Keep what the lots add up to; among them may be some that were just used up."""
    balance.spendable = lots.sum_good(open_lots, at)
    balance.next_change_at = lots.next_change(open_lots, at)
    db.session.flush()
