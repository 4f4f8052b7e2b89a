"""The tier a balance has reached, by its lifetime points."""

from datetime import datetime

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance


def reach(balance: CustomerBalance, at: datetime) -> LoyaltyTier | None:
    """Move up as soon as the points are there; the tier that is held then.

    Never moves down: raising a threshold takes nothing from those who have reached the tier.
    """
    held, best = _held_and_best(balance)
    if best is None or best is held:
        return held
    if held is None or held.is_deleted or best.required_points > held.required_points:
        _put(balance, best, at)
        return best
    return held


def held_by(balance: CustomerBalance) -> LoyaltyTier | None:
    """The tier whose benefits count: the one held, else the one the points have reached."""
    held, best = _held_and_best(balance)
    return held or best


def fall_back(balance: CustomerBalance, at: datetime) -> None:
    """After points were clawed back, hold the tier that the remaining ones reach."""
    held, best = _held_and_best(balance)
    if held is not None and held.required_points > balance.lifetime_points:
        _put(balance, best, at)


def _held_and_best(balance: CustomerBalance) -> tuple[LoyaltyTier | None, LoyaltyTier | None]:
    """The tier the balance has, also when it was deleted meanwhile, and the best for its points."""
    mine = LoyaltyTier.id == balance.tier_id
    living = LoyaltyTier.deleted_at.is_(None)
    reached = LoyaltyTier.required_points <= balance.lifetime_points
    tiers = db.session.scalars(
        history(
            select(LoyaltyTier)
            .where(LoyaltyTier.program_id == balance.program_id, mine | (living & reached))
            .order_by(LoyaltyTier.required_points.desc())
        )
    ).all()
    held = next((tier for tier in tiers if tier.id == balance.tier_id), None)
    best = next(
        (
            tier
            for tier in tiers
            if not tier.is_deleted and tier.required_points <= balance.lifetime_points
        ),
        None,
    )
    return held, best


def _put(balance: CustomerBalance, tier: LoyaltyTier | None, at: datetime) -> None:
    balance.tier_id = None if tier is None else tier.id
    balance.tier_since_at = at
