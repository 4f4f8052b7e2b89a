"""Which programs run, and which one is meant when none is named."""

from collections.abc import Sequence

from sqlalchemy import and_, select

from nxloy_web.db import db
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
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
