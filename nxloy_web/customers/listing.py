"""The customer list: filter, order, page, count, export. Its cost does not grow with the rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from nxloy_web.customers import finding
from nxloy_web.customers.finding import Match
from nxloy_web.customers.queries import ProgramWithTiers
from nxloy_web.db import db
from nxloy_web.db.cursors import write_cursor
from nxloy_web.db.session import history
from nxloy_web.ledger.reads import spendable_now
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.segments import CustomerSegmentMember
from nxloy_web.web.arguments import GREATEST, Arguments

PAGE = 25
COUNTED = 1_000
LONGEST_CURSOR = 500
NEVER = "-infinity"
"""Stands for "has not bought yet" where lists sort by the last purchase."""

_BOUGHT: ColumnElement[Any] = literal_column(
    "coalesce(customers.last_purchase_at, '-infinity'::timestamptz)"
)
SORTS: dict[str, Any] = {
    "name": Customer.name_norm,
    "joined": Customer.created_at,
    "spent": Customer.spent_minor,
    "last": _BOUGHT,
}
DEFAULT_SORT = "-joined"


@dataclass(frozen=True)
class Filter:
    """What the address of the list says; empty values do not filter."""

    text: str = ""
    status: CustomerStatus | None = None
    segment_id: str = ""
    tier_id: str = ""
    tag: str = ""
    sort: str = DEFAULT_SORT
    after: str = ""
    before: str = ""

    @classmethod
    def from_args(cls, args: Arguments) -> Self:
        """Read the query string; what makes no sense does not filter."""
        sort = args.get("sort", DEFAULT_SORT)
        return cls(
            text=args.text("q"),
            status=args.member("status", CustomerStatus),
            segment_id=args.row_id("segment"),
            tier_id=args.row_id("tier"),
            tag=args.text("tag"),
            sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
            after=args.text("after", LONGEST_CURSOR),
            before=args.text("before", LONGEST_CURSOR),
        )

    @property
    def is_set(self) -> bool:
        return any((self.text, self.status, self.segment_id, self.tier_id, self.tag))


@dataclass(frozen=True, slots=True)
class Line:
    """One customer of the list: no more columns than it shows."""

    id: str
    name: str
    reach: str
    status: CustomerStatus
    spent_minor: int
    last_purchase_at: datetime | None
    created_at: datetime
    points: int
    tier_id: str | None


@dataclass(frozen=True)
class Page:
    rows: list[Line]
    total: int
    """Counted up to one more than COUNTED."""
    before: str
    after: str
    """Cursors of the pages on either side; empty at the ends."""


@dataclass(frozen=True)
class _Narrowed:
    condition: ColumnElement[bool]
    match: Match | None = None
    """The search behind the condition, when nothing else filters: its count can stop early."""


def page_of(filter_: Filter, program: ProgramWithTiers | None, at: datetime) -> Page:
    narrowed = _narrowed(filter_)
    backwards = bool(filter_.before)
    cursor = _read(filter_, filter_.before or filter_.after)
    statement = _ordered(select(*_COLUMNS), filter_, backwards)
    if narrowed is not None:
        statement = statement.where(narrowed.condition)
    if cursor is not None:
        statement = statement.where(_beyond(filter_, cursor, backwards))
    found = db.session.execute(statement.limit(PAGE + 1)).all()
    more, rows = len(found) > PAGE, found[:PAGE]
    if backwards:
        rows = rows[::-1]
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    return Page(
        rows=_lines(rows, _balances([row.id for row in rows], program, at)),
        total=_count(narrowed),
        before=_write(filter_, first) if first and (more if backwards else cursor) else "",
        after=_write(filter_, last) if last and (backwards or more) else "",
    )


def everything(
    filter_: Filter, program: ProgramWithTiers | None, at: datetime, batch: int = 1_000
) -> Iterator[tuple[Customer, int | None, str | None]]:
    """All customers of the list in its order, with points and tier: for the export."""
    filter_ = replace(filter_, before="", after="")
    narrowed = _narrowed(filter_)
    cursor = None
    while True:
        statement = _ordered(select(Customer), filter_, backwards=False)
        if narrowed is not None:
            statement = statement.where(narrowed.condition)
        if cursor is not None:
            statement = statement.where(_beyond(filter_, cursor, backwards=False))
        rows = db.session.scalars(statement.limit(batch)).all()
        balances = _balances([row.id for row in rows], program, at)
        for row in rows:
            yield row, *balances.get(row.id, (None, None))
        if len(rows) < batch:
            return
        cursor = _read(filter_, _write(filter_, rows[-1]))
        db.session.expunge_all()


def ids_matching(filter_: Filter) -> Select[Any]:
    """The customers "all that match" means, as a query to insert from."""
    statement = select(Customer.id).where(Customer.deleted_at.is_(None))
    narrowed = _narrowed(filter_)
    return statement if narrowed is None else statement.where(narrowed.condition)


def deleted(before: tuple[datetime, str] | None) -> tuple[list[Customer], str]:
    """A page of deleted customers, the latest first, and the cursor of the next."""
    statement = (
        select(Customer)
        .where(Customer.deleted_at.is_not(None))
        .order_by(Customer.deleted_at.desc(), Customer.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        statement = statement.where(tuple_(Customer.deleted_at, Customer.id) < tuple_(*before))
    rows = list(db.session.scalars(history(statement)))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    if last is None or last.deleted_at is None:
        return rows, ""
    return rows[:PAGE], write_cursor(last.deleted_at, last.id)


_COLUMNS: Any = (
    Customer.id,
    Customer.first_name,
    Customer.last_name,
    Customer.email,
    Customer.phone_e164,
    Customer.status,
    Customer.name_norm,
    Customer.spent_minor,
    Customer.last_purchase_at,
    Customer.created_at,
)


def _balances(
    ids: list[str], program: ProgramWithTiers | None, at: datetime
) -> dict[str, tuple[int, str | None]]:
    """Points and tier of these customers.

    Asked for after the page is known: as a join, the planner expects few balances in a program
    and reads all of them. The program is picked here, so that only the customers' index fits.
    """
    if program is None or not ids:
        return {}
    rows = db.session.execute(
        select(
            CustomerBalance.customer_id,
            CustomerBalance.program_id,
            CustomerBalance.tier_id,
            spendable_now(at).label("points"),
        ).where(CustomerBalance.customer_id == any_(literal(ids, ARRAY(Text))))
    )
    return {
        row.customer_id: (row.points, row.tier_id) for row in rows if row.program_id == program.id
    }


def _ordered(statement: Select[Any], filter_: Filter, backwards: bool) -> Select[Any]:
    column = SORTS[filter_.sort.removeprefix("-")]
    if filter_.sort.startswith("-") is not backwards:
        return statement.order_by(column.desc(), Customer.id.desc())
    return statement.order_by(column, Customer.id)


def _beyond(filter_: Filter, cursor: tuple[Any, str], backwards: bool) -> ColumnElement[bool]:
    here = tuple_(SORTS[filter_.sort.removeprefix("-")], Customer.id)
    there = tuple_(*cursor)
    return here < there if filter_.sort.startswith("-") is not backwards else here > there


def _narrowed(filter_: Filter) -> _Narrowed | None:
    """The filter as one condition; None when it lets everybody through."""
    parts: list[_Narrowed] = []
    if filter_.text:
        parts.append(_by(finding.matching(filter_.text)))
    if filter_.tag:
        parts.append(_by(finding.tagged(filter_.tag)))
    if filter_.status is not None:
        parts.append(_Narrowed(Customer.status == filter_.status))
    if filter_.segment_id:
        members = select(CustomerSegmentMember.customer_id).where(
            CustomerSegmentMember.segment_id == filter_.segment_id
        )
        parts.append(_Narrowed(Customer.id.in_(members)))
    if filter_.tier_id:
        holders = select(CustomerBalance.customer_id).where(
            CustomerBalance.tier_id == filter_.tier_id
        )
        parts.append(_Narrowed(Customer.id.in_(holders)))
    if len(parts) > 1:
        return _Narrowed(and_(*(part.condition for part in parts)))
    return parts[0] if parts else None


def _by(match: Match) -> _Narrowed:
    return _Narrowed(match.among(Customer.id), match)


def _count(narrowed: _Narrowed | None) -> int:
    # One more than is said exactly: "more than 1,000" must not cost a count of a million.
    match = narrowed.match if narrowed else None
    if match is not None and match.at_least > COUNTED:
        return COUNTED + 1
    if narrowed is None:
        # The order keeps this in an index of the business: a scan of the table would stop early
        # only where no other business's rows stand before its own.
        rows = select(Customer.id).order_by(Customer.created_at)
    elif match is not None and match.counting is not None:
        some = match.counting.limit(finding.FETCHED).subquery()
        rows = select(some.c[0]).distinct()
    else:
        rows = select(Customer.id).where(narrowed.condition)
    limited = rows.limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(limited)) or 0


def _lines(rows: Any, balances: dict[str, tuple[int, str | None]]) -> list[Line]:
    lines = []
    for row in rows:
        full = " ".join(part for part in (row.first_name, row.last_name) if part)
        reach = row.email or row.phone_e164 or ""
        points, tier_id = balances.get(row.id, (0, None))
        lines.append(
            Line(
                id=row.id,
                name=full or reach or "Erased customer",
                reach=reach if full else "",
                status=row.status,
                spent_minor=row.spent_minor,
                last_purchase_at=row.last_purchase_at,
                created_at=row.created_at,
                points=points,
                tier_id=tier_id,
            )
        )
    return lines


def _write(filter_: Filter, row: Any) -> str:
    match filter_.sort.removeprefix("-"):
        case "name":
            value = row.name_norm
        case "joined":
            value = row.created_at.isoformat()
        case "spent":
            value = str(row.spent_minor)
        case _:
            value = row.last_purchase_at.isoformat() if row.last_purchase_at else NEVER
    return f"{value}~{row.id}"


def _read(filter_: Filter, cursor: str) -> tuple[Any, str] | None:
    value, mark, row_id = cursor.rpartition("~")
    if not mark or not row_id.isalnum():
        return None
    try:
        match filter_.sort.removeprefix("-"):
            case "name":
                return value, row_id
            case "joined":
                return _instant(value), row_id
            case "spent":
                return min(max(int(value[:20]), 0), GREATEST), row_id
            case _:
                # A bound parameter of type timestamptz: Python has no such instant.
                return cast(
                    NEVER if value == NEVER else _instant(value).isoformat(), TIMESTAMP(True)
                ), row_id
    except ValueError:
        return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at
