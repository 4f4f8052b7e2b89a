"""A tier that somebody of the team sets for one customer, with a reason and an end.

It stands beside the earned one, which purchases go on moving: the higher of the two counts.
Whoever asks for the tier looks at the clock, so a late job lets nobody keep it for longer.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from nxloy_web import events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_zone
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.earning.tiers import Tier
from nxloy_web.errors import BusinessRule, FormUsed, NotFound
from nxloy_web.ledger import expiry, limits
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.service import ReasonNeeded
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.texts import _

UNTIL_CHANGED = "until it is changed"
"""What an entry of the audit log says in the place of a last day."""


class EndInThePast(BusinessRule):
    message = _("Choose today or a day that is still to come.")


class HoldsMore(BusinessRule):
    message = _("The points of this customer give a higher tier already.")


class ChangedMeanwhile(BusinessRule):
    message = _("Somebody has changed this tier meanwhile. Look at the customer's page again.")


@dataclass(frozen=True)
class TierByHand:
    """What is set, as it was typed."""

    tier_id: str
    last_day: date | None
    """It counts whole, on the clock of the business; None: until somebody changes it."""
    reason: str


@dataclass(frozen=True)
class _Kept:
    """The same as it is kept with the balance; all None where nothing is set."""

    tier_id: str | None = None
    until: datetime | None = None
    reason: str | None = None
    form: str | None = None


_NOTHING = _Kept()


def set_tier(
    customer_id: str,
    program_id: str,
    wish: TierByHand,
    *,
    id: str,
    instead_of: str,
    by: Actor,
    at: datetime,
) -> None:
    """Keep a customer in this tier at least. Pressed twice, it is set once: `id` is that of the
    form. `instead_of` is the form that set what its page has shown, or "" when nothing was set.

    A higher tier that the points reach still counts.
    """
    by.needs(Permission.CUSTOMERS_SET_TIER)
    customer = find(Customer, customer_id)
    by = limits.not_for_themselves(by, customer)
    new = _kept(wish, id, at)
    tier = _tier(program_id, wish.tier_id)
    books, kept = _open(customer, program_id, at)
    if kept.form == id:
        if kept != new:
            raise FormUsed
        return
    _refuse_other(kept, instead_of)
    earned = books.ladder.earned_by(books.standing(customer_id))
    if earned is not None and earned.required_points > tier.required_points:
        raise HoldsMore
    before, after = _put(books, customer_id, new)
    until = UNTIL_CHANGED if wish.last_day is None else wish.last_day.isoformat()
    events.happened(
        "customer.tier_set_by_hand",
        customer,
        by=by,
        at=at,
        before={"tier": _name(before)},
        after={
            "tier": _name(after),
            "until": until,
            "reason": new.reason,
            "program_id": program_id,
        },
    )


def take_away(customer_id: str, program_id: str, *, form: str, by: Actor, at: datetime) -> None:
    """End it before its end: the earned tier is back at once. Pressed twice, once; what another
    `form` has set meanwhile stays."""
    by.needs(Permission.CUSTOMERS_SET_TIER)
    customer = find(Customer, customer_id)
    by = limits.not_for_themselves(by, customer)
    books, kept = _open(customer, program_id, at)
    if kept == _NOTHING:
        return
    _refuse_other(kept, form)
    before, after = _put(books, customer_id, _NOTHING)
    events.happened(
        "customer.tier_by_hand_taken_away",
        customer,
        by=by,
        at=at,
        before={"tier": _name(before)},
        after={"tier": _name(after), "program_id": program_id},
    )


def end_if_over(customer_id: str, program_id: str, at: datetime) -> None:
    """Say that its last day has passed, and forget it."""
    _open(find(Customer, customer_id, deleted_too=True), program_id, at)


def _open(customer: Customer, program_id: str, at: datetime) -> tuple[Books, _Kept]:
    """The balance under its lock, and what is set by now. What has ended by then is over."""
    books = Books(program_id, [customer.id], at=at)
    balance = CustomerBalance
    row = db.session.execute(
        select(
            balance.hand_tier_id,
            balance.hand_tier_until,
            balance.hand_tier_reason,
            balance.hand_tier_form,
        ).where(balance.id == books.standing(customer.id).id)
    ).one()
    kept = _Kept(*row)
    if kept.until is None or kept.until > at:
        return books, kept
    ended = books.ladder.named(kept.tier_id)
    _before, after = _put(books, customer.id, _NOTHING)
    events.happened(
        "customer.tier_by_hand_ended",
        customer,
        by=SYSTEM,
        at=kept.until,
        before={"tier": _name(ended)},
        after={"tier": _name(after), "program_id": program_id},
    )
    return books, _NOTHING


def _kept(wish: TierByHand, form: str, at: datetime) -> _Kept:
    if not wish.reason.strip():
        raise ReasonNeeded
    until = None if wish.last_day is None else expiry.end_of_day(wish.last_day, current_zone())
    if until is not None and until <= at:
        raise EndInThePast
    return _Kept(wish.tier_id, until, wish.reason.strip(), form)


def _tier(program_id: str, tier_id: str) -> LoyaltyTier:
    """The tier, so that nobody deletes it meanwhile. Before the balance, as a deletion locks."""
    find(LoyaltyProgram, program_id)
    tier = db.session.scalar(
        select(LoyaltyTier)
        .where(LoyaltyTier.id == tier_id, LoyaltyTier.program_id == program_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if tier is None:
        raise NotFound
    return tier


def _refuse_other(kept: _Kept, shown: str) -> None:
    if (kept.form or "") != shown:
        raise ChangedMeanwhile


def _put(books: Books, customer_id: str, new: _Kept) -> tuple[Tier | None, Tier | None]:
    """Write it; the tier that counted before, and the one that counts from now on."""
    standing = books.standing(customer_id)
    before = books.ladder.held_by(standing, books.at)
    standing.hand_tier_id, standing.hand_tier_until = new.tier_id, new.until
    db.session.execute(
        update(CustomerBalance)
        .where(CustomerBalance.id == standing.id)
        .values(
            hand_tier_id=new.tier_id,
            hand_tier_until=new.until,
            hand_tier_reason=new.reason,
            hand_tier_form=new.form,
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    return before, books.ladder.held_by(standing, books.at)


def _name(tier: Tier | None) -> str | None:
    return None if tier is None else tier.name
