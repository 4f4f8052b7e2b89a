"""Where the points that rewards have eaten sit, laid anew after each reversal.

Every part that can move is taken up and laid again: home first, then on the seat it had, then
into the lots that end first, pending ones last. The rest is let off or owed. Because this starts
from the worths, and not from where the parts happened to sit, a set of reversals ends the same in
every order.
"""

from collections import Counter
from math import inf

from nxloy_web.ledger.account import Account, Lot, Part, Place


def lay_anew(account: Account) -> tuple[int, int]:
    """Lay the parts that are away from home or remember a letting-off, and all parts of lots that
    hold more than they are worth.

    Needs: these parts, their homes, seats and the lots they sit in; lots with something left.
    Gives back what was revived, and what was lost because its lot has ended for good.
    """
    _judge_revivals_again(account)
    overfull = {lot.id for lot in account.lots.values() if lot.remaining < 0}
    parts, owed, let_off = _take_up(account, overfull)
    left = dict(parts)
    for part in sorted(parts, key=_at_home):
        left[part] -= _sit(account, part, left[part], [account.lots[part.home_id]])
    for part in sorted(parts, key=_at_home):
        if part.seat_id is not None:
            left[part] -= _sit(account, part, left[part], [account.lots[part.seat_id]])
    lots = sorted(account.lots.values(), key=lambda lot: (lot.available_at > account.at, lot.order))
    for part in sorted(parts, key=_away):
        home = account.lots[part.home_id]
        there = [lot for lot in lots if part.may_sit_in(lot, home)]
        left[part] -= _sit(account, part, left[part], there)
        _leave_unpaid(account, part, left[part], owed[part], let_off[part])
    return _end_what_has_ended(account)


def remember_letting_off(account: Account, new: Lot) -> None:
    """A lot has come. What is let off at this moment it will not pay, whatever happens to it
    later; what sits away from home keeps its seat. Everything else is forgotten.

    Needs all parts that are away from home or remember a letting-off.
    """
    something_is_let_off = account.unpaid(is_owed=False) > 0
    has_marks = False
    for place, amount in account.sitting(lambda place: not place.is_plain):
        before, seat_id = None, None
        if something_is_let_off and place.lot_id is None:
            before = new.seq if place.part.before is None else min(place.part.before, new.seq)
        elif something_is_let_off and place.lot_id != place.part.home_id:
            seat_id = place.lot_id
        part = place.part
        now = Part(part.debit_id, part.debit_seq, part.home_id, before, seat_id)
        has_marks = has_marks or before is not None or seat_id is not None
        account.use(place, -amount)
        account.use(Place(now, place.lot_id, place.is_owed), amount)
    account.standing.has_marks = has_marks


def away_first(place: Place) -> tuple[float | str, ...]:
    """The order in which unpaid parts are paid."""
    return _away(place.part)


def _take_up(
    account: Account, overfull: set[str]
) -> tuple[Counter[Part], Counter[Part], Counter[Part]]:
    """The parts that can move, and how much of each was owed or let off."""
    parts: Counter[Part] = Counter()
    owed: Counter[Part] = Counter()
    let_off: Counter[Part] = Counter()
    for place, amount in account.sitting(
        lambda place: place.part.home_id in overfull or not place.is_plain
    ):
        account.use(place, -amount)
        parts[place.part] += amount
        if place.lot_id is not None:
            account.lots[place.lot_id].remaining += amount
        elif place.is_owed:
            owed[place.part] += amount
        else:
            let_off[place.part] += amount
    return parts, owed, let_off


def _at_home(part: Part) -> tuple[float | str, ...]:
    """What was never let off, then what was let off last; of these the older reward."""
    return -_before(part), part.debit_seq, part.seat_id or ""


def _away(part: Part) -> tuple[float | str, ...]:
    """What the fewest lots may pay, so that as much as can be is paid; then the older reward."""
    return _before(part), part.debit_seq, part.home_id, part.seat_id or ""


def _before(part: Part) -> float:
    return inf if part.before is None else part.before


def _sit(account: Account, part: Part, amount: int, lots: list[Lot]) -> int:
    """Put as much of a part into these lots as they hold; how much that is."""
    left = amount
    for lot in lots:
        points = min(left, lot.remaining)
        if points > 0:
            lot.remaining -= points
            left -= points
            account.use(Place(part, lot.id), points)
    return amount - left


def _leave_unpaid(account: Account, part: Part, amount: int, owed: int, let_off: int) -> None:
    """What was owed or let off before stays so, whatever the business has chosen meanwhile."""
    still_owed = min(amount, owed)
    still_let_off = min(amount - still_owed, let_off)
    new = amount - still_owed - still_let_off
    if account.may_go_negative:
        still_owed += new
    else:
        still_let_off += new
    for is_owed, points in ((True, still_owed), (False, still_let_off)):
        if points:
            account.use(Place(part, None, is_owed), points)


def _judge_revivals_again(account: Account) -> None:
    """Of several reversals at one instant, each judges anew what the others have revived."""
    for lot in account.lots.values():
        if lot.revived_at == account.at:
            lot.ends_at, lot.first_end, lot.revived_at = lot.first_end, None, None


def _end_what_has_ended(account: Account) -> tuple[int, int]:
    """What came back to a lot that has ended lives some days more, once; then it has ended."""
    revived = ended = 0
    for lot in account.lots.values():
        if lot.remaining <= 0 or not lot.has_ended(account.at):
            continue
        if lot.revived_at is None:
            lot.first_end, lot.ends_at, lot.revived_at = lot.ends_at, account.extra_end, account.at
            revived += lot.remaining
        else:
            ended += lot.remaining
            lot.expired += lot.remaining
            lot.remaining = 0
    return revived, ended
