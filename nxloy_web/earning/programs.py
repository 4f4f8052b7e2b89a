"""What is running: the program that purchases earn in, and its rules."""

from collections.abc import Sequence

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, ProgramStatus


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
