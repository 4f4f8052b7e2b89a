"""What people type about a segment. Whether it has a rule or is a list is chosen once."""

from dataclasses import dataclass

from nxloy_web.tables.segments import SegmentRules


@dataclass(frozen=True)
class SegmentFacts:
    name: str
    description: str | None
    rules: SegmentRules
