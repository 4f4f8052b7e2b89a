"""Why points move."""

from dataclasses import dataclass, field
from datetime import datetime

from nxloy_web.actors import Actor
from nxloy_web.tables.points import TransactionType, Why


@dataclass(frozen=True)
class Cause:
    """What an entry says besides its points. `source_kind` and `source_id` say what made it; on
    one balance a source makes each of its entries once."""

    type: TransactionType
    source_kind: str
    source_id: str
    by: Actor
    at: datetime
    """The moment of the movement: what is available and what has expired is judged by it."""
    occurred_at: datetime | None = None
    """When it happened, for what is only written down at `at`."""
    why: Why = field(default_factory=Why)
    description: str = ""
    order_id: str | None = None
    redemption_id: str | None = None
