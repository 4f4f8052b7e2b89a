"""Whom a change of tiers moves: seen before it is saved, done, and taken back.

The thresholds are those in the tables. A verb writes the new ones inside a savepoint and looks
here; what was not shown before is refused, and the savepoint undoes it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import aliased

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.errors import BusinessRule
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.texts import _

BATCH = 5_000
"""So many are moved in one statement; the others by a job."""
NEAREST = 10


@dataclass(frozen=True)
class Band:
    """Customers who go the same way."""

    before: str | None
    after: str | None
    is_up: bool
    customers: int


@dataclass(frozen=True)
class Mover:
    customer_id: str
    name: str
    points: int
    before: str | None
    after: str | None
    is_up: bool
    distance: int
    """How many points beyond the threshold, or short of it."""


@dataclass(frozen=True)
class Moves:
    """Who would move: up, or down where they have fewer points than their tier asks for."""

    bands: tuple[Band, ...] = ()
    nearest: tuple[Mover, ...] = ()

    @property
    def up(self) -> int:
        return sum(band.customers for band in self.bands if band.is_up)

    @property
    def down(self) -> int:
        return sum(band.customers for band in self.bands if not band.is_up)

    @property
    def signature(self) -> str:
        """What was shown: another one is asked about again."""
        said = sorted((b.before or "", b.after or "", b.is_up, b.customers) for b in self.bands)
        return sha256(repr(said).encode()).hexdigest()[:24]


class MovesPeople(BusinessRule):
    message = _("This moves customers into other tiers. Look at whom before you save.")

    def __init__(self, moves: Moves) -> None:
        super().__init__()
        self.moves = moves


@dataclass(frozen=True)
class Moved:
    """How many a statement has moved."""

    up: int = 0
    down: int = 0
    back: int = 0
    is_all: bool = True


Rows = Callable[..., Select[Any]]
"""One row for each balance that would move; further conditions narrow it."""

_held = aliased(LoyaltyTier, name="held")


@dataclass(frozen=True)
class Scope:
    """Whose tiers are looked at again."""

    program_id: str
    down_from: Collection[str] | None = ()
    """Holders of these tiers move down when they have too few points; None: of every tier."""
    since: datetime | None = None
    """Down go only those who have reached their tier after this moment."""


def moving(scope: Scope, *also: ColumnElement[bool]) -> Select[Any]:
    """Those whom the thresholds of now move."""
    tier = aliased(LoyaltyTier)
    best = (
        select(tier.id, tier.name, tier.required_points)
        .where(
            tier.business_id == current_business_id(),
            tier.program_id == scope.program_id,
            tier.deleted_at.is_(None),
            tier.required_points <= CustomerBalance.lifetime_points,
        )
        .order_by(tier.required_points.desc())
        .limit(1)
        .correlate(CustomerBalance)
        .lateral("best")
    )
    is_up = and_(
        or_(CustomerBalance.tier_id.is_(None), _held.id.is_not(None)),
        func.coalesce(best.c.required_points > func.coalesce(_held.required_points, -1), false()),
    )
    is_gone = and_(CustomerBalance.tier_id.is_not(None), _held.id.is_(None))
    is_short = [CustomerBalance.lifetime_points < _held.required_points]
    if scope.down_from is not None:
        is_short.append(among(_held.id, scope.down_from))
    if scope.since is not None:
        is_short.append(CustomerBalance.tier_since_at > scope.since)
    return (
        select(
            CustomerBalance.id,
            CustomerBalance.customer_id,
            CustomerBalance.lifetime_points.label("points"),
            CustomerBalance.tier_id.label("before_id"),
            _held.name.label("before"),
            best.c.id.label("after_id"),
            best.c.name.label("after"),
            best.c.required_points.label("needs"),
            is_up.label("is_up"),
            case(
                (is_up, CustomerBalance.lifetime_points - best.c.required_points),
                else_=func.coalesce(_held.required_points - CustomerBalance.lifetime_points, 0),
            ).label("distance"),
        )
        .select_from(CustomerBalance)
        .outerjoin(
            _held,
            and_(
                _held.business_id == CustomerBalance.business_id,
                _held.id == CustomerBalance.tier_id,
                _held.deleted_at.is_(None),
            ),
        )
        .outerjoin(best, true())
        .where(
            CustomerBalance.business_id == current_business_id(),
            CustomerBalance.program_id == scope.program_id,
            or_(is_up, is_gone, and_(*is_short)),
            *also,
        )
    )


def leaving(tier: LoyaltyTier, target: LoyaltyTier | None) -> Rows:
    """The same for the members of a tier that goes: all of them go to one other, or to none."""
    is_up = target is not None and target.required_points > tier.required_points

    def rows(*also: ColumnElement[bool]) -> Select[Any]:
        return select(
            CustomerBalance.id,
            CustomerBalance.customer_id,
            CustomerBalance.lifetime_points.label("points"),
            CustomerBalance.tier_id.label("before_id"),
            literal(tier.name).label("before"),
            literal(None if target is None else target.id, Text).label("after_id"),
            literal(None if target is None else target.name, Text).label("after"),
            literal(None if target is None else target.required_points, Integer).label("needs"),
            literal(is_up).label("is_up"),
            func.abs(CustomerBalance.lifetime_points - tier.required_points).label("distance"),
        ).where(
            CustomerBalance.business_id == current_business_id(),
            CustomerBalance.tier_id == tier.id,
            *also,
        )

    return rows


def seen(rows: Rows) -> Moves:
    """Who would move, in two statements however many they are."""
    found = rows().subquery()
    one = found.c
    count = func.count()
    bands = db.session.execute(
        select(one.before, one.after, one.is_up, count)
        .group_by(one.before, one.after, one.is_up)
        .order_by(one.is_up.desc(), count.desc(), one.before, one.after)
    )
    some = tuple(Band(*row) for row in bands)
    if not some:
        return Moves()
    nearest = db.session.execute(
        history(
            select(Customer, one.points, one.before, one.after, one.is_up, one.distance)
            .join(found, one.customer_id == Customer.id)
            .order_by(one.distance, Customer.id)
            .limit(NEAREST)
        )
    )
    return Moves(some, tuple(Mover(row[0].id, row[0].name, *row[1:]) for row in nearest))


def move(rows: Rows, change_id: str, at: datetime) -> Moved:
    """Move some of them, and keep with each what was held before.

    The balances are locked by id, as everywhere, so that a purchase at the counter waits instead
    of deadlocking; whoever has waited is looked at again by the second statement.
    """
    ids = _locked(rows().with_only_columns(CustomerBalance.id))
    if not ids:
        return Moved()
    found = rows(among(CustomerBalance.id, ids)).subquery()
    before = func.jsonb_build_object(
        literal_column("'change_id'"), change_id,
        literal_column("'tier_id'"), CustomerBalance.tier_id,
        literal_column("'since_at'"), CustomerBalance.tier_since_at,
        literal_column("'needs'"), CustomerBalance.tier_needs,
    )  # fmt: skip
    went_up = db.session.scalars(
        update(CustomerBalance)
        .where(CustomerBalance.id == found.c.id)
        .values(
            tier_id=found.c.after_id,
            tier_since_at=at,
            tier_needs=found.c.needs,
            tier_before=before,
        )
        .returning(found.c.is_up),
        execution_options={"synchronize_session": False},
    ).all()
    return Moved(sum(went_up), len(went_up) - sum(went_up), is_all=len(ids) < BATCH)


def put_back(program_id: str, change_id: str, at: datetime) -> Moved:
    """Give some of those whom a change has moved what they held before, unless they have moved
    on since."""
    is_theirs = (
        CustomerBalance.business_id == current_business_id(),
        CustomerBalance.program_id == program_id,
        _before("change_id") == change_id,
        CustomerBalance.tier_since_at == at,
    )
    ids = _locked(select(CustomerBalance.id).where(*is_theirs))
    if not ids:
        return Moved()
    done = db.session.execute(
        update(CustomerBalance)
        .where(among(CustomerBalance.id, ids), *is_theirs)
        .values(
            tier_id=_before("tier_id"),
            tier_since_at=cast(_before("since_at"), DateTime(timezone=True)),
            tier_needs=cast(_before("needs"), Integer),
            tier_before=null(),
        ),
        execution_options={"synchronize_session": False},
    )
    return Moved(back=int(done.rowcount), is_all=len(ids) < BATCH)  # type: ignore[attr-defined]


def _locked(ids: Select[Any]) -> list[str]:
    some = ids.order_by(CustomerBalance.id).limit(BATCH).with_for_update(of=CustomerBalance)
    return list(db.session.scalars(some))


def _before(name: str) -> ColumnElement[str]:
    return func.jsonb_extract_path_text(CustomerBalance.tier_before, name)
