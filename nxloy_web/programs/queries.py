"""Reads for the program screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from nxloy_web.db import db, paging
from nxloy_web.db.session import history
from nxloy_web.earning.rules import rules_of
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.rewards import Reward

SHOWN = 100


@dataclass(frozen=True)
class ProgramLine:
    """One program of the list, with what stands in it."""

    program: LoyaltyProgram
    rule: EarningRule | None
    tiers: list[LoyaltyTier]
    members: int


@dataclass(frozen=True)
class TierLine:
    tier: LoyaltyTier
    members: int
    rewards: int
    """How many rewards are only for this tier and those above."""


def listing(view: str) -> list[ProgramLine]:
    """The programs of a tab: `all` leaves out archived and deleted ones."""
    statement = select(LoyaltyProgram, _members_of_program().label("members"))
    if view == "deleted":
        statement = history(statement).where(LoyaltyProgram.deleted_at.is_not(None))
    elif view == "all":
        statement = statement.where(LoyaltyProgram.status != ProgramStatus.ARCHIVED)
    else:
        statement = statement.where(LoyaltyProgram.status == ProgramStatus(view.upper()))
    rows = db.session.execute(
        statement.order_by(LoyaltyProgram.name, LoyaltyProgram.id).limit(SHOWN)
    ).all()
    ids = [program.id for program, _ in rows]
    rules = {rule.program_id: rule for rule in rules_of(ids)}
    tiers = _tiers_of(ids)
    return [
        ProgramLine(
            program,
            rules.get(program.id),
            [tier for tier in tiers if tier.program_id == program.id],
            members,
        )
        for program, members in rows
    ]


def counts() -> dict[str, int]:
    """How many programs each tab has."""
    rows = db.session.execute(
        select(LoyaltyProgram.status, LoyaltyProgram.deleted_at.is_not(None), func.count())
        .group_by(LoyaltyProgram.status, LoyaltyProgram.deleted_at.is_not(None))
        .execution_options(nx_with_deleted=True)
    ).all()
    found = dict.fromkeys(("all", "active", "draft", "paused", "archived", "deleted"), 0)
    for status, deleted, count in rows:
        if deleted:
            found["deleted"] += count
            continue
        found[status.value.lower()] += count
        if status is not ProgramStatus.ARCHIVED:
            found["all"] += count
    return found


def tiers_of(program_id: str) -> list[TierLine]:
    """The tiers in order of their thresholds, lowest first."""
    members = _counted(select(CustomerBalance.id).where(CustomerBalance.tier_id == LoyaltyTier.id))
    rewards = (
        select(func.count(Reward.id))
        .where(Reward.tier_id == LoyaltyTier.id, Reward.deleted_at.is_(None))
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(LoyaltyTier, members, rewards)
        .where(LoyaltyTier.program_id == program_id)
        .order_by(LoyaltyTier.required_points)
    ).all()
    return [TierLine(*row) for row in rows]


def deleted_tiers(program_id: str) -> Sequence[LoyaltyTier]:
    return db.session.scalars(
        history(select(LoyaltyTier))
        .where(LoyaltyTier.program_id == program_id, LoyaltyTier.deleted_at.is_not(None))
        .order_by(LoyaltyTier.deleted_at.desc())
        .limit(20)
    ).all()


def members_of(program_id: str) -> int:
    return paging.count(select(CustomerBalance.id).where(CustomerBalance.program_id == program_id))


def rule_versions(program_id: str) -> Sequence[EarningRule]:
    """Every version there has been, newest first."""
    return db.session.scalars(
        select(EarningRule)
        .where(EarningRule.program_id == program_id)
        .order_by(EarningRule.created_at.desc(), EarningRule.id.desc())
        .limit(50)
    ).all()


def reward_count(program_id: str) -> int:
    return (
        db.session.scalar(
            select(func.count(Reward.id)).where(
                Reward.program_id == program_id, Reward.deleted_at.is_(None)
            )
        )
        or 0
    )


def _members_of_program() -> Any:
    return _counted(
        select(CustomerBalance.id).where(CustomerBalance.program_id == LoyaltyProgram.id)
    )


def _counted(rows: Select[Any]) -> Any:
    return paging.counted(rows.correlate(LoyaltyProgram, LoyaltyTier))


def _tiers_of(program_ids: list[str]) -> Sequence[LoyaltyTier]:
    return db.session.scalars(
        select(LoyaltyTier)
        .where(LoyaltyTier.program_id.in_(program_ids))
        .order_by(LoyaltyTier.required_points)
    ).all()
