"""One balance in memory: its figures, its lots, and where the points of its rewards sit.

An award opens a *lot*. A reward (or a correction by hand) *uses* points of lots. Each use has a
*home*, the lot it first came from, and sits somewhere: at home, in another lot, or nowhere. What
sits nowhere is *let off*, or *owed* where the business lets balances go below nought. Always:

    worth of a lot = what is left in it + the uses that sit in it + what expired of it
    balance        = sum of what is left in the lots - owed

An account knows only those of its lots and uses that can move; `moves` says what each act needs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Lot:
    """The points of one credit."""

    id: str
    line_id: str
    """The lot of the first time its line came, mostly itself: a purchase that is recorded again
    after it was voided goes on with the line of the voided one."""
    entry_id: str
    source_id: str
    """What opened it, as in the purchase's id."""
    seq: int
    """The number of its entry: says whether it was there when something was let off."""
    amount: int
    worth: int
    """What the award is now, after what came back of the purchase."""
    remaining: int
    expired: int
    available_at: datetime
    ends_at: datetime | None
    revived_at: datetime | None = None
    first_end: datetime | None = None
    """Its end before it was revived."""

    def has_ended(self, at: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= at

    def is_good(self, at: datetime) -> bool:
        """Whether what is left can be spent."""
        return self.available_at <= at and not self.has_ended(at)

    @property
    def order(self) -> tuple[datetime, datetime, int]:
        """Rewards eat the lot that ends first; never-ending ones last, then the older."""
        return self.ends_at or _NEVER, self.available_at, self.seq


@dataclass(frozen=True, slots=True)
class Part:
    """Points of one debit with one past."""

    debit_id: str
    debit_seq: int
    home_id: str
    """The lot they were first taken from."""
    before: int | None = None
    """They were let off when the lot of this entry came: it does not pay for them, nor do later
    ones. Kept when an older lot pays, or the order of two reversals would tell."""
    seat_id: str | None = None
    """Where they sat when a lot came while something was let off: they keep this seat as long as
    it is there, or the newer lot would make room for what was let off."""

    def may_sit_in(self, lot: "Lot", home: "Lot | None") -> bool:
        """A lot that came after a letting-off does not pay for it, but when it is the line of
        their home come again."""
        is_line_again = home is not None and lot.line_id == home.line_id
        return self.before is None or lot.seq < self.before or is_line_again


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part sits. Without a lot it is owed, or let off."""

    part: Part
    lot_id: str | None
    is_owed: bool = False

    @property
    def is_let_off(self) -> bool:
        return self.lot_id is None and not self.is_owed

    @property
    def is_plain(self) -> bool:
        """At home, and nothing to remember: it stays there whatever comes back of others."""
        part = self.part
        return self.lot_id == part.home_id and part.before is None and part.seat_id is None


@dataclass(slots=True)
class Standing:
    """The figures of a balance."""

    id: str
    customer_id: str
    program_id: str
    balance: int = 0
    spendable: int = 0
    owed: int = 0
    let_off: int = 0
    next_change_at: datetime | None = None
    last_seq: int = 0
    lifetime_points: int = 0
    tier_id: str | None = None
    tier_since_at: datetime | None = None
    tier_needs: int | None = None
    """What the tier asked for when it was reached: a later change of it takes nothing away."""
    has_marks: bool = False
    """Whether parts remember a letting-off, so that the next credit has to look at them."""
    hand_tier_id: str | None = None
    """Only `by_hand` changes these two."""
    hand_tier_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What of a customer decides whether points may move."""

    id: str
    is_blocked: bool
    user_id: str | None
    email_norm: str | None
    phone_e164: str | None


@dataclass(slots=True)
class Account:
    """A balance under its lock, at one moment, and how it was when it was read."""

    standing: Standing
    at: datetime
    extra_end: datetime
    """The end of what comes back now to a lot that has ended."""
    may_go_negative: bool = False
    lots: dict[str, Lot] = field(default_factory=dict)
    uses: dict[Place, int] = field(default_factory=dict)
    _standing_read: Standing | None = None
    _lots_read: dict[str, Lot] = field(default_factory=dict)
    _uses_read: dict[Place, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._standing_read = replace(self.standing)

    def know_lot(self, lot: Lot) -> None:
        """Take up a lot. One that is known already stays as it has become."""
        if lot.id not in self.lots:
            self.lots[lot.id], self._lots_read[lot.id] = lot, replace(lot)

    def know_use(self, place: Place, amount: int) -> None:
        if place not in self._uses_read:
            self._uses_read[place] = amount
            self.use(place, amount)

    @property
    def tier_id_read(self) -> str | None:
        """The tier that was held when the account was read, or last written."""
        return None if self._standing_read is None else self._standing_read.tier_id

    @property
    def is_changed(self) -> bool:
        return self.standing != self._standing_read

    def new_lots(self) -> list[Lot]:
        return [lot for lot in self.lots.values() if lot.id not in self._lots_read]

    def changed_lots(self) -> list[Lot]:
        kept = self._lots_read
        return [lot for lot in self.lots.values() if lot.id in kept and lot != kept[lot.id]]

    def changed_uses(self) -> Iterator[tuple[Place, int]]:
        """What has to be added to what is kept of the uses."""
        for place, amount in self.uses.items():
            change = amount - self._uses_read.get(place, 0)
            if change:
                yield place, change

    def is_written(self) -> None:
        """From here on changes are counted anew."""
        self._standing_read = replace(self.standing)
        self._lots_read = {lot.id: replace(lot) for lot in self.lots.values()}
        self._uses_read = dict(self.uses)

    def use(self, place: Place, amount: int) -> None:
        """So many points more sit there, or fewer."""
        self.uses[place] = self.uses.get(place, 0) + amount

    def sitting(self, condition: Callable[[Place], bool]) -> list[tuple[Place, int]]:
        """The known uses of some places."""
        return [(place, n) for place, n in self.uses.items() if n and condition(place)]

    def unpaid(self, is_owed: bool) -> int:
        """How many known points sit in no lot: owed ones, or those let off."""
        found = self.sitting(lambda place: place.lot_id is None and place.is_owed is is_owed)
        return sum(amount for _, amount in found)

    def open_lots(self) -> list[Lot]:
        """Known lots with something left, in the order they are used."""
        return sorted(
            (lot for lot in self.lots.values() if lot.remaining), key=lambda lot: lot.order
        )
