"""What a business has set up that decides about points, read in one statement.

Read after the balance was locked: a pause or a rule that was committed before the lock counts.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import JSONB

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.earning.rules import IS_IN_FORCE
from nxloy_web.earning.tiers import Ladder, Tier
from nxloy_web.errors import NotFound
from nxloy_web.tables.businesses import Business, Location
from nxloy_web.tables.loyalty import (
    EarningRule,
    EarningTerms,
    LoyaltyProgram,
    LoyaltyTier,
    ProgramSettings,
    ProgramStatus,
)
from nxloy_web.units import HasUnit


@dataclass(frozen=True, slots=True)
class Rule:
    """The version of an earning rule that is in force."""

    rule_id: str
    version: int
    name: str
    terms: EarningTerms


@dataclass(frozen=True, slots=True)
class Program(HasUnit):
    """A program with its rules, the oldest first, and its tiers."""

    id: str
    name: str
    status: ProgramStatus
    currency: str
    points_name: str
    point_name: str | None
    settings: ProgramSettings
    rules: tuple[Rule, ...]
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class SetUp:
    """A business, its open locations, and its living programs, the oldest first."""

    business: Business
    location_ids: frozenset[str]
    programs: tuple[Program, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business.timezone)

    @property
    def default_program(self) -> Program | None:
        """The program that is meant when none is named: the oldest that is running."""
        running = (one for one in self.programs if one.status is ProgramStatus.ACTIVE)
        return next(running, None)

    def program(self, program_id: str) -> Program:
        """A living program. Raises NotFound."""
        for one in self.programs:
            if one.id == program_id:
                return one
        raise NotFound

    def location(self, chosen: str | None) -> str | None:
        """The location a counter stands in: the chosen one, else the only one there is."""
        if chosen in self.location_ids:
            return chosen
        return next(iter(self.location_ids)) if len(self.location_ids) == 1 else None


def read_set_up(*, giver: Actor | None = None) -> SetUp:
    """As it is committed at this moment.

    With a `giver` who may have a limit, their lock is taken on the way: it costs no statement of
    its own. What they gave is then read by the next statement, which sees what whoever held the
    lock before has committed.
    """
    statement = history(_statement())
    if giver is not None and giver.has_limits:
        statement = statement.add_columns(_lock_of(giver))
    business, locations, programs, rules, tiers, *_lock = db.session.execute(statement).one()
    # A session forgets the rows that nobody else holds; see `current_business`.
    db.session().info["business"] = business
    return SetUp(
        business,
        frozenset(locations),
        tuple(_program(row, rules, tiers) for row in programs),
    )


def _lock_of(giver: Actor) -> ColumnElement[Any]:
    name = f"gives:{current_business_id()}:{giver.user_id}"
    return func.pg_advisory_xact_lock(func.hashtextextended(name, 0))


def _program(
    row: dict[str, Any], rules: list[dict[str, Any]], tiers: list[dict[str, Any]]
) -> Program:
    mine = row["id"]
    return Program(
        id=mine,
        name=row["name"],
        status=ProgramStatus(row["status"]),
        currency=row["currency"],
        points_name=row["points_name"],
        point_name=row["point_name"],
        settings=ProgramSettings.model_validate(row["settings"]),
        rules=tuple(
            Rule(
                rule["rule_id"],
                rule["version"],
                rule["name"],
                EarningTerms.model_validate(rule["terms"]),
            )
            for rule in rules
            if rule["program_id"] == mine
        ),
        ladder=Ladder(
            Tier(
                tier["id"],
                tier["name"],
                tier["required_points"],
                Decimal(tier["multiplier"]),
                tier["is_deleted"],
            )
            for tier in tiers
            if tier["program_id"] == mine
        ),
    )


def _statement() -> Select[Any]:
    program, tier, rule = LoyaltyProgram, LoyaltyTier, EarningRule
    first = (
        select(rule.rule_id, func.min(rule.created_at).label("began_at"))
        .where(rule.business_id == current_business_id())
        .group_by(rule.rule_id)
        .subquery()
    )
    return select(
        Business,
        _all(select(Location.id).where(Location.deleted_at.is_(None))),
        _all(
            select(_json("id", program.id, "name", program.name, "status", program.status,
                         "currency", program.currency, "points_name", program.points_name,
                         "point_name", program.point_name, "settings", program.settings))
            .where(program.deleted_at.is_(None))
            .order_by(*OLDEST_FIRST)
        ),
        _all(
            select(_json("program_id", rule.program_id, "rule_id", rule.rule_id,
                         "version", rule.version, "name", rule.name, "terms", rule.terms))
            .join(first, first.c.rule_id == rule.rule_id)
            .where(IS_IN_FORCE)
            .order_by(first.c.began_at, rule.rule_id)
        ),
        # Deleted tiers too: somebody may still hold one.
        _all(
            select(_json("program_id", tier.program_id, "id", tier.id, "name", tier.name,
                         "required_points", tier.required_points,
                         "multiplier", func.text(tier.multiplier),
                         "is_deleted", tier.deleted_at.is_not(None)))
        ),
    ).where(Business.id == current_business_id())  # fmt: skip


def _json(*pairs: Any) -> ColumnElement[Any]:
    """One row as JSON: names and columns in turn."""
    named = [literal_column(f"'{each}'") if isinstance(each, str) else each for each in pairs]
    return func.jsonb_build_object(*named)


def _all(rows: Select[Any]) -> ColumnElement[Any]:
    """All rows of a statement as one JSON array, in their order."""
    listed = rows.correlate(None).subquery()
    found = func.coalesce(func.jsonb_agg(listed.c[0]), text("'[]'"), type_=JSONB)
    return select(found).scalar_subquery()
