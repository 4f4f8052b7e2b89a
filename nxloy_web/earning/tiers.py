"""Which tier an account holds: up as soon as the points are there, down only by a return."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class Holder(Protocol):
    """What of a balance decides about its tier."""

    lifetime_points: int
    tier_id: str | None
    tier_since_at: datetime | None
    tier_needs: int | None
    hand_tier_id: str | None
    hand_tier_until: datetime | None
    """The exclusive end; None: until somebody changes it."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What of a tier decides."""

    id: str
    name: str
    required_points: int
    multiplier: Decimal
    is_deleted: bool


class Ladder:
    """The tiers of one program."""

    def __init__(self, tiers: Iterable[Tier]) -> None:
        known = list(tiers)
        self._by_id = {tier.id: tier for tier in known}
        self._living: Sequence[Tier] = sorted(
            (tier for tier in known if not tier.is_deleted), key=lambda tier: -tier.required_points
        )

    def named(self, tier_id: str | None) -> Tier | None:
        """A tier of this program by its id, deleted or not."""
        return self._by_id.get(tier_id or "")

    def held_by(self, standing: Holder, at: datetime) -> Tier | None:
        """The tier whose benefits count: the earned one, or the one set by hand where that is
        higher."""
        return self.not_below_hand(self.earned_by(standing), standing, at)

    def earned_by(self, standing: Holder) -> Tier | None:
        """What the points alone give: the tier held, else the one they have reached."""
        return self.named(standing.tier_id) or self._best(standing.lifetime_points)

    def not_below_hand(self, earned: Tier | None, standing: Holder, at: datetime) -> Tier | None:
        """This tier, or the one set by hand where that is higher and has not ended. A deleted
        tier holds nobody up."""
        floor = self.named(standing.hand_tier_id)
        if floor is None or floor.is_deleted:
            return earned
        if standing.hand_tier_until is not None and standing.hand_tier_until <= at:
            return earned
        is_higher = earned is None or floor.required_points > earned.required_points
        return floor if is_higher else earned

    def threshold(self, standing: Holder, at: datetime) -> int | None:
        """What the tier that is held asks for; None without one that is living."""
        held = self.held_by(standing, at)
        return None if held is None or held.is_deleted else held.required_points

    def reach(self, standing: Holder, at: datetime) -> None:
        """Move up as soon as the points are there. Never down: raising a threshold takes nothing
        from those who have reached the tier."""
        held = self.named(standing.tier_id)
        best = self._best(standing.lifetime_points)
        if best is None or best is held:
            return
        if held is None or held.is_deleted or best.required_points > held.required_points:
            _put(standing, best, at)

    def fall_back(self, standing: Holder, at: datetime) -> None:
        """After a return: down to what the points reach today, but only when they are below what
        the tier asked for when it was reached."""
        held = self.named(standing.tier_id)
        if held is None:
            return
        needs = held.required_points if standing.tier_needs is None else standing.tier_needs
        if standing.lifetime_points < needs:
            _put(standing, self._best(standing.lifetime_points), at)

    def _best(self, points: int) -> Tier | None:
        return next((tier for tier in self._living if tier.required_points <= points), None)


def _put(standing: Holder, tier: Tier | None, at: datetime) -> None:
    standing.tier_id = None if tier is None else tier.id
    standing.tier_since_at = at
    standing.tier_needs = None if tier is None else tier.required_points
