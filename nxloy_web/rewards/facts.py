"""What people type about a reward. Stock and status have verbs of their own."""

from dataclasses import dataclass
from datetime import datetime

from nxloy_web.tables.rewards import RewardType


@dataclass(frozen=True)
class RewardFacts:
    program_id: str | None
    name: str
    description: str
    type: RewardType
    points_cost: int
    money_cost: int | None
    image: str | None
    icon: str | None
    category: str | None
    tags: list[str]
    start_date: datetime | None
    end_date: datetime | None
    max_per_user: int | None
    needs_approval: bool
    tier_id: str | None
    segment_id: str | None
