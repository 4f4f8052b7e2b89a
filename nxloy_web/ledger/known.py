"""What an account must know of its past before it moves, read for many accounts at once.

Only what can move is read: lots with something left, parts that are away from home or remember a
letting-off with the lots they touch, and what the act itself names. So a customer with ten
thousand past rewards costs the same number of statements as one with ten.
"""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, union

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.scope import current_business_id
from nxloy_web.ledger.account import Account, Lot, Part, Place
from nxloy_web.tables.points import LotUse, PointLot, PointTransaction


def open_lots(accounts: Collection[Account]) -> None:
    """Lots with something left."""
    _lots(accounts, PointLot.remaining > 0)


def lots_of(accounts: Collection[Account], source_kind: str, source_ids: Iterable[str]) -> set[str]:
    """The lots that these sources have opened; their ids."""
    entries = select(PointTransaction.id).where(
        _of(accounts, PointTransaction.balance_id),
        PointTransaction.source_kind == source_kind,
        among(PointTransaction.source_id, source_ids),
    )
    return _lots(accounts, PointLot.transaction_id.in_(entries))


def lines_of(
    accounts: Collection[Account], source_kind: str, source_ids: Iterable[str]
) -> dict[tuple[str, str], str]:
    """The lines that these sources have opened, by balance and source."""
    entry = PointTransaction
    rows = db.session.execute(
        select(entry.balance_id, entry.source_id, func.coalesce(PointLot.again_of_id, PointLot.id))
        .join(
            PointLot,
            (PointLot.business_id == entry.business_id) & (PointLot.transaction_id == entry.id),
        )
        .where(
            _of(accounts, entry.balance_id),
            entry.source_kind == source_kind,
            among(entry.source_id, source_ids),
        )
    )
    return {(balance_id, source_id): line for balance_id, source_id, line in rows}


def what_can_move(
    accounts: Collection[Account],
    *,
    homes: Collection[str] = (),
    debits: Collection[str] = (),
) -> None:
    """What `laying.lay_anew` needs: parts that are away from home or remember a letting-off, all
    parts of these homes and of these debits, and the lots they touch."""
    can_move: list[ColumnElement[bool]] = [_away_or_marked()]
    if homes:
        can_move.append(among(LotUse.home_lot_id, homes))
    if debits:
        can_move.append(among(LotUse.debit_id, debits))
    _uses(accounts, *can_move)
    touched = set(homes)
    for place in (place for account in accounts for place in account.uses):
        touched |= {place.part.home_id, place.lot_id or "", place.part.seat_id or ""}
    _lots(accounts, or_(PointLot.remaining > 0, among(PointLot.id, touched)))


def everything(accounts: Collection[Account]) -> None:
    """All lots and all uses there ever were: for whoever looks, not for whoever moves."""
    _lots(accounts, true())
    _uses(accounts, true())


def _away_or_marked() -> ColumnElement[bool]:
    """As the index says it, so that the planner sees that they are the same."""
    return or_(
        LotUse.lot_id.is_distinct_from(LotUse.home_lot_id),
        LotUse.before_seq.is_not(None),
        LotUse.seat_lot_id.is_not(None),
    )


def _lots(accounts: Collection[Account], condition: ColumnElement[bool]) -> set[str]:
    """Take them up; their ids."""
    by_id = {account.standing.id: account for account in accounts}
    lot = PointLot
    found = set()
    rows = db.session.execute(
        select(
            lot.balance_id,
            lot.id,
            lot.again_of_id,
            lot.transaction_id,
            PointTransaction.source_id,
            PointTransaction.seq,
            lot.amount,
            lot.worth,
            lot.remaining,
            lot.expired,
            lot.available_at,
            lot.expires_at,
            lot.revived_at,
            lot.first_expires_at,
        )
        .join(
            PointTransaction,
            (PointTransaction.business_id == lot.business_id)
            & (PointTransaction.id == lot.transaction_id),
        )
        .where(_of(accounts, lot.balance_id), condition)
    )
    for balance_id, lot_id, again_of_id, *figures in rows:
        by_id[balance_id].know_lot(Lot(lot_id, again_of_id or lot_id, *figures))
        found.add(lot_id)
    return found


def _uses(accounts: Collection[Account], *conditions: ColumnElement[bool]) -> None:
    """The uses for which one of these holds; each is asked of where a use sits as a whole."""
    by_id = {account.standing.id: account for account in accounts}
    # A union, and no OR: each condition has an index of its own, and an OR of them has none. The
    # planner takes nearly all uses to be away from home, so a join would read every entry there is.
    use = union(
        *(select(LotUse).where(_of(accounts, LotUse.balance_id), each) for each in conditions)
    ).subquery()
    debit_seq = (
        select(PointTransaction.seq)
        .where(
            PointTransaction.business_id == current_business_id(),
            PointTransaction.id == use.c.debit_id,
        )
        .scalar_subquery()
    )
    place = (
        use.c.balance_id,
        use.c.debit_id,
        use.c.home_lot_id,
        use.c.before_seq,
        use.c.seat_lot_id,
        use.c.lot_id,
        use.c.is_owed,
    )
    rows: Any = db.session.execute(
        select(*place, debit_seq, func.sum(use.c.amount))
        .group_by(*place)
        .having(func.sum(use.c.amount) != 0)
    )
    for balance_id, debit_id, home_id, before, seat_id, lot_id, is_owed, seq, amount in rows:
        part = Part(debit_id, seq, home_id, before, seat_id)
        by_id[balance_id].know_use(Place(part, lot_id, is_owed), amount)


def _of(accounts: Collection[Account], column: Any) -> ColumnElement[bool]:
    return among(column, [account.standing.id for account in accounts])
