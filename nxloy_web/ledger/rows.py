"""Writing what has moved: a statement a table, for one balance as for thousands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nxloy_web.db.arrays import Columns, insert_all, update_all
from nxloy_web.db.ids import new_id
from nxloy_web.ledger.account import Account
from nxloy_web.ledger.causes import Cause
from nxloy_web.ledger.moves import Reversal
from nxloy_web.tables.points import Why

MadeReversal = tuple[str, Reversal, Cause, str | None]
"""On which balance, what it did, why, and the id of the entry it made, if it made one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it will be written."""

    id: str
    customer_id: str
    program_id: str
    balance_id: str
    seq: int
    amount: int
    balance: int
    cause: Cause
    part: int = 0


_ENTRY: Columns = (
    ("id", "text"),
    ("customer_id", "text"),
    ("program_id", "text"),
    ("balance_id", "text"),
    ("seq", "int8"),
    ("type", "text"),
    ("amount", "int4"),
    ("balance", "int4"),
    ("description", "text"),
    ("metadata", "jsonb"),
    ("source_kind", "text"),
    ("source_id", "text"),
    ("part", "int4"),
    ("order_id", "text"),
    ("redemption_id", "text"),
    ("by_user_id", "text"),
    ("occurred_at", "timestamptz"),
)


def write_entries(entries: Iterable[Entry]) -> None:
    insert_all("point_transactions", _ENTRY, map(_entry_row, entries))


def _entry_row(entry: Entry) -> tuple[Any, ...]:
    cause = entry.cause
    return (
        entry.id,
        entry.customer_id,
        entry.program_id,
        entry.balance_id,
        entry.seq,
        cause.type.value,
        entry.amount,
        entry.balance,
        cause.description or None,
        _json(cause.why),
        cause.source_kind,
        cause.source_id,
        entry.part,
        cause.order_id,
        cause.redemption_id,
        cause.by.user_id,
        cause.occurred_at or cause.at,
    )


_LOT: Columns = (
    ("id", "text"),
    ("balance_id", "text"),
    ("transaction_id", "text"),
    ("again_of_id", "text"),
    ("amount", "int4"),
    ("worth", "int4"),
    ("remaining", "int4"),
    ("expired", "int4"),
    ("available_at", "timestamptz"),
    ("expires_at", "timestamptz"),
    ("revived_at", "timestamptz"),
    ("first_expires_at", "timestamptz"),
)


def write_new_lots(accounts: Iterable[Account]) -> None:
    insert_all("point_lots", _LOT, _new_lot_rows(accounts))


def _new_lot_rows(accounts: Iterable[Account]) -> Iterator[tuple[Any, ...]]:
    for account in accounts:
        for lot in account.new_lots():
            again_of = None if lot.line_id == lot.id else lot.line_id
            yield (
                lot.id,
                account.standing.id,
                lot.entry_id,
                again_of,
                lot.amount,
                lot.worth,
                lot.remaining,
                lot.expired,
                lot.available_at,
                lot.ends_at,
                lot.revived_at,
                lot.first_end,
            )


_LOT_CHANGE: Columns = (
    ("id", "text"),
    ("worth", "int4"),
    ("remaining", "int4"),
    ("expired", "int4"),
    ("expires_at", "timestamptz"),
    ("revived_at", "timestamptz"),
    ("first_expires_at", "timestamptz"),
)


def write_changed_lots(accounts: Iterable[Account]) -> None:
    update_all("point_lots", _LOT_CHANGE, _changed_lot_rows(accounts))


def _changed_lot_rows(accounts: Iterable[Account]) -> Iterator[tuple[Any, ...]]:
    for account in accounts:
        for lot in account.changed_lots():
            yield (
                lot.id,
                lot.worth,
                lot.remaining,
                lot.expired,
                lot.ends_at,
                lot.revived_at,
                lot.first_end,
            )


_REVERSAL: Columns = (
    ("id", "text"),
    ("balance_id", "text"),
    ("source_kind", "text"),
    ("source_id", "text"),
    ("entry_id", "text"),
    ("wanted", "int4"),
    ("moved", "int4"),
    ("expired", "int4"),
    ("let_off", "int4"),
    ("owed", "int4"),
    ("why", "jsonb"),
    ("occurred_at", "timestamptz"),
)


def write_reversals(made: Iterable[MadeReversal]) -> None:
    insert_all("point_reversals", _REVERSAL, map(_reversal_row, made))


def _reversal_row(made: MadeReversal) -> tuple[Any, ...]:
    balance_id, reversal, cause, entry_id = made
    return (
        new_id(),
        balance_id,
        cause.source_kind,
        cause.source_id,
        entry_id,
        reversal.wanted,
        reversal.moved,
        reversal.expired,
        reversal.let_off,
        reversal.owed,
        _json(cause.why),
        cause.at,
    )


_USE: Columns = (
    ("id", "text"),
    ("balance_id", "text"),
    ("debit_id", "text"),
    ("home_lot_id", "text"),
    ("before_seq", "int8"),
    ("seat_lot_id", "text"),
    ("lot_id", "text"),
    ("is_owed", "bool"),
    ("amount", "int4"),
)


def write_uses(accounts: Iterable[Account]) -> None:
    insert_all("lot_uses", _USE, _use_rows(accounts))


def _use_rows(accounts: Iterable[Account]) -> Iterator[tuple[Any, ...]]:
    for account in accounts:
        for place, change in account.changed_uses():
            part = place.part
            yield (
                new_id(),
                account.standing.id,
                part.debit_id,
                part.home_id,
                part.before,
                part.seat_id,
                place.lot_id,
                place.is_owed,
                change,
            )


_BALANCE: Columns = (
    ("id", "text"),
    ("balance", "int4"),
    ("spendable", "int4"),
    ("owed", "int4"),
    ("let_off", "int4"),
    ("next_change_at", "timestamptz"),
    ("last_seq", "int8"),
    ("lifetime_points", "int4"),
    ("tier_id", "text"),
    ("tier_since_at", "timestamptz"),
    ("tier_needs", "int4"),
    ("has_marks", "bool"),
)


def write_standings(accounts: Iterable[Account]) -> None:
    update_all("customer_balances", _BALANCE, _balance_rows(accounts), "updated_at = now()")


def _balance_rows(accounts: Iterable[Account]) -> Iterator[tuple[Any, ...]]:
    for account in accounts:
        standing = account.standing
        if account.is_changed:
            yield (
                standing.id,
                standing.balance,
                standing.spendable,
                standing.owed,
                standing.let_off,
                standing.next_change_at,
                standing.last_seq,
                standing.lifetime_points,
                standing.tier_id,
                standing.tier_since_at,
                standing.tier_needs,
                standing.has_marks,
            )


def _json(why: Why) -> str:
    return why.model_dump_json(exclude_defaults=True)
