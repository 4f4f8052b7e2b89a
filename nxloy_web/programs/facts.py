"""What people type about a program and its tiers. Of an earning rule it is its `EarningTerms`."""

from dataclasses import dataclass
from decimal import Decimal

from nxloy_web.tables.loyalty import ProgramSettings, ProgramType


@dataclass(frozen=True)
class ProgramFacts:
    name: str
    type: ProgramType
    points_name: str
    point_name: str | None
    description: str | None
    settings: ProgramSettings


@dataclass(frozen=True)
class TierFacts:
    name: str
    description: str | None
    required_points: int
    multiplier: Decimal
    color: str
    icon: str | None
    benefits: list[str]
