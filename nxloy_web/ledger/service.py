"""Correcting points by hand, settling what has ended, and reading a balance.

What moves points goes through `books.Books`. `check.problems` looks for what must always hold.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from nxloy_web import events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_zone
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, FormUsed
from nxloy_web.ledger import expiry, limits, moves
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.points import CustomerBalance, PointTransaction, TransactionType, Why
from nxloy_web.texts import _, ngettext


class NotEnoughPoints(BusinessRule):
    message = _("The balance is not enough for this.")

    def __init__(self, missing: int, unit: str) -> None:
        """`unit` is what the program calls so many points."""
        super().__init__(
            ngettext(
                "%(num)s more %(unit)s is needed.",
                "%(num)s more %(unit)s are needed.",
                missing,
                unit=unit,
            )
        )
        self.missing = missing


class TooManyPoints(BusinessRule):
    message = _("A balance cannot hold that much.")


class ReasonNeeded(BusinessRule):
    message = _("Say why: everybody can read the reason later.")


class NothingToMove(BusinessRule):
    message = _("Say how many points to add or to take.")


def balance_of(customer_id: str, program_id: str) -> CustomerBalance:
    """The balance of a customer in a program, to read. A customer who never had points gets a
    balance of zero that is not saved."""
    balance = db.session.scalar(
        select(CustomerBalance).where(
            CustomerBalance.customer_id == customer_id, CustomerBalance.program_id == program_id
        )
    )
    return balance or CustomerBalance(
        customer_id=customer_id,
        program_id=program_id,
        balance=0,
        spendable=0,
        owed=0,
        let_off=0,
        last_seq=0,
        lifetime_points=0,
    )


def debit(books: Books, customer_id: str, amount: int, cause: Cause) -> None:
    """Take points for a reward or a correction. Raises NothingToMove and NotEnoughPoints."""
    if amount <= 0:
        raise NothingToMove
    try:
        books.debit(customer_id, amount, cause)
    except moves.TooFew as refused:
        raise NotEnoughPoints(refused.missing, books.unit(refused.missing)) from None


def settle(program_id: str, customer_ids: Iterable[str], at: datetime) -> None:
    """Write off what has ended by `at`, so that the stored figures are exact again."""
    Books(program_id, list(customer_ids), at=at).write_batch(by=SYSTEM)


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
    """Add or take points by hand, with a reason; pressed twice, the first entry is returned.

    Added points expire by the program's policy; they do not count towards tiers, which are earned.
    """
    by.needs(Permission.POINTS_CORRECT)
    customer = find(Customer, customer_id)
    program = find(LoyaltyProgram, program_id)
    books = Books(program_id, [customer_id], at=at, giver=by)
    first = entry_of(customer_id, None, "adjustment", id)
    if first is not None:
        _refuse_other(first, entry_of(customer_id, program_id, "adjustment", id), amount, reason)
        return first
    if not amount:
        raise NothingToMove
    if not reason.strip():
        raise ReasonNeeded
    giver = limits.giver(by, customer_id, customer, at=at, may_be_own=amount < 0)
    giver.refuse_by_hand(amount)
    by = giver.by
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
        refuse_too_many(books, customer_id, amount)
        books.credit(customer_id, amount, cause, ends_at=policy_end(program, at))
    else:
        debit(books, customer_id, -amount, cause)
    books.write(by=by)
    entry = entry_of(customer_id, program_id, "adjustment", id)
    assert entry is not None
    events.happened(
        "points.adjusted",
        entry,
        by=by,
        before={"balance": entry.balance - entry.amount},
        after={"balance": entry.balance, "reason": reason.strip()},
        at=at,
    )
    return entry


def refuse_too_many(books: Books, customer_id: str, amount: int) -> None:
    """Ask before writing what comes with a credit."""
    if not books.has_room(customer_id, amount):
        raise TooManyPoints


def _refuse_other(
    first: PointTransaction, here: PointTransaction | None, amount: int, reason: str
) -> None:
    """Raises FormUsed when the first press was about another program, amount or reason."""
    was = (first.metadata_.inputs.get("amount"), first.description)
    if here is None or was != (amount, reason.strip()):
        raise FormUsed


def entry_of(
    customer_id: str, program_id: str | None, source_kind: str, source_id: str
) -> PointTransaction | None:
    """The first entry that a source has made in this program, or in any, if it has."""
    here = () if program_id is None else (CustomerBalance.program_id == program_id,)
    return db.session.scalar(
        select(PointTransaction)
        .join(
            CustomerBalance,
            (CustomerBalance.business_id == PointTransaction.business_id)
            & (CustomerBalance.id == PointTransaction.balance_id),
        )
        .where(
            CustomerBalance.customer_id == customer_id,
            *here,
            PointTransaction.source_kind == source_kind,
            PointTransaction.source_id == source_id,
            PointTransaction.part == 0,
        )
    )


def policy_end(program: LoyaltyProgram, earned_at: datetime) -> datetime | None:
    """When points of a program earned at this moment expire."""
    return expiry.expires_at(program.settings, earned_at, current_zone())
