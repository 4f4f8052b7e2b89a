"""Which programs run, which one is meant when none is named, and the rules that run in them."""

from collections.abc import Sequence

from sqlalchemy import and_, func, select

from nxloy_web.db import db
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, ProgramStatus
from nxloy_web.tables.rewards import Reward

OLDEST_FIRST = (LoyaltyProgram.created_at, LoyaltyProgram.id)
"""The order programs stand in, wherever a customer or a cashier meets several."""
IS_RUNNING = and_(
    LoyaltyProgram.status == ProgramStatus.ACTIVE, LoyaltyProgram.deleted_at.is_(None)
)
_RUNNING = select(LoyaltyProgram).where(IS_RUNNING).order_by(*OLDEST_FIRST)
DEFAULT_PROGRAM_ID = _RUNNING.with_only_columns(LoyaltyProgram.id).limit(1).scalar_subquery()
"""The default program inside a larger statement."""


def default_program() -> LoyaltyProgram | None:
    """The program that is meant when none is named: the oldest that is running."""
    return db.session.scalar(_RUNNING.limit(1))


def running_programs() -> Sequence[LoyaltyProgram]:
    """Every program that is running; the first is the default one."""
    return db.session.scalars(_RUNNING).all()


def program_paying_for(reward: Reward) -> str | None:
    """The program whose points pay; a reward without one is paid in the default program."""
    if reward.program_id is not None:
        return reward.program_id
    program = default_program()
    return program.id if program else None


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
