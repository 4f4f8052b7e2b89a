"""Lists a page at a time, and counts that stop early.

A page begins behind a row that somebody has seen, not at a number: it costs the same wherever it
stands in the list, and a row that is added meanwhile moves nothing. The cursor of a row is its
values in the columns that order the list, joined by `~`, as they stand in an address.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from nxloy_web.db import db
from nxloy_web.db.base import Base, Instant
from nxloy_web.db.ids import is_id

PAGE = 25
COUNTED = 1_000
"""So far lists are counted; beyond it they say "more than": a million rows cost no more."""
NEVER = "-infinity"

Item = TypeVar("Item")
Made = TypeVar("Made")
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Page(Generic[Item]):
    rows: Sequence[Item] = ()
    is_first: bool = True
    before: str = ""
    after: str = ""
    """The cursors of the pages on either side; empty at the ends."""
    total: int = 0
    """How many rows the whole list has, where it counts them: see `count`."""

    def each(self, make: Callable[[Item], Made]) -> "Page[Made]":
        """The page with something else made of every row."""
        made = [make(row) for row in self.rows]
        return Page(made, self.is_first, self.before, self.after, self.total)


class Order:
    """The order of a list: by these columns, all of them upwards or all of them downwards.

    The last column tells each row from all others. `never_lowest`: where the first column, an
    instant, has no value, the row stands below all that have one.
    """

    def __init__(
        self,
        *columns: InstrumentedAttribute[Any],
        descending: bool = False,
        never_lowest: bool = False,
    ) -> None:
        self._columns = columns
        self._descending = descending
        self._never_lowest = never_lowest
        self._keys: list[ColumnElement[Any]] = [column.expression for column in columns]
        if never_lowest:
            # Word for word as in the index: with a parameter, a plan for all values cannot use it.
            lowest: ColumnElement[Any] = literal_column(f"'{NEVER}'::timestamptz")
            self._keys[0] = func.coalesce(columns[0], lowest)

    def page(
        self,
        statement: Select[*Columns],
        *,
        after: str = "",
        before: str = "",
        size: int = PAGE,
    ) -> Page[Row[*Columns]]:
        """The rows behind `after`, or those that end at `before`. What is no cursor of this list
        is not heard: an address that was cut off shows the first page."""
        seen = self._read(before or after)
        backwards = bool(before and seen)
        found = self.rows(statement, before or after, backwards, size + 1)
        rows, is_more = found[:size], len(found) > size
        if backwards:
            rows = rows[::-1]
        is_first = not is_more if backwards else seen is None
        return Page(
            rows,
            is_first,
            before="" if is_first or not rows else self.cursor_of(rows[0]),
            after=self.cursor_of(rows[-1]) if rows and (backwards or is_more) else "",
        )

    def rows(
        self, statement: Select[*Columns], cursor: str, backwards: bool, most: int
    ) -> Sequence[Row[*Columns]]:
        """The rows behind the cursor, or those before it, the nearest first."""
        seen = self._read(cursor)
        downwards = self._descending is not backwards
        if seen is not None:
            here, there = tuple_(*self._keys), tuple_(*seen)
            statement = statement.where(here < there if downwards else here > there)
        order = [key.desc() if downwards else key for key in self._keys]
        return db.session.execute(statement.order_by(*order).limit(most)).all()

    def can_read(self, cursor: str) -> bool:
        """Whether this is a cursor of a list in this order."""
        return self._read(cursor) is not None

    def batches(self, statement: Select[*Columns], size: int) -> Iterator[Sequence[Row[*Columns]]]:
        """The whole list, for an export; what was read is forgotten before the next is read.

        Each batch is read in a transaction of its own: however long the list is, and however long
        somebody takes over a batch, the database waits for nobody.
        """
        page = self.page(statement, size=size)
        while True:
            db.session.expunge_all()
            db.session.commit()
            yield page.rows
            if not page.after:
                return
            page = self.page(statement, after=page.after, size=size)

    def cursor_of(self, row: Any) -> str:
        """Of a row that has the columns of the order, or whose first item has them."""
        entity = row[0] if isinstance(row, Row) and isinstance(row[0], Base) else row
        return "~".join(_written(_value(row, entity, column.key)) for column in self._columns)

    def _read(self, cursor: str) -> list[ColumnElement[Any]] | None:
        """The values of a cursor; None for what is none of this list."""
        # From the right: a name may have the mark in it.
        texts = cursor.rsplit("~", len(self._columns) - 1)
        if not cursor or len(texts) < len(self._columns):
            return None
        try:
            values = [_read(*pair) for pair in zip(self._columns, texts, strict=True)]
        except (ValueError, OverflowError):
            return None
        if isinstance(values[-1], str) and not is_id(values[-1]):
            return None
        if None in values and not self._never_lowest:
            return None
        there: list[ColumnElement[Any]] = [
            literal(value, column.type) for column, value in zip(self._columns, values, strict=True)
        ]
        if self._never_lowest:
            there[0] = cast(_written(values[0]), Instant)  # Python has no such instant
        return there


@dataclass(frozen=True)
class Stretch:
    """A part of a list in an order of its own."""

    name: str
    order: Order
    statement: Select[Any]


class Stretches:
    """A list whose rows come from several places, one after the other: first those with points
    by their points, then those who have none.

    Each stretch is read by an index of its own, and only when a page gets that far. A cursor says
    first which stretch its row stands in.
    """

    def __init__(self, *stretches: Stretch) -> None:
        self._stretches = stretches

    def page(self, *, after: str = "", before: str = "", size: int = PAGE) -> Page[Any]:
        backwards = bool(before)
        name, _, cursor = (before or after).partition("~")
        known = [stretch.name for stretch in self._stretches]
        if name not in known or not self._of(name).order.can_read(cursor):
            backwards, cursor, name = False, "", known[0]
        ahead = self._ahead(name, backwards)
        found: list[tuple[Stretch, Any]] = []
        for stretch in ahead:
            seen = cursor if stretch.name == name else ""
            rows = stretch.order.rows(stretch.statement, seen, backwards, size + 1 - len(found))
            found += [(stretch, row) for row in rows]
            if len(found) > size:
                break
        is_more = len(found) > size
        shown = found[:size][::-1] if backwards else found[:size]
        is_first = not is_more if backwards else not cursor
        return Page(
            [row for _, row in shown],
            is_first,
            before="" if is_first or not shown else self._cursor_of(*shown[0]),
            after=self._cursor_of(*shown[-1]) if shown and (backwards or is_more) else "",
        )

    def batches(self, size: int) -> Iterator[Sequence[Any]]:
        """The whole list, as `Order.batches` reads it."""
        for stretch in self._stretches:
            yield from stretch.order.batches(stretch.statement, size)

    def _ahead(self, name: str, backwards: bool) -> Sequence[Stretch]:
        stretches = self._stretches[::-1] if backwards else self._stretches
        names = [stretch.name for stretch in stretches]
        return stretches[names.index(name) :]

    def _of(self, name: str) -> Stretch:
        return next(stretch for stretch in self._stretches if stretch.name == name)

    @staticmethod
    def _cursor_of(stretch: Stretch, row: Any) -> str:
        return f"{stretch.name}~{stretch.order.cursor_of(row)}"


@dataclass(frozen=True)
class NumberedPage(Generic[Item]):
    """A page of a list that cannot grow long, reached by its number."""

    rows: Sequence[Item]
    number: int
    first: int
    """Counts from 1, as does `last`."""
    total: int
    is_last: bool

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def numbered_page(
    statement: Select[Item], number: int, *, total: int, size: int = PAGE
) -> NumberedPage[Item]:
    skipped = (number - 1) * size
    rows = db.session.scalars(statement.offset(skipped).limit(size + 1)).all()
    return NumberedPage(rows[:size], number, skipped + 1, total, is_last=len(rows) <= size)


def count(rows: Select[Any], most: int = COUNTED) -> int:
    """How many rows there are, counted up to one more than `most`."""
    return db.session.scalar(_counting(rows, most)) or 0


def counted(rows: Select[Any], most: int = COUNTED) -> ScalarSelect[int]:
    """The same inside a larger statement."""
    return _counting(rows, most).scalar_subquery()


def _counting(rows: Select[Any], most: int) -> Select[int]:
    limited = rows.limit(most + 1).subquery()
    options = rows.get_execution_options()
    return select(func.count()).select_from(limited).execution_options(**options)


def _value(row: Any, entity: Any, key: str) -> Any:
    """A column that stands in the row itself, else in its first item."""
    own = isinstance(row, Row) and key in row._fields
    return getattr(row if own else entity, key)


def _written(value: Any) -> str:
    if value is None:
        return NEVER
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(column: InstrumentedAttribute[Any], text: str) -> datetime | int | str | None:
    kind = column.type.python_type
    if kind is int:
        # Digits only; what a column has no room for stands at its end.
        if not (text.isascii() and text.isdecimal()):
            raise ValueError("not a number")
        room = 63 if isinstance(column.type, BigInteger) else 31
        return min(int(text[:20]), 2**room - 1)
    if kind is not datetime:
        return text
    if text == NEVER:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at.astimezone(UTC)  # Python knows zones that PostgreSQL does not
