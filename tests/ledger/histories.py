"""Made-up histories, played on the ledger and on the model at once."""

from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import expiry, moves
from nxloy_web.ledger.account import Account, Lot, Standing
from nxloy_web.tables.customers import Customer
from tests.factories import NOON, Shop
from tests.ledger import model
from tests.ledger.books import DAY, Kept

BERLIN = ZoneInfo("Europe/Berlin")
Step = tuple[Any, ...]

# Tens, so that things meet often.
tens = st.integers(1, 4).map(lambda number: number * 10)
which = st.integers(0, 5)
lasts = st.sampled_from([None, None, 2, 6, 20])
reversals = st.one_of(
    st.tuples(st.just("reverse"), which),
    st.tuples(st.just("come back"), which),
)
steps = st.one_of(
    st.tuples(st.just("credit"), tens, lasts, st.sampled_from([0, 0, 0, 0, -6, 3])),
    st.tuples(st.just("credit"), tens, lasts, st.just(0)),
    st.tuples(st.just("spend"), tens),
    st.tuples(st.just("spend"), tens),
    reversals,
    reversals,
    st.tuples(st.just("again"), which, tens),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 8])),
)
histories = st.lists(steps, min_size=3, max_size=16)


def extra_end(at: datetime) -> datetime:
    return expiry.days_on(at, moves.EXTRA_DAYS, BERLIN)


class Ledger(Protocol):
    """What a history is played on besides the model."""

    def credit(
        self, key: str, points: int, at: datetime, begins: datetime, ends: datetime | None,
        again_of: str | None,
    ) -> None: ...  # fmt: skip
    def spend(self, key: str, points: int, at: datetime) -> None: ...
    def reverse(self, key: str, at: datetime) -> None: ...
    def come_back(self, key: str, at: datetime) -> None: ...
    def seen(self, at: datetime) -> dict[str, Any]: ...


class Pure:
    """The moves alone, on an account that knows everything."""

    def __init__(self, may_go_negative: bool) -> None:
        self.account = Account(Standing("b", "c", "p"), NOON, NOON, may_go_negative)
        self.entries: dict[str, str] = {}

    def begin(self, at: datetime) -> Account:
        account = self.account
        account.at, account.extra_end = at, extra_end(at)
        if moves.must_settle(account):
            for lot in account.open_lots():
                if lot.has_ended(at):
                    moves.expire(account, lot)
            moves.recount(account)
        return account

    def credit(
        self, key: str, points: int, at: datetime, begins: datetime, ends: datetime | None,
        again_of: str | None,
    ) -> None:  # fmt: skip
        account = self.begin(at)
        line = account.lots[again_of].line_id if again_of else key
        lot = Lot(key, line, key, key, 0, points, points, points, 0, begins, ends)
        moves.credit(account, lot)
        if lot.remaining and lot.has_ended(at):
            moves.expire(account, lot)

    def spend(self, key: str, points: int, at: datetime) -> None:
        moves.debit(self.begin(at), points, key)

    def reverse(self, key: str, at: datetime) -> None:
        account = self.begin(at)
        moves.lower(account, account.lots[key])

    def come_back(self, key: str, at: datetime) -> None:
        moves.come_back(self.begin(at), key)

    def seen(self, at: datetime) -> dict[str, Any]:
        account = self.begin(at)
        return seen_of(account, {key: key for key in account.lots})


def seen_of(account: Account, names: dict[str, str]) -> dict[str, Any]:
    """Everything that the model can be asked too."""
    standing, places = account.standing, {}
    for place, amount in account.sitting(lambda place: True):
        lot = None if place.lot_id is None else names[place.lot_id]
        found = places.setdefault(place.part.debit_seq, {})
        found[lot] = found.get(lot, 0) + amount
    return {
        "balance": standing.balance,
        "spendable": standing.spendable,
        "owed": standing.owed,
        "let off": standing.let_off,
        "lots": {
            names[lot.id]: (lot.worth, lot.remaining, lot.expired, lot.ends_at)
            for lot in account.lots.values()
        },
        "places": [places[seq] for seq in sorted(places)],
    }


def seen_by(told: model.Account, at: datetime) -> dict[str, Any]:
    told.settle(at)
    places = [told.places(reward) for reward in told.rewards]
    return {
        "balance": told.balance,
        "spendable": told.spendable(at),
        "owed": told.owed,
        "let off": told.let_off,
        "lots": {lot.key: (lot.worth, lot.left, lot.expired, lot.ends_at) for lot in told.lots},
        "places": [place for place in places if place],
    }


class Played:
    """A history on both. What is not possible at that moment does not happen."""

    def __init__(self, ledger: Ledger, may_go_negative: bool) -> None:
        self.ledger = ledger
        self.model = model.Account(may_go_negative, extra_end=extra_end)
        self.at = NOON
        self.back: set[str] = set()
        self.voided: set[str] = set()

    def play(self, step: Step) -> None:
        match step:
            case "credit", points, days, begins:
                self.credit(points, days, begins, None)
            case "again", number, points:
                gone = [lot.key for lot in self.model.lots if lot.key in self.voided]
                if gone:
                    self.credit(points, None, 0, gone[number % len(gone)])
            case "spend", points:
                if points <= self.model.spendable(self.at):
                    key = f"reward {len(self.model.rewards)}"
                    self.model.spend(key, points, self.at)
                    self.ledger.spend(key, points, self.at)
            case "wait", days:
                self.at += timedelta(days=days)
            case _:
                self.reverse(*self.named(step))

    def credit(self, points: int, days: int | None, begins: int, again_of: str | None) -> None:
        key = f"lot {len(self.model.lots)}"
        begin = self.at + begins * DAY
        end = None if days is None else begin + days * DAY
        self.model.credit(key, points, self.at, available_at=begin, ends_at=end, again_of=again_of)
        self.ledger.credit(key, points, self.at, begin, end, again_of)

    def named(self, step: Step) -> tuple[str, str]:
        """What a reversal means at this moment; "" when there is nothing to reverse."""
        verb, number = step
        if verb == "reverse":
            keys = [lot.key for lot in self.model.lots if lot.key not in self.voided]
        else:
            keys = [key for key in self.model.rewards if key not in self.back]
        return verb, keys[number % len(keys)] if keys else ""

    def reverse(self, verb: str, key: str) -> None:
        if not key:
            return
        if verb == "reverse":
            self.voided.add(key)
            self.model.reverse(key, self.at)
            self.ledger.reverse(key, self.at)
        else:
            self.back.add(key)
            self.model.come_back(key, self.at)
            self.ledger.come_back(key, self.at)

    def is_alike(self) -> None:
        assert self.ledger.seen(self.at) == seen_by(self.model, self.at)


def a_customer(shop: Shop) -> tuple[str, str]:
    """A new customer of the shop in the open transaction, and the program."""
    customer = Customer(id=new_id(), member_code=new_id(), email="a@b.c", email_norm=new_id())
    db.session.add(customer)
    db.session.flush()
    return customer.id, shop.program_id


def kept(shop: Shop) -> Kept:
    return Kept(*a_customer(shop))
