"""Which version of an earning rule is in force."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.loyalty import EarningRule

IS_IN_FORCE = EarningRule.ended_at.is_(None)


def rule_of(program_id: str) -> EarningRule | None:
    """The rule in force in a program, read afresh: somebody may have changed it meanwhile."""
    statement = select(EarningRule).where(EarningRule.program_id == program_id, IS_IN_FORCE)
    return db.session.scalar(statement.execution_options(populate_existing=True))


def rules_of(program_ids: Collection[str]) -> Sequence[EarningRule]:
    """The rules in force in several programs."""
    statement = select(EarningRule).where(EarningRule.program_id.in_(program_ids), IS_IN_FORCE)
    return db.session.scalars(statement).all()
