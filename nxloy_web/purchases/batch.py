"""Many purchases at once, earning by the same rule and engine as one at the counter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import copying
from nxloy_web.db.arrays import Columns, insert_all
from nxloy_web.db.ids import new_id
from nxloy_web.earning.points import Earned
from nxloy_web.earning.set_up import read_set_up
from nxloy_web.earning.tiers import Tier
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.reads import held_tiers
from nxloy_web.purchases import reads
from nxloy_web.purchases.giving import Giving, earn_in
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.points import Why

NO_PROGRAM = Why(steps=["Imported without points"])
NO_ROOM = Why(steps=["The balance cannot hold more points"])


@dataclass(frozen=True, slots=True)
class NewPurchase:
    customer_id: str
    amount_minor: int
    occurred_at: datetime
    items: int | None = None
    order_ref: str | None = None
    import_key: str | None = None
    location_id: str | None = None
    by_user_id: str | None = None
    id: str = field(default_factory=new_id)

    @property
    def receipt_key(self) -> str | None:
        return receipt_key(self.order_ref) if self.order_ref else None


def record_many(
    purchases: Sequence[NewPurchase],
    *,
    currency: str,
    program_id: str | None,
    at: datetime,
    import_run_id: str | None = None,
    by_user_id: str | None = None,
) -> int:
    """Save the purchases and what they earn; how many points that is.

    Each customer's come in the order of their dates, so that a tier reached by one counts for
    the next. Keys that are there already fail the whole batch: the caller has left those out.
    """
    purchases = sorted(purchases, key=lambda one: (one.customer_id, one.occurred_at))
    by = Actor("team", by_user_id) if by_user_id else SYSTEM
    came_before = _forerunners(purchases)
    giving = None
    if program_id is not None:
        buyers = {one.customer_id for one in purchases}
        books = Books(program_id, buyers, at=at)
        giving = Giving(books.set_up.program(program_id), books)
        giving.know_again(came_before.values())
    points = 0
    rows = []
    for one in purchases:
        again_of = came_before.get(one.id)
        earned = Earned(0, NO_PROGRAM) if giving is None else _give(giving, one, again_of, by)
        points += earned.points
        rows.append(_row(one, earned, program_id, currency, import_run_id, by_user_id, again_of))
    insert_all("purchases", _COLUMNS, rows)
    if giving is not None:
        giving.books.write_batch(by=by)
    copying.stage("nx_buyers", _BUYER_COLUMNS, _buyers(purchases))
    copying.run(_UPDATE_CUSTOMERS)
    return points


def points_of_many(purchases: Sequence[NewPurchase], *, program_id: str, at: datetime) -> int:
    """What they would give in the tiers their buyers hold today. Locks and writes nothing."""
    program = read_set_up().program(program_id)
    held = held_tiers(program_id, {one.customer_id for one in purchases})
    tiers = {customer_id: program.ladder.held_by(one, at) for customer_id, one in held.items()}

    @cache
    def points(amount_minor: int, tier: Tier | None) -> int:
        return earn_in(program, tier, amount_minor).points

    return sum(points(one.amount_minor, tiers[one.customer_id]) for one in purchases)


def _give(giving: Giving, one: NewPurchase, again_of: str | None, by: Actor) -> Earned:
    earned = giving.quote(one.customer_id, one.amount_minor, one.occurred_at)
    if not giving.books.has_room(one.customer_id, earned.points):
        return Earned(0, NO_ROOM)
    giving.give(one.id, one.customer_id, earned, one.occurred_at, by=by, again_of=again_of)
    return earned


def _forerunners(purchases: Sequence[NewPurchase]) -> dict[str, str]:
    """The voided purchases that these are again, by the new one's id."""
    voided = reads.voided_alike(
        import_keys=[one.import_key for one in purchases if one.import_key],
        receipt_keys=[one.receipt_key for one in purchases if one.receipt_key],
    )
    known = {(row.customer_id, text): row.id for row in voided for text in _known_by(row)}
    return {
        one.id: known[one.customer_id, text]
        for one in purchases
        for text in _known_by(one)
        if (one.customer_id, text) in known
    }


def _known_by(one: Any) -> Iterator[tuple[str, str]]:
    """What says that two purchases are the same line; the receipt says it best."""
    if one.import_key:
        yield "key", one.import_key
    if one.receipt_key:
        yield "receipt", one.receipt_key


def _row(
    one: NewPurchase,
    earned: Earned,
    program_id: str | None,
    currency: str,
    import_run_id: str | None,
    by_user_id: str | None,
    came_before_id: str | None,
) -> tuple[Any, ...]:
    return (
        one.id,
        one.customer_id,
        program_id,
        one.location_id,
        one.amount_minor,
        currency,
        one.items,
        one.order_ref,
        one.receipt_key,
        one.import_key,
        import_run_id,
        came_before_id,
        earned.points,
        earned.why.model_dump_json(exclude_defaults=True),
        one.by_user_id or by_user_id,
        one.occurred_at,
    )


def _buyers(purchases: Sequence[NewPurchase]) -> Iterator[tuple[Any, ...]]:
    """What the batch adds to each customer's own figures; in id order, as all locks are taken."""
    for customer_id, theirs in groupby(purchases, key=lambda one: one.customer_id):
        bought = list(theirs)
        yield (
            customer_id,
            len(bought),
            sum(one.amount_minor for one in bought),
            bought[0].occurred_at,
            bought[-1].occurred_at,
        )


_COLUMNS: Columns = (
    ("id", "text"),
    ("customer_id", "text"),
    ("program_id", "text"),
    ("location_id", "text"),
    ("amount_minor", "int8"),
    ("currency", "text"),
    ("items", "int4"),
    ("order_ref", "text"),
    ("receipt_key", "text"),
    ("import_key", "text"),
    ("import_run_id", "text"),
    ("came_before_id", "text"),
    ("points", "int4"),
    ("why", "jsonb"),
    ("by_user_id", "text"),
    ("occurred_at", "timestamptz"),
)
_BUYER_COLUMNS = "id text, bought int4, spent int8, first_at timestamptz, last_at timestamptz"
_UPDATE_CUSTOMERS = """
    UPDATE customers AS kept
    SET purchase_count = purchase_count + bought, spent_minor = spent_minor + spent,
        first_purchase_at = least(first_purchase_at, first_at),
        last_purchase_at = greatest(last_purchase_at, last_at), updated_at = now()
    FROM nx_buyers AS more
    WHERE kept.business_id = :business_id AND kept.id = more.id
"""
