"""The tier a balance has reached, by its lifetime points."""

from datetime import datetime

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.ledger.models import CustomerBalance
from nxloy_web.programs.models import LoyaltyTier


def reach(balance: CustomerBalance, at: datetime) -> None:
    """Move up as soon as the points are there. Never moves down: raising a threshold takes
    nothing from those who have reached the tier."""
    held, best = held_by(balance), best_for(balance.program_id, balance.lifetime_points)
    if best is None or best.id == balance.tier_id:
        return
    if held is None or held.is_deleted or best.required_points > held.required_points:
        _put(balance, best, at)


def fall_back(balance: CustomerBalance, at: datetime) -> None:
    """After points were clawed back, hold the tier that the remaining ones reach."""
    held, best = held_by(balance), best_for(balance.program_id, balance.lifetime_points)
    if held is not None and held.required_points > balance.lifetime_points:
        _put(balance, best, at)


def held_by(balance: CustomerBalance) -> LoyaltyTier | None:
    """The tier the balance has, also when it was deleted meanwhile."""
    if balance.tier_id is None:
        return None
    return db.session.scalar(
        history(select(LoyaltyTier).where(LoyaltyTier.id == balance.tier_id)),
    )


def best_for(program_id: str, lifetime_points: int) -> LoyaltyTier | None:
    return db.session.scalar(
        select(LoyaltyTier)
        .where(
            LoyaltyTier.program_id == program_id,
            LoyaltyTier.required_points <= lifetime_points,
        )
        .order_by(LoyaltyTier.required_points.desc())
        .limit(1)
    )


def _put(balance: CustomerBalance, tier: LoyaltyTier | None, at: datetime) -> None:
    balance.tier_id = None if tier is None else tier.id
    balance.tier_since_at = at
