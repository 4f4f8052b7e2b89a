"""Which tier is held, inside statements: the same answer as `Ladder.held_by`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased

from nxloy_web.db.scope import current_business_id
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance


def held_tier_id(
    at: datetime, program_id: Any = CustomerBalance.program_id
) -> ColumnElement[str | None]:
    """The id of the tier that is held in a program. With `LoyaltyProgram.id`, where balances are
    joined from outside, also before the first point: a tier from 0 is for everybody."""
    tier = aliased(LoyaltyTier)
    is_reached = and_(
        CustomerBalance.tier_id.is_(None),
        tier.deleted_at.is_(None),
        tier.required_points <= func.coalesce(CustomerBalance.lifetime_points, 0),
    )
    is_by_hand = and_(tier.id == CustomerBalance.hand_tier_id, holds(tier, at))
    return (
        select(tier.id)
        .where(
            tier.business_id == current_business_id(),
            tier.program_id == program_id,
            or_(tier.id == CustomerBalance.tier_id, is_reached, is_by_hand),
        )
        .order_by(tier.required_points.desc(), tier.deleted_at)
        .limit(1)
        .correlate(CustomerBalance, LoyaltyProgram)
        .scalar_subquery()
    )


def holds(tier: Any, at: datetime) -> ColumnElement[bool]:
    """Whether a tier that was set by hand still counts for the balance."""
    until = CustomerBalance.hand_tier_until
    return and_(tier.deleted_at.is_(None), or_(until.is_(None), until > at))


def holders_of(tier_id: str, at: datetime) -> CompoundSelect[Any]:
    """The ids of the customers who hold a tier, those without a balance too."""
    program_id = (
        select(LoyaltyTier.program_id)
        .where(LoyaltyTier.business_id == current_business_id(), LoyaltyTier.id == tier_id)
        .scalar_subquery()
    )
    mine = CustomerBalance.business_id == current_business_id()
    return union_all(
        select(CustomerBalance.customer_id).where(
            mine,
            CustomerBalance.tier_id == tier_id,
            or_(CustomerBalance.hand_tier_id.is_(None), held_tier_id(at) == tier_id),
        ),
        select(CustomerBalance.customer_id).where(
            mine,
            CustomerBalance.hand_tier_id == tier_id,
            CustomerBalance.tier_id.is_distinct_from(tier_id),
            held_tier_id(at) == tier_id,
        ),
        select(CustomerBalance.customer_id).where(
            mine,
            CustomerBalance.program_id == program_id,
            CustomerBalance.tier_id.is_(None),
            CustomerBalance.hand_tier_id.is_distinct_from(tier_id),
            held_tier_id(at) == tier_id,
        ),
        select(Customer.id).where(
            Customer.business_id == current_business_id(),
            is_for_everybody(tier_id),
            ~exists()
            .where(
                mine,
                CustomerBalance.customer_id == Customer.id,
                CustomerBalance.program_id == program_id,
            )
            .correlate(Customer),
        ),
    )


def is_for_everybody(tier_id: str | None = None) -> ColumnElement[bool]:
    """Whether this tier, or any, is held before the first point."""
    tier = aliased(LoyaltyTier)
    named = () if tier_id is None else (tier.id == tier_id,)
    return exists().where(
        tier.business_id == current_business_id(),
        tier.deleted_at.is_(None),
        tier.required_points == 0,
        *named,
    )
