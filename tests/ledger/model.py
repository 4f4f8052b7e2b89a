"""A small model of the points of one customer in one program, to hold the ledger against.

It knows no table and no service. A *lot* is what a purchase (or a correction) gave, a *use* is
which reward ate how many points of which lot, *home* is the lot a use was first eaten from. What
was eaten of a purchase that came back moves to other lots; what finds none is *let off*, or
*owed* where balances may go below nought.

What had to be decided where the rules leave it open, or say two things:

1. **A letting-off that is paid is forgotten only when the next lot comes.** What was let off
   when a lot came is not paid by that lot, also when something older paid it since and was
   taken back. Else "cancel, void" and "void, cancel" differ
   (`test_a_letting_off_is_not_forgotten_at_once`). Marks are made and forgotten when a lot
   comes, never by a reversal, so reversals in a row leave nothing behind that tells their order.
2. So what comes back pays for what was let off out of the lots that are older than the
   letting-off only, wherever else it sits. Else asking and calling off would cost points.
3. **While something is let off, a newer lot makes no room in older ones.** A moved use may go on
   to a lot that ends sooner; if that lot came after a letting-off, the older lot it left would
   pay the letting-off, though nobody brought anything back. A use that was away from home when
   the lot came therefore keeps its *seat* as long as the seat is there
   (`test_a_newer_lot_makes_no_room_for_what_was_let_off`).
4. At home: what was never let off, then what was let off last, among these the older reward.
   Away from home: what the fewest lots may pay comes first (so that as much as possible is
   paid), then the older reward, then its older home.
5. The same line come again pays what is let off of its forerunners' own points, the older reward
   first, and may pay it at any later laying too. Its forerunners are all earlier lots of the line,
   whichever of them it is said to come in the place of: else naming the first one would leave
   what a later one had unpaid. It does not take over uses that another lot has paid.
6. An ended lot is filled before all others by the uses that are laid, its own or not (it ends
   soonest). What is left in it then has seven days, once; within one instant that is judged
   anew after every reversal. The second time it ends at once.
7. A credit that ends on arrival, or is pending, pays what is owed all the same.
8. A correction by hand that takes eats as a reward does. A worth only falls.
9. Tiers rise with a credit that counts. A return never raises: where thresholds were lowered
   meanwhile the tier stays, with today's threshold.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple


class NotEnough(Exception):
    """There are fewer points to spend than that."""


@dataclass
class Lot:
    """The points of one credit. `again` has the places of its forerunners."""

    key: str
    worth: int
    left: int
    available_at: datetime
    ends_at: datetime | None
    counts: bool
    again: frozenset[int]
    expired: int = 0
    first_end: datetime | None = None
    revived_at: datetime | None = None

    def has_ended(self, at: datetime) -> bool:
        """A lot's end is the first moment it is no longer good."""
        return self.ends_at is not None and self.ends_at <= at


class Part(NamedTuple):
    """Points of one reward with one history. Lots are named by their place in the order they came.

    Lots from `before` on came after these points were let off.
    """

    reward: int
    home: int
    before: float = inf
    seat: int | None = None


