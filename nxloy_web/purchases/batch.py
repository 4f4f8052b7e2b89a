"""Many purchases at once, earning by the same rule and engine as one at the counter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from nxloy_web.current_business import current_zone
from nxloy_web.db import copying
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.earning.points import ONE, best_of
from nxloy_web.earning.programs import running_rules
from nxloy_web.ledger import expiry
from nxloy_web.ledger.batch import Batch
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
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
    earning = _Earning(purchases, currency, program_id, by_user_id, at)
    rows = list(earning.rows())
    copying.stage("nx_purchases", _COLUMNS, rows)
    copying.run(
        _INSERT,
        program_id=program_id,
        currency=currency,
        import_run_id=import_run_id,
        by_user_id=by_user_id,
    )
    earning.write()
    copying.stage("nx_buyers", _BUYER_COLUMNS, _buyers(purchases))
    copying.run(_UPDATE_CUSTOMERS)
    return earning.points


class _Earning:
    """What each purchase of a batch gives."""

    def __init__(
        self,
        purchases: Sequence[NewPurchase],
        currency: str,
        program_id: str | None,
        by_user_id: str | None,
        at: datetime,
    ) -> None:
        self.purchases = purchases
        self.currency = currency
        self.points = 0
        self.batch: Batch | None = None
        if program_id is None:
            return
        self.settings = find(LoyaltyProgram, program_id).settings
        self.zone = current_zone()
        self.rules = running_rules(program_id)
        customers = {one.customer_id for one in purchases}
        self.batch = Batch(program_id, customers, by_user_id=by_user_id, at=at)
        # The same amount in the same tier gives the same points for the same reason.
        self._earned = cache(self._earn)
        self._ends_at = cache(self._end)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        for one in self.purchases:
            points, why = self._give(one)
            self.points += points
            yield (
                one.id,
                one.customer_id,
                one.location_id,
                one.amount_minor,
                one.items,
                one.order_ref,
                one.import_key,
                points,
                why,
                one.by_user_id,
                one.occurred_at,
            )

    def write(self) -> None:
        if self.batch is not None:
            self.batch.write()

    def _give(self, one: NewPurchase) -> tuple[int, str]:
        if self.batch is None:
            return 0, _json(NO_PROGRAM)
        tier = self.batch.tier_of(one.customer_id)
        points, why = self._earned(one.amount_minor, tier)
        if not points:
            return 0, why
        if not self.batch.has_room(one.customer_id, points):
            return 0, _json(NO_ROOM)
        self.batch.earned(
            one.customer_id,
            points,
            source_kind="purchase",
            source_id=one.id,
            occurred_at=one.occurred_at,
            expires_at=self._ends_at(one.occurred_at),
            why=why,
            order_id=one.id,
        )
        return points, why

    def _earn(self, amount_minor: int, tier: LoyaltyTier | None) -> tuple[int, str]:
        earned = best_of(
            amount_minor,
            self.currency,
            rules=self.rules,
            multiplier=tier.multiplier if tier else ONE,
            tier_name=tier.name if tier else None,
        )
        return earned.points, _json(earned.why)

    def _end(self, occurred_at: datetime) -> datetime | None:
        return expiry.expires_at(self.settings, occurred_at, self.zone)


def _json(why: Why) -> str:
    return why.model_dump_json(exclude_defaults=True)


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


_COLUMNS = (
    "id text, customer_id text, location_id text, amount_minor int8, items int4, order_ref text, "
    "import_key text, points int4, why jsonb, by_user_id text, occurred_at timestamptz"
)
_INSERT = """
    INSERT INTO purchases
        (business_id, id, customer_id, program_id, location_id, amount_minor, currency, items,
         order_ref, import_key, import_run_id, points, why, by_user_id, occurred_at)
    SELECT :business_id, id, customer_id, :program_id, location_id, amount_minor, :currency, items,
           order_ref, import_key, :import_run_id, points, why,
           coalesce(by_user_id, :by_user_id), occurred_at
    FROM nx_purchases
"""
_BUYER_COLUMNS = "id text, bought int4, spent int8, first_at timestamptz, last_at timestamptz"
_UPDATE_CUSTOMERS = """
    UPDATE customers AS kept
    SET purchase_count = purchase_count + bought, spent_minor = spent_minor + spent,
        first_purchase_at = least(first_purchase_at, first_at),
        last_purchase_at = greatest(last_purchase_at, last_at), updated_at = now()
    FROM nx_buyers AS more
    WHERE kept.business_id = :business_id AND kept.id = more.id
"""
