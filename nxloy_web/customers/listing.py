"""The customer list: filter, order, page, count, export. Its cost does not grow with the rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, Text, and_, any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from nxloy_web.current_business import current_zone
from nxloy_web.customers import finding
from nxloy_web.customers.finding import Match
from nxloy_web.customers.queries import ProgramWithTiers
from nxloy_web.db import days, db, paging
from nxloy_web.db.paging import COUNTED, Order, Page, Stretch, Stretches
from nxloy_web.db.session import history
from nxloy_web.earning.held import held_tier_id, holders_of
from nxloy_web.ledger.reads import spendable_now
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.segments import CustomerSegmentMember
from nxloy_web.web.arguments import Arguments

DEFAULT_SORT = "-joined"


def _orders(sort: str, column: Any, *, never_lowest: bool = False) -> dict[str, Order]:
    return {
        mark + sort: Order(column, Customer.id, descending=bool(mark), never_lowest=never_lowest)
        for mark in ("", "-")
    }


SORTS = {
    **_orders("name", Customer.name_norm),
    **_orders("joined", Customer.created_at),
    **_orders("spent", Customer.spent_minor),
    **_orders("visits", Customer.purchase_count),
    **_orders("last", Customer.last_purchase_at, never_lowest=True),
}
OF_BALANCES = ("points", "-points", "tier", "-tier")
"""Orders by what a customer has in the program. Who has nothing there stands at the end."""
LATEST_DELETED = Order(Customer.deleted_at, Customer.id, descending=True)


@dataclass(frozen=True)
class Filter:
    """What the address of the list says; empty values do not filter."""

    text: str = ""
    status: CustomerStatus | None = None
    segment_id: str = ""
    tier_id: str = ""
    tag: str = ""
    joined_since: date | None = None
    joined_until: date | None = None
    last_since: date | None = None
    last_until: date | None = None
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
            joined_since=args.day("joined_since"),
            joined_until=args.day("joined_until"),
            last_since=args.day("last_since"),
            last_until=args.day("last_until"),
            sort=sort if sort in SORTS or sort in OF_BALANCES else DEFAULT_SORT,
            after=args.cursor("after"),
            before=args.cursor("before"),
        )

    @property
    def is_set(self) -> bool:
        return replace(self, sort=DEFAULT_SORT, after="", before="") != Filter()


@dataclass(frozen=True, slots=True)
class Line:
    """One customer of the list: no more columns than it shows."""

    id: str
    name: str
    reach: str
    status: CustomerStatus
    spent_minor: int
    purchase_count: int
    last_purchase_at: datetime | None
    created_at: datetime
    points: int | None
    """None for who has never collected any."""
    tier_id: str | None


@dataclass(frozen=True)
class _Narrowed:
    condition: ColumnElement[bool]
    match: Match | None = None
    """The search behind the condition, when nothing else filters: its count can stop early."""


def page_of(filter_: Filter, program: ProgramWithTiers | None, at: datetime) -> Page[Line]:
    narrowed = _narrowed(filter_, at)
    statement: Select[Any] = _where(select(*_COLUMNS), narrowed)
    found = _read(filter_, program, statement, at)
    balances = _balances([row.id for row in found.rows], program, at)
    before = None, _first_tier_id(program)
    return replace(
        found.each(lambda row: _line(row, *balances.get(row.id, before))), total=_count(narrowed)
    )


def everything(
    filter_: Filter, program: ProgramWithTiers | None, at: datetime, batch: int = 1_000
) -> Iterator[tuple[Customer, int | None, str | None]]:
    """All customers of the list in its order, with points and tier: for the export."""
    statement = _where(select(Customer), _narrowed(filter_, at))
    for rows in _batches(filter_, program, statement, at, batch):
        customers = [row[0] for row in rows]
        balances = _balances([row.id for row in customers], program, at)
        for row in customers:
            yield row, *balances.get(row.id, (None, _first_tier_id(program)))


def ids_matching(filter_: Filter, at: datetime) -> Select[Any]:
    """The customers "all that match" means, as a query to insert from."""
    return _where(select(Customer.id).where(Customer.deleted_at.is_(None)), _narrowed(filter_, at))


def counts(filters: Sequence[Filter], at: datetime) -> Sequence[int]:
    """How many customers each of them shows, each counted up to one more than is said."""
    if not filters:
        return []
    living = select(Customer.id).where(Customer.deleted_at.is_(None))
    numbers = [paging.counted(_where(living, _narrowed(one, at))) for one in filters]
    return list(db.session.execute(select(*numbers)).one())


def deleted(seen: str) -> Page[Customer]:
    """A page of deleted customers, the latest first: those after the last that was seen."""
    statement = history(select(Customer).where(Customer.deleted_at.is_not(None)))
    return LATEST_DELETED.page(statement, after=seen).each(lambda row: row[0])


def _read(
    filter_: Filter, program: ProgramWithTiers | None, statement: Select[Any], at: datetime
) -> Page[Any]:
    stretches = _stretches(filter_.sort, program, statement, at)
    if stretches is not None:
        return stretches.page(after=filter_.after, before=filter_.before)
    order = SORTS.get(filter_.sort, SORTS[DEFAULT_SORT])
    return order.page(statement, after=filter_.after, before=filter_.before)


def _batches(
    filter_: Filter,
    program: ProgramWithTiers | None,
    statement: Select[Any],
    at: datetime,
    size: int,
) -> Iterator[Sequence[Any]]:
    stretches = _stretches(filter_.sort, program, statement, at)
    if stretches is not None:
        return stretches.batches(size)
    return SORTS.get(filter_.sort, SORTS[DEFAULT_SORT]).batches(statement, size)


def _stretches(
    sort: str, program: ProgramWithTiers | None, statement: Select[Any], at: datetime
) -> Stretches | None:
    """The list by points or by tier; None for other orders, and where no program runs."""
    if program is None or sort not in OF_BALANCES:
        return None
    here = CustomerBalance.program_id == program.id
    has_balance = select(CustomerBalance.id).where(here, CustomerBalance.customer_id == Customer.id)
    nothing = Stretch("none", Order(Customer.id), statement.where(~has_balance.exists()))
    having = statement.add_columns(CustomerBalance.spendable, CustomerBalance.customer_id)
    having = having.join(CustomerBalance, CustomerBalance.customer_id == Customer.id).where(here)
    down = sort.startswith("-")
    if sort.endswith("points"):
        by_points = Order(CustomerBalance.spendable, CustomerBalance.customer_id, descending=down)
        return Stretches(Stretch("points", by_points, having), nothing)
    by_id = Order(CustomerBalance.customer_id)
    earned, by_hand = CustomerBalance.tier_id, CustomerBalance.hand_tier_id
    is_earned = or_(
        by_hand.is_(None),
        by_hand.is_not_distinct_from(earned),
        by_hand.is_distinct_from(held_tier_id(at)),
    )
    tiers: Sequence[str] = [tier.id for tier in program.tiers]
    stretches: list[Stretch] = []
    for tier_id in tiers[::-1] if down else tiers:
        has_earned = having.where(earned == tier_id, is_earned)
        is_set = having.where(by_hand == tier_id, ~is_earned)
        stretches += [
            Stretch(tier_id, by_id, has_earned),
            Stretch(f"{tier_id} by hand", by_id, is_set),
        ]
    no_tier = Stretch("no tier", by_id, having.where(earned.is_(None), is_earned))
    return Stretches(*stretches, no_tier, nothing)


_COLUMNS: Any = (
    Customer.id,
    Customer.first_name,
    Customer.last_name,
    Customer.email,
    Customer.phone_e164,
    Customer.status,
    Customer.name_norm,
    Customer.spent_minor,
    Customer.purchase_count,
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
            held_tier_id(at).label("tier_id"),
            spendable_now(at).label("points"),
        ).where(CustomerBalance.customer_id == any_(literal(ids, ARRAY(Text))))
    )
    return {
        row.customer_id: (row.points, row.tier_id) for row in rows if row.program_id == program.id
    }


def _where(statement: Select[Any], narrowed: _Narrowed | None) -> Select[Any]:
    return statement if narrowed is None else statement.where(narrowed.condition)


def _narrowed(filter_: Filter, at: datetime) -> _Narrowed | None:
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
        parts.append(_Narrowed(Customer.id.in_(holders_of(filter_.tier_id, at))))
    parts += [_Narrowed(condition) for condition in _within(filter_)]
    if len(parts) > 1:
        return _Narrowed(and_(*(part.condition for part in parts)))
    return parts[0] if parts else None


def _within(filter_: Filter) -> Iterator[ColumnElement[bool]]:
    periods = (
        (Customer.created_at, filter_.joined_since, filter_.joined_until),
        (Customer.last_purchase_at, filter_.last_since, filter_.last_until),
    )
    for column, since, until in periods:
        if since or until:
            yield from days.within(column, since, until, current_zone())


def _by(match: Match) -> _Narrowed:
    return _Narrowed(match.among(Customer.id), match)


def _count(narrowed: _Narrowed | None) -> int:
    # A search may know without counting that there are more than is said exactly.
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
    return paging.count(rows)


def _first_tier_id(program: ProgramWithTiers | None) -> str | None:
    """The tier of those who have no balance yet."""
    first = None if program is None else program.for_everybody
    return None if first is None else first.id


def _line(row: Any, points: int | None, tier_id: str | None) -> Line:
    full = " ".join(part for part in (row.first_name, row.last_name) if part)
    reach = row.email or row.phone_e164 or ""
    return Line(
        id=row.id,
        name=full or reach or "Erased customer",
        reach=reach if full else "",
        status=row.status,
        spent_minor=row.spent_minor,
        purchase_count=row.purchase_count,
        last_purchase_at=row.last_purchase_at,
        created_at=row.created_at,
        points=points,
        tier_id=tier_id,
    )
