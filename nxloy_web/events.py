"""What has happened: said in the transaction of the change, heard by everything that reads it.

A verb says what it changed with one call. Who reads it (the audit log, letters) stands in
`features.READERS`; a reader that fails takes the change with it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, get_args

from nxloy_web.actors import Actor

EventName = Literal[
    "approval.agreed",
    "approval.asked",
    "approval.refused",
    "business.changed",
    "business.opened",
    "business.removed",
    "customer.blocked",
    "customer.deleted",
    "customer.edited",
    "customer.enrolled",
    "customer.linked",
    "customer.restored",
    "customer.tier_by_hand_ended",
    "customer.tier_by_hand_taken_away",
    "customer.tier_changed",
    "customer.tier_set_by_hand",
    "customer.unblocked",
    "earning_rule.created",
    "earning_rule.edited",
    "earning_rule.ended",
    "import.discarded",
    "import.failed",
    "import.finished",
    "import.started",
    "import.stopped",
    "import.undo_started",
    "import.undone",
    "import.uploaded",
    "invitation.sent",
    "invitation.sent_again",
    "invitation.withdrawn",
    "location.added",
    "location.changed",
    "location.deleted",
    "location.restored",
    "membership.joined",
    "membership.phone_changed",
    "membership.removed",
    "membership.role_changed",
    "points.adjusted",
    "points.expired",
    "program.activated",
    "program.archived",
    "program.created",
    "program.deleted",
    "program.edited",
    "program.members_moved_down",
    "program.members_moved_up",
    "program.paused",
    "program.restored",
    "program.tier_change_undone",
    "program.tiers_reassessed",
    "purchase.recorded",
    "purchase.voided",
    "redemption.approved",
    "redemption.asked",
    "redemption.cancelled",
    "redemption.expired",
    "redemption.fulfilled",
    "redemption.handover_undone",
    "redemption.refunded",
    "reward.archived",
    "reward.created",
    "reward.deleted",
    "reward.edited",
    "reward.offered",
    "reward.restored",
    "reward.stock_changed",
    "reward.stock_unlimited",
    "reward.taken_off_offer",
    "segment.created",
    "segment.deleted",
    "segment.edited",
    "segment.members_added",
    "segment.members_removed",
    "segment.restored",
    "tier.created",
    "tier.deleted",
    "tier.edited",
    "tier.moved",
    "tier.restored",
]
"""A noun and a past participle. A name that is not here is an error of the type checker."""

NAMES: frozenset[str] = frozenset(get_args(EventName))

Facts = Mapping[str, Any]


class Subject(Protocol):
    """A row of one of our tables."""

    @property
    def id(self) -> Any: ...


@dataclass(frozen=True)
class Event:
    name: EventName
    subject: Subject
    by: Actor
    at: datetime
    before: Facts | None = None
    after: Facts | None = None
    """Only what changed, and ids instead of people's names: the audit log keeps it for ever."""


Reader = Callable[[Event], None]
_readers: list[Reader] = []


def happened(
    name: EventName,
    subject: Subject,
    *,
    by: Actor,
    at: datetime,
    before: Facts | None = None,
    after: Facts | None = None,
) -> None:
    """Say what happened to what, by whom. Every reader hears it now, before the commit."""
    if name not in NAMES:
        raise ValueError(f"no such event: {name}")
    if not _readers:
        raise RuntimeError("nobody reads events: make the application first")
    event = Event(name, subject, by, at, before, after)
    for read in _readers:
        read(event)


def read_by(readers: Sequence[Reader]) -> None:
    """Let these hear what happens from now on, in this order, and nobody else."""
    _readers[:] = readers