@dataclass
class Account:
    """One customer's points in one program. Acts come in the order of time."""

    may_go_negative: bool
    tiers: Sequence[tuple[str, int]] = ()
    extra_end: Callable[[datetime], datetime] = lambda at: at + timedelta(days=7)
    lots: list[Lot] = field(default_factory=list)
    rewards: list[str] = field(default_factory=list)
    uses: Counter[tuple[Part, int | None]] = field(default_factory=Counter)
    moves: list[int] = field(default_factory=list)
    tier: str | None = None
    needs: int = 0

    # What happens

    def credit(
        self,
        key: str,
        points: int,
        at: datetime,
        *,
        available_at: datetime | None = None,
        ends_at: datetime | None = None,
        counts: bool = True,
        again_of: str | None = None,
    ) -> None:
        """A purchase, or a correction by hand that gives (`counts=False`)."""
        self.settle(at)
        before = self.balance
        again: frozenset[int] = frozenset()
        if again_of is not None:
            line = self._first(self._place(again_of))
            again = frozenset(
                place for place in range(len(self.lots)) if self._first(place) == line
            )
        self.lots.append(Lot(key, points, points, available_at or at, ends_at, counts, again))
        new = len(self.lots) - 1
        unpaid = [part for part, place in self.uses if place is None]
        for part in sorted(unpaid, key=self._away):
            if self.may_go_negative or part.home in again:
                self._pay(part, new)
        self._remember_letting_off(new)
        self.moves.append(self.balance - before)
        self.settle(at)
        if counts:
            self._rise()

    def spend(self, key: str, points: int, at: datetime) -> None:
        """A reward is asked for, or a correction by hand takes."""
        self.settle(at)
        if points > self.spendable(at):
            raise NotEnough(key)
        self.rewards.append(key)
        self.moves.append(-points)
        for place in self._ending_first(at):
            lot = self.lots[place]
            eaten = min(points, lot.left) if lot.available_at <= at else 0
            if eaten:
                lot.left -= eaten
                points -= eaten
                self.uses[Part(len(self.rewards) - 1, place), place] += eaten

    def reverse(self, key: str, at: datetime, left: int = 0) -> None:
        """The purchase is worth at most `left` from now on; a void leaves nothing."""
        self.settle(at)
        before = self.balance
        lot = self.lots[self._place(key)]
        gone = max(lot.worth - left, 0)
        lot.worth -= gone
        lot.expired -= min(gone, lot.expired)
        self._lay(at)
        self.moves.append(self.balance - before)
        if lot.counts:
            self._fall()

    def come_back(self, key: str, at: datetime) -> None:
        """The reward is cancelled, lapses or is refunded."""
        self.settle(at)
        before = self.balance
        reward = self.rewards.index(key)
        for use in [use for use in self.uses if use[0].reward == reward]:
            del self.uses[use]
        self._lay(at)
        self.moves.append(self.balance - before)

    def settle(self, at: datetime) -> None:
        """What has ended by now expires."""
        before = self.balance
        for lot in self.lots:
            if lot.has_ended(at):
                lot.expired += lot.left
                lot.left = 0
        if self.balance != before:
            self.moves.append(self.balance - before)

    # What can be read

    @property
    def balance(self) -> int:
        """What is left in the lots, less what is owed."""
        return sum(lot.left for lot in self.lots) - self.owed

    @property
    def owed(self) -> int:
        """Eaten points that nobody has paid yet."""
        return self._unpaid if self.may_go_negative else 0

    @property
    def let_off(self) -> int:
        """Eaten points that nobody pays."""
        return 0 if self.may_go_negative else self._unpaid

    @property
    def lifetime(self) -> int:
        """What all purchases are worth today, eaten and expired points too."""
        return sum(lot.worth for lot in self.lots if lot.counts)

    def spendable(self, at: datetime) -> int:
        """Points that a reward could eat at that moment."""
        return sum(
            lot.left for lot in self.lots if lot.available_at <= at and not lot.has_ended(at)
        )

    def worth(self, key: str) -> int:
        """What the credit gives today."""
        return self.lots[self._place(key)].worth

    def left(self, key: str) -> int:
        """What is left of the credit."""
        return self.lots[self._place(key)].left

    def expired(self, key: str) -> int:
        """What has expired of the credit."""
        return self.lots[self._place(key)].expired

    def places(self, reward_key: str) -> dict[str | None, int]:
        """How many of the reward's points sit in which lot; None has what nobody pays."""
        reward = self.rewards.index(reward_key)
        found: Counter[str | None] = Counter()
        for (part, place), points in self.uses.items():
            if part.reward == reward:
                found[None if place is None else self.lots[place].key] += points
        return dict(found)

    # How it is worked out

    def _lay(self, at: datetime) -> None:
        """Take up every use and lay it anew: home, where it sat, wherever it is allowed."""
        for lot in self.lots:
            if lot.revived_at == at:
                lot.ends_at, lot.first_end, lot.revived_at = lot.first_end, None, None
            lot.left = lot.worth - lot.expired
        taken_up: Counter[Part] = Counter()
        for (part, _), points in self.uses.items():
            taken_up[part] += points
        self.uses = Counter({(part, None): points for part, points in taken_up.items()})
        at_home = sorted(taken_up, key=self._at_home)
        for part in at_home:
            self._pay(part, part.home)
        for part in at_home:
            if part.seat is not None:
                self._pay(part, part.seat)
        for part in sorted(taken_up, key=self._away):
            for place in self._ending_first(at):
                if place < part.before or part.home in self.lots[place].again:
                    self._pay(part, place)
        for lot in self.lots:
            if lot.left and lot.has_ended(at):
                self._revive(lot, at)

    @staticmethod
    def _at_home(part: Part) -> tuple[float, ...]:
        return -part.before, part.reward, -1 if part.seat is None else part.seat

    @staticmethod
    def _away(part: Part) -> tuple[float, ...]:
        return part.before, part.reward, part.home, -1 if part.seat is None else part.seat

    def _pay(self, part: Part, place: int) -> None:
        """Let the lot pay as much of these points as it has and as nobody has paid."""
        lot = self.lots[place]
        points = min(lot.left, self.uses[part, None])
        if points:
            lot.left -= points
            self.uses[part, place] += points
            self.uses[part, None] -= points
        self.uses = +self.uses

    def _revive(self, lot: Lot, at: datetime) -> None:
        """What came back to an ended lot is good for some days more, once."""
        if lot.revived_at is None:
            lot.first_end, lot.ends_at = lot.ends_at, self.extra_end(at)
            lot.revived_at = at
        else:
            lot.expired += lot.left
            lot.left = 0

    def _remember_letting_off(self, new: int) -> None:
        """Say of every use what this new lot will not pay, and where it sat when the lot came."""
        uses: Counter[tuple[Part, int | None]] = Counter()
        for (part, place), points in self.uses.items():
            before, seat = inf, None
            if self.let_off and place is None:
                before = min(part.before, new)
            elif self.let_off and place != part.home:
                seat = place
            uses[part._replace(before=before, seat=seat), place] += points
        self.uses = uses

    def _ending_first(self, at: datetime) -> list[int]:
        """Available lots before pending ones, then by their end, then by age."""

        def order(place: int) -> tuple[bool, bool, float, datetime, int]:
            lot = self.lots[place]
            end = lot.ends_at.timestamp() if lot.ends_at else inf
            return lot.available_at > at, lot.ends_at is None, end, lot.available_at, place

        return sorted(range(len(self.lots)), key=order)

    def _rise(self) -> None:
        self._take_highest(self.tiers[self._held :])

    def _fall(self) -> None:
        if self.lifetime < self.needs:
            held, self.tier, self.needs = self._held, None, 0
            self._take_highest(self.tiers[:held])

    def _take_highest(self, tiers: Sequence[tuple[str, int]]) -> None:
        for name, needs in tiers:
            if needs <= self.lifetime:
                self.tier, self.needs = name, needs

    @property
    def _held(self) -> int:
        """How many tiers there are up to the customer's own."""
        return [None, *(name for name, _ in self.tiers)].index(self.tier)

    @property
    def _unpaid(self) -> int:
        return sum(points for (_, place), points in self.uses.items() if place is None)

    def _first(self, place: int) -> int:
        """The first lot of its line."""
        return min(self.lots[place].again, default=place)

    def _place(self, key: str) -> int:
        return [lot.key for lot in self.lots].index(key)
