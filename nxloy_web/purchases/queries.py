"""Reads of purchases, and of the rules they earn by."""

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.programs.models import EarningRule, LoyaltyProgram, ProgramStatus
from nxloy_web.purchases.models import Purchase, PurchaseStatus


def default_program() -> LoyaltyProgram | None:
    """The program a purchase earns in when none is named: the oldest that is running."""
    return db.session.scalar(
        select(LoyaltyProgram)
        .where(LoyaltyProgram.status == ProgramStatus.ACTIVE)
        .order_by(LoyaltyProgram.created_at, LoyaltyProgram.id)
        .limit(1)
    )


def running_rules(program_id: str) -> Sequence[EarningRule]:
    """The current version of each rule of a program, the oldest rule first."""
    first = (
        select(func.min(EarningRule.created_at))
        .where(EarningRule.program_id == program_id)
        .group_by(EarningRule.rule_id)
        .add_columns(EarningRule.rule_id)
        .subquery()
    )
    return db.session.scalars(
        select(EarningRule)
        .join(first, first.c.rule_id == EarningRule.rule_id)
        .where(EarningRule.program_id == program_id, EarningRule.ended_at.is_(None))
        .order_by(first.c[0], EarningRule.rule_id)
    ).all()


def by_order_ref(order_ref: str) -> Purchase | None:
    """The purchase that stands under a receipt's number."""
    return db.session.scalar(
        history(
            select(Purchase)
            .where(Purchase.order_ref == order_ref, Purchase.status == PurchaseStatus.RECORDED)
            .options(joinedload(Purchase.customer))
        )
    )


def by_import_key(import_key: str) -> Purchase | None:
    return db.session.scalar(select(Purchase).where(Purchase.import_key == import_key))


def with_everything(purchase_id: str) -> Purchase:
    """One purchase with its customer and location, deleted or not. Raises NotFound."""
    purchase = db.session.scalar(
        history(
            select(Purchase)
            .where(Purchase.id == purchase_id)
            .options(joinedload(Purchase.customer), joinedload(Purchase.location))
            .execution_options(populate_existing=True)
        )
    )
    if purchase is None:
        raise NotFound
    return purchase


def of_customer(customer_id: str, limit: int = 25) -> Sequence[Purchase]:
    """A customer's purchases, the newest first."""
    return db.session.scalars(
        history(
            select(Purchase)
            .where(Purchase.customer_id == customer_id)
            .options(joinedload(Purchase.location))
            .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
            .limit(limit)
        )
    ).all()


def money_is_recorded() -> bool:
    """Whether any purchase is kept: from then on the currency stays."""
    return bool(db.session.scalar(select(exists(select(Purchase.id)))))
