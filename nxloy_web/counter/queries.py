"""Reads for the counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.earning.held import held_tier_id
from nxloy_web.earning.programs import DEFAULT_PROGRAM_ID
from nxloy_web.errors import NotFound
from nxloy_web.ledger import reads as ledger
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import OPEN, RewardRedemption, in_state


@dataclass(frozen=True)
class Card:
    """What the cashier sees of the customer who stands there."""

    balance: CustomerBalance | None
    tier: LoyaltyTier | None
    spendable: int
    open_redemptions: Sequence[RewardRedemption]
    purchases: Sequence[Purchase]


def card(customer_id: str, at: datetime) -> Card:
    balance, tier = _balance(customer_id, at)
    return Card(
        balance=balance,
        tier=tier,
        spendable=0 if balance is None else ledger.spendable_of(balance, at),
        open_redemptions=db.session.scalars(
            history(
                select(RewardRedemption)
                .where(
                    RewardRedemption.customer_id == customer_id,
                    in_state(*OPEN),
                )
                .options(joinedload(RewardRedemption.reward))
                .order_by(RewardRedemption.requested_at)
                .limit(10)
            )
        ).all(),
        purchases=db.session.scalars(
            select(Purchase)
            .where(Purchase.customer_id == customer_id)
            .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
            .limit(5)
        ).all(),
    )


def _balance(customer_id: str, at: datetime) -> tuple[CustomerBalance | None, LoyaltyTier | None]:
    """In the program that a purchase at this counter earns in, with the tier that is held in it,
    also before the first purchase."""
    row = db.session.execute(
        select(CustomerBalance, LoyaltyTier)
        .select_from(LoyaltyProgram)
        .outerjoin(
            CustomerBalance,
            and_(
                CustomerBalance.program_id == LoyaltyProgram.id,
                CustomerBalance.customer_id == customer_id,
            ),
        )
        .outerjoin(LoyaltyTier, LoyaltyTier.id == held_tier_id(at, LoyaltyProgram.id))
        .where(LoyaltyProgram.id == DEFAULT_PROGRAM_ID)
        .options(joinedload(CustomerBalance.program))
    ).first()
    return (None, None) if row is None else (row[0], row[1])


def purchase(purchase_id: str) -> Purchase:
    """A purchase with its customer. Raises NotFound."""
    found = db.session.scalar(
        history(
            select(Purchase)
            .where(Purchase.id == purchase_id)
            .options(joinedload(Purchase.customer))
        )
    )
    if found is None:
        raise NotFound
    return found
