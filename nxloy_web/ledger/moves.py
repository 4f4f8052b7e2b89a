"""How points move on one account: whole numbers in, whole numbers out, and no database.

Each act says what the account must know of its lots and uses before. `expire` comes first when
`must_settle`: every other act expects that what has ended was written off.
"""

from collections.abc import Callable
from dataclasses import dataclass

from nxloy_web.ledger.account import Account, Lot, Part, Place, Standing
from nxloy_web.ledger.laying import away_first, lay_anew, remember_letting_off

EXTRA_DAYS = 7
"""What comes back to a lot that has ended is good for this many days more, once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry to be written."""

    seq: int
    amount: int
    balance: int
    """The balance after it."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """What a reversal did, also when nothing moved. Points, never below nought."""

    wanted: int
    """Of a purchase: what it is worth less. Of a reward: what it cost."""
    moved: int
    """What was taken out of the balance, or came back to it."""
    step: Step | None
    expired: int = 0
    """Of a purchase: had expired, so nothing moves for it."""
    let_off: int = 0
    """Of a purchase: eaten by rewards, and paid by nobody. Of a reward: belonged to a purchase
    that came back, so it was never the customer's."""
    owed: int = 0
    """Of a purchase: eaten, and owed from now on. Of a reward: owed, and no longer."""
    paid_for_others: int = 0
    """Of a reward: pays for older rewards whose purchases came back."""
    revived: int = 0
    """Of a reward: had expired, and is good for some days more."""
    ended: int = 0
    """Of a reward: had expired for good."""


class TooFew(Exception):
    """There are not enough points; how many are missing."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing


def must_settle(account: Account) -> bool:
    """Whether something became available or ended since the figures were written."""
    change = account.standing.next_change_at
    return change is not None and change <= account.at


def expire(account: Account, lot: Lot) -> Step:
    """Write off what is left of a lot that has ended."""
    amount, lot.remaining = lot.remaining, 0
    lot.expired += amount
    return _step(account.standing, -amount)


def credit(account: Account, lot: Lot) -> list[Step]:
    """Open a lot. It pays what is owed first, and what its own line left unpaid the time before:
    a void and the same purchase once more must not make a reward free.

    Needs, when something is owed, let off or marked, the parts that are away from home or
    remember a letting-off, and their homes. The second step, if there is one, is what the line
    had left unpaid.
    """
    standing = account.standing
    steps = [_step(standing, lot.amount)]
    lot.seq = steps[0].seq
    account.lots[lot.id] = lot
    standing.owed -= _pay(account, lot, lambda place: place.is_owed)
    paid = _pay(account, lot, lambda place: place.is_let_off and _is_line(account, lot, place))
    if paid:
        standing.let_off -= paid
        steps.append(_step(standing, -paid))
    if standing.let_off or standing.has_marks:
        remember_letting_off(account, lot)
    _count_lot(account, lot)
    return steps


def debit(account: Account, amount: int, debit_id: str) -> Step:
    """Take points out of the good lots that end first. Needs the lots with something left.

    Raises TooFew, and then nothing has moved.
    """
    good = [lot for lot in account.open_lots() if lot.is_good(account.at)]
    missing = amount - sum(lot.remaining for lot in good)
    if missing > 0:
        raise TooFew(missing)
    step = _step(account.standing, -amount)
    for lot in good:
        part = min(amount, lot.remaining)
        if part:
            lot.remaining -= part
            amount -= part
            account.use(Place(Part(debit_id, step.seq, lot.id), lot.id), part)
    recount(account)
    return step


def lower(account: Account, lot: Lot, *, left: int = 0) -> Reversal:
    """A purchase comes back: its lot is worth at most `left` from now on.

    First goes what has expired (nothing moves), then what is left, pending or not, then what was
    eaten, which moves to other lots or is let off or owed. Needs the lot, all parts whose home it
    is, and what `lay_anew` needs.
    """
    standing = account.standing
    before = standing.balance, standing.let_off, standing.owed
    wanted = max(0, lot.worth - left)
    expired = min(wanted, lot.expired)
    lot.worth -= wanted
    lot.expired -= expired
    lot.remaining -= wanted - expired  # below nought: eaten, and laid anew now
    lay_anew(account)
    step = _account_for(account)
    return Reversal(
        wanted,
        moved=before[0] - standing.balance,
        step=step,
        expired=expired,
        let_off=standing.let_off - before[1],
        owed=standing.owed - before[2],
    )


def come_back(account: Account, debit_id: str) -> Reversal:
    """A reward comes back. What sits in lots pays for other rewards first; what of it was let off
    was never there. Needs the parts of the debit and their lots, and what `lay_anew` needs."""
    standing = account.standing
    before = standing.balance
    parts = account.sitting(lambda place: place.part.debit_id == debit_id)
    let_off = owed = 0
    for place, amount in parts:
        account.use(place, -amount)
        if place.lot_id is not None:
            account.lots[place.lot_id].remaining += amount
        elif place.is_owed:
            owed += amount
        else:
            let_off += amount
    revived, ended = lay_anew(account)
    step = _account_for(account)
    wanted, moved = sum(amount for _, amount in parts), standing.balance - before
    return Reversal(
        wanted,
        moved,
        step,
        let_off=let_off,
        owed=owed,
        paid_for_others=wanted - moved - let_off - ended,
        revived=revived,
        ended=ended,
    )


def recount(account: Account) -> None:
    """Write down what the lots add up to. Needs all lots with something left."""
    open_lots = account.open_lots()
    at, standing = account.at, account.standing
    standing.spendable = sum(lot.remaining for lot in open_lots if lot.is_good(at))
    standing.next_change_at = min(
        (
            instant
            for lot in open_lots
            for instant in (lot.available_at, lot.ends_at)
            if instant is not None and instant > at
        ),
        default=None,
    )


def _account_for(account: Account) -> Step | None:
    """The figures after uses were laid anew, and the entry that leads to them, if any."""
    standing = account.standing
    standing.owed, standing.let_off = account.unpaid(is_owed=True), account.unpaid(is_owed=False)
    recount(account)
    balance = sum(lot.remaining for lot in account.lots.values()) - standing.owed
    return _step(standing, balance - standing.balance) if balance != standing.balance else None


def _step(standing: Standing, amount: int) -> Step:
    standing.last_seq += 1
    standing.balance += amount
    return Step(standing.last_seq, amount, standing.balance)


def _pay(account: Account, lot: Lot, condition: Callable[[Place], bool]) -> int:
    """Let a lot pay unpaid parts as far as it goes; how much that is."""
    before = lot.remaining
    for place, amount in sorted(account.sitting(condition), key=lambda one: away_first(one[0])):
        points = min(amount, lot.remaining)
        if points:
            account.use(place, -points)
            account.use(Place(place.part, lot.id), points)
            lot.remaining -= points
    return before - lot.remaining


def _is_line(account: Account, lot: Lot, place: Place) -> bool:
    return account.lots[place.part.home_id].line_id == lot.line_id


def _count_lot(account: Account, lot: Lot) -> None:
    """One more lot, without reading the others: the figures are exact at this moment."""
    if not lot.remaining or lot.has_ended(account.at):
        return  # it ended before it was written down, and is written off next
    standing = account.standing
    if lot.is_good(account.at):
        standing.spendable += lot.remaining
    changes = (standing.next_change_at, lot.available_at, lot.ends_at)
    coming = (change for change in changes if change is not None and change > account.at)
    standing.next_change_at = min(coming, default=None)
