"""A tier that somebody of the team gives to one customer, with a reason and an end.

It stands beside the earned one, which purchases go on moving, and counts where it is higher.
Nothing has to run when it ends: whoever asks for the tier looks at the clock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.ledger import limits
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.service import ReasonNeeded, balance_of
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.texts import _


class EndInThePast(BusinessRule):
    message = _("Choose a last day that is still to come.")


class HoldsItAlready(BusinessRule):
    message = _("The customer holds this tier or a higher one already.")


@dataclass(frozen=True)
class TierByHand:
    tier_id: str
    until: datetime
    """The exclusive end."""
    reason: str


def give_tier(
    customer_id: str, program_id: str, gift: TierByHand, *, by: Actor, at: datetime
) -> CustomerBalance:
    """Let a customer hold a higher tier until a day; a gift that is there already is replaced."""
    by.needs(Permission.POINTS_CORRECT_ANY)
    customer = find(Customer, customer_id)
    limits.refuse_own(customer, by)
    if not gift.reason.strip():
        raise ReasonNeeded
    if gift.until <= at:
        raise EndInThePast
    tier = find(LoyaltyTier, gift.tier_id)
    if tier.program_id != program_id:
        raise NotFound
    books = Books(program_id, [customer_id], at=at)
    standing = books.standing(customer_id)
    standing.hand_tier_id = None
    earned = books.ladder.held_by(standing, at)
    if earned is not None and earned.required_points >= tier.required_points:
        raise HoldsItAlready
    after = {
        "hand_tier_id": tier.id,
        "hand_tier_until": gift.until,
        "hand_tier_reason": gift.reason.strip(),
    }
    if not _put(customer_id, program_id, after):
        return balance_of(customer_id, program_id)
    said = {
        "tier": tier.name,
        "tier_id": tier.id,
        "program_id": program_id,
        "reason": gift.reason.strip(),
        "last_day": current_wording().last_day(gift.until),
    }
    events.happened("customer.tier_given", customer, by=by, at=at, after=said)
    return balance_of(customer_id, program_id)


def take_tier(customer_id: str, program_id: str, *, by: Actor, at: datetime) -> None:
    """End a tier by hand before its end; pressed twice, once."""
    by.needs(Permission.POINTS_CORRECT_ANY)
    customer = find(Customer, customer_id)
    limits.refuse_own(customer, by)
    nothing = {"hand_tier_id": None, "hand_tier_until": None, "hand_tier_reason": None}
    if _put(customer_id, program_id, nothing):
        after = {"program_id": program_id}
        events.happened("customer.tier_taken", customer, by=by, at=at, after=after)


def _put(customer_id: str, program_id: str, values: dict[str, Any]) -> bool:
    """Whether it was different before."""
    differs = [getattr(CustomerBalance, name).is_distinct_from(v) for name, v in values.items()]
    done = db.session.execute(
        update(CustomerBalance)
        .where(
            CustomerBalance.customer_id == customer_id,
            CustomerBalance.program_id == program_id,
            differs[0] | differs[1] | differs[2],
        )
        .values(**values),
        execution_options={"synchronize_session": "fetch"},
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
