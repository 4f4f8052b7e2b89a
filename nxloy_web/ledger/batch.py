"""Many movements at once: the entries, lots and balances that `service.credit` and
`service.claw_back` would make one by one, in a handful of statements. For imports and their undo,
where an entry at a time would take hours. A test holds the two against each other.

The balances are locked in id order when a batch is opened; the figures move in memory and are
written together.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nxloy_web.db import copying, db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.db.tenant import current_business_id
from nxloy_web.ledger import service
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance, PointLot, TransactionType, Why


@dataclass(slots=True)
class _Standing:
    """A locked balance, as it will be."""

    id: str
    customer_id: str
    balance: int
    spendable: int
    next_change_at: datetime | None
    last_seq: int
    lifetime_points: int
    tier: LoyaltyTier | None
    tier_since_at: datetime | None


@dataclass(slots=True)
class _Lot:
    """An open lot, as it will be."""

    id: str
    transaction_id: str
    remaining: int
    available_at: datetime
    expires_at: datetime | None
    is_touched: bool = False

    def is_good(self, at: datetime) -> bool:
        return self.available_at <= at and (self.expires_at is None or self.expires_at > at)


class Batch:
    """Movements of many customers in one program, at one moment `at`."""

    def __init__(
        self,
        program_id: str,
        customer_ids: Collection[str],
        *,
        by_user_id: str | None,
        at: datetime,
    ) -> None:
        self.program_id = program_id
        self.by_user_id = by_user_id
        self.at = at
        tiers = db.session.scalars(
            history(select(LoyaltyTier).where(LoyaltyTier.program_id == program_id))
        ).all()
        self._living = sorted(
            (tier for tier in tiers if not tier.is_deleted), key=lambda tier: tier.required_points
        )
        self._standings = self._lock(customer_ids, {tier.id: tier for tier in tiers})
        self._entries: list[tuple[Any, ...]] = []
        self._lots: list[tuple[Any, ...]] = []
        self._uses: list[tuple[str, str, int]] = []
        self._open_lots: dict[str, list[_Lot]] = {}

    def tier_of(self, customer_id: str) -> LoyaltyTier | None:
        """The tier held by now, credits of this batch included."""
        return self._standings[customer_id].tier

    def has_room(self, customer_id: str, amount: int) -> bool:
        standing = self._standings[customer_id]
        return max(standing.balance, standing.lifetime_points) + amount <= service.MOST

    def earned(
        self,
        customer_id: str,
        amount: int,
        *,
        source_kind: str,
        source_id: str,
        occurred_at: datetime,
        expires_at: datetime | None,
        why: str,
        order_id: str | None = None,
    ) -> None:
        """Credit points. The caller has seen to it that the source is new; a key that is there
        already fails the whole batch. `why` is the JSON of a `Why`."""
        standing = self._standings[customer_id]
        debt = max(0, -standing.balance)
        entry_id = self._append(
            standing,
            amount,
            TransactionType.EARNED,
            source_kind,
            source_id,
            occurred_at,
            why=why,
            order_id=order_id,
        )
        if amount > debt:
            self._open_lot(standing, entry_id, amount - debt, occurred_at, expires_at)
        standing.lifetime_points += amount
        self._reach(standing, occurred_at)

    def claw_back(
        self,
        customer_id: str,
        earned_id: str,
        earned: int,
        *,
        source_kind: str,
        source_id: str,
        may_go_negative: bool,
        why: str,
        description: str,
        order_id: str | None,
    ) -> None:
        """Take back what an entry gave, as `service.claw_back` says, as a correction."""
        standing = self._standings[customer_id]
        lots = self._lots_of(standing)
        in_lots = sum(lot.remaining for lot in lots)
        amount = earned if may_go_negative else min(earned, in_lots)
        standing.lifetime_points = max(0, standing.lifetime_points - earned)
        self._fall_back(standing)
        if not amount:
            return
        entry_id = self._append(
            standing,
            -amount,
            TransactionType.ADJUSTED,
            source_kind,
            source_id,
            self.at,
            why=why,
            order_id=order_id,
            description=description,
        )
        self._take(entry_id, sorted(lots, key=lambda lot: lot.transaction_id != earned_id), amount)
        standing.spendable = sum(lot.remaining for lot in lots if lot.is_good(self.at))
        standing.next_change_at = self._next_change(lots)

    def write(self) -> None:
        """Save everything; the batch is empty afterwards and can go on."""
        copying.stage("nx_entries", _ENTRY_COLUMNS, self._entries)
        copying.run(_INSERT_ENTRIES, program_id=self.program_id, by_user_id=self.by_user_id)
        copying.stage("nx_lots", _LOT_COLUMNS, self._lots)
        copying.run(_INSERT_LOTS)
        if self._uses:
            copying.stage("nx_uses", "transaction_id text, lot_id text, amount int4", self._uses)
            copying.run(_INSERT_USES)
        standings = sorted(self._standings.values(), key=lambda standing: standing.id)
        copying.stage("nx_balances", _BALANCE_COLUMNS, map(_balance_row, standings))
        copying.run(_UPDATE_BALANCES)
        touched = [lot for lots in self._open_lots.values() for lot in lots if lot.is_touched]
        if touched:
            rows = ((lot.id, lot.remaining) for lot in touched)
            copying.stage("nx_remaining", "id text, remaining int4", rows)
            copying.run(_UPDATE_LOTS)
        self._entries, self._lots, self._uses, self._open_lots = [], [], [], {}

    def _lock(
        self, customer_ids: Collection[str], tiers: dict[str, LoyaltyTier]
    ) -> dict[str, _Standing]:
        business_id = current_business_id()
        wanted = sorted(customer_ids)
        of_batch = (
            CustomerBalance.program_id == self.program_id,
            copying.among(CustomerBalance.customer_id, wanted),
        )
        there = set(db.session.scalars(select(CustomerBalance.customer_id).where(*of_batch)))
        fresh = [
            {
                "business_id": business_id,
                "id": new_id(),
                "customer_id": customer_id,
                "program_id": self.program_id,
            }
            for customer_id in wanted
            if customer_id not in there
        ]
        if fresh:
            # Core, not ORM: the executed rows are not wanted back.
            db.session.connection().execute(
                insert(CustomerBalance.__table__).on_conflict_do_nothing(  # type: ignore[arg-type]
                    index_elements=["business_id", "customer_id", "program_id"]
                ),
                fresh,
            )
        for customer_id in self._read(of_batch, lock=True)[1]:
            service.settle(service.balance_of(customer_id, self.program_id), self.at)
        rows, _ = self._read(of_batch)
        standings = {row.customer_id: _standing(row, tiers) for row in rows}
        for standing in standings.values():
            self._reach(standing, self.at)  # tiers that were added meanwhile
        return standings

    def _read(
        self, of_batch: tuple[Any, ...], *, lock: bool = False
    ) -> tuple[Sequence[Any], list[str]]:
        """The figures, past the session, which must not keep copies of what moves here; and the
        customers whose figures were only exact until now."""
        balance = CustomerBalance
        statement = (
            select(
                balance.id,
                balance.customer_id,
                balance.balance,
                balance.spendable,
                balance.next_change_at,
                balance.last_seq,
                balance.lifetime_points,
                balance.tier_id,
                balance.tier_since_at,
            )
            .where(*of_batch)
            .order_by(balance.id)
        )
        rows = db.session.execute(statement.with_for_update() if lock else statement).all()
        due = [
            row.customer_id
            for row in rows
            if row.next_change_at is not None and row.next_change_at <= self.at
        ]
        return rows, due

    def _lots_of(self, standing: _Standing) -> list[_Lot]:
        """Open lots in the order they are used; read for the whole batch at the first asking."""
        if not self._open_lots:
            self._open_lots = {each.id: [] for each in self._standings.values()}
            lot = PointLot
            rows = db.session.execute(
                select(
                    lot.balance_id,
                    lot.id,
                    lot.transaction_id,
                    lot.remaining,
                    lot.available_at,
                    lot.expires_at,
                )
                .where(copying.among(lot.balance_id, self._open_lots), lot.remaining > 0)
                .order_by(lot.expires_at.asc().nulls_last(), lot.available_at, lot.id)
            )
            for row in rows:
                self._open_lots[row.balance_id].append(_Lot(*row[1:]))
        return self._open_lots[standing.id]

    def _take(self, entry_id: str, lots: list[_Lot], amount: int) -> None:
        for lot in lots:
            part = min(amount, lot.remaining)
            if part:
                lot.remaining -= part
                lot.is_touched = True
                amount -= part
                self._uses.append((entry_id, lot.id, part))

    def _next_change(self, lots: list[_Lot]) -> datetime | None:
        coming = (
            instant
            for lot in lots
            if lot.remaining
            for instant in (lot.available_at, lot.expires_at)
            if instant is not None and instant > self.at
        )
        return min(coming, default=None)

    def _append(
        self,
        standing: _Standing,
        amount: int,
        type: TransactionType,
        source_kind: str,
        source_id: str,
        occurred_at: datetime,
        *,
        why: str,
        order_id: str | None = None,
        description: str | None = None,
    ) -> str:
        standing.balance += amount
        standing.last_seq += 1
        entry_id = new_id()
        self._entries.append(
            (entry_id, standing.customer_id, standing.id, standing.last_seq, type.value, amount,
             standing.balance, description, why, source_kind, source_id, order_id, occurred_at)
        )  # fmt: skip
        return entry_id

    def _open_lot(
        self,
        standing: _Standing,
        entry_id: str,
        amount: int,
        occurred_at: datetime,
        expires_at: datetime | None,
    ) -> None:
        lot_id = new_id()
        expired = expires_at is not None and expires_at <= self.at
        remaining = 0 if expired else amount
        self._lots.append(
            (lot_id, standing.id, entry_id, amount, remaining, occurred_at, expires_at)
        )
        if expires_at is None:
            standing.spendable += amount
        elif not expired:
            standing.spendable += amount
            standing.next_change_at = min(standing.next_change_at or expires_at, expires_at)
        else:
            self._write_off(standing, lot_id, amount, expires_at)

    def _write_off(
        self, standing: _Standing, lot_id: str, amount: int, expires_at: datetime
    ) -> None:
        """As in `service`: an old purchase's points are written, and written off."""
        steps = [f"{amount:,} of the {amount:,} points were left when they expired"]
        why = Why(inputs={"lot": lot_id}, steps=steps)
        entry_id = self._append(
            standing,
            -amount,
            TransactionType.EXPIRED,
            "lot",
            f"{lot_id}:{int(expires_at.timestamp())}",
            expires_at,
            why=why.model_dump_json(exclude_defaults=True),
            description="Expired",
        )
        self._uses.append((entry_id, lot_id, amount))

    def _reach(self, standing: _Standing, at: datetime) -> None:
        held, best = standing.tier, self._best(standing)
        if best is None or (held is not None and held.id == best.id):
            return
        if held is None or held.is_deleted or best.required_points > held.required_points:
            standing.tier, standing.tier_since_at = best, at

    def _fall_back(self, standing: _Standing) -> None:
        held = standing.tier
        if held is not None and held.required_points > standing.lifetime_points:
            standing.tier, standing.tier_since_at = self._best(standing), self.at

    def _best(self, standing: _Standing) -> LoyaltyTier | None:
        best = None
        for tier in self._living:
            if tier.required_points > standing.lifetime_points:
                break
            best = tier
        return best


def _standing(row: Any, tiers: dict[str, LoyaltyTier]) -> _Standing:
    return _Standing(
        id=row.id,
        customer_id=row.customer_id,
        balance=row.balance,
        spendable=row.spendable,
        next_change_at=row.next_change_at,
        last_seq=row.last_seq,
        lifetime_points=row.lifetime_points,
        tier=tiers.get(row.tier_id or ""),
        tier_since_at=row.tier_since_at,
    )


def _balance_row(standing: _Standing) -> tuple[Any, ...]:
    return (
        standing.id,
        standing.balance,
        standing.spendable,
        standing.next_change_at,
        standing.last_seq,
        standing.lifetime_points,
        standing.tier.id if standing.tier else None,
        standing.tier_since_at,
    )


_ENTRY_COLUMNS = (
    "id text, customer_id text, balance_id text, seq int8, type text, amount int4, balance int4, "
    "description text, why jsonb, source_kind text, source_id text, order_id text, "
    "occurred_at timestamptz"
)
_LOT_COLUMNS = (
    "id text, balance_id text, transaction_id text, amount int4, remaining int4, "
    "available_at timestamptz, expires_at timestamptz"
)
_BALANCE_COLUMNS = (
    "id text, balance int4, spendable int4, next_change_at timestamptz, last_seq int8, "
    "lifetime_points int4, tier_id text, tier_since_at timestamptz"
)
_INSERT_ENTRIES = """
    INSERT INTO point_transactions
        (business_id, id, customer_id, program_id, balance_id, seq, type, amount, balance,
         description, metadata, source_kind, source_id, order_id, by_user_id, occurred_at)
    SELECT :business_id, id, customer_id, :program_id, balance_id, seq, type, amount, balance,
           description, why, source_kind, source_id, order_id,
           CASE WHEN type <> 'EXPIRED' THEN CAST(:by_user_id AS text) END, occurred_at
    FROM nx_entries
"""
_INSERT_LOTS = """
    INSERT INTO point_lots
        (business_id, id, balance_id, transaction_id, amount, remaining, available_at, expires_at)
    SELECT :business_id, id, balance_id, transaction_id, amount, remaining, available_at, expires_at
    FROM nx_lots
"""
_INSERT_USES = """
    INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
    SELECT :business_id, transaction_id, lot_id, amount FROM nx_uses
"""
_UPDATE_LOTS = """
    UPDATE point_lots AS kept SET remaining = taken.remaining
    FROM nx_remaining AS taken
    WHERE kept.business_id = :business_id AND kept.id = taken.id
"""
_UPDATE_BALANCES = """
    UPDATE customer_balances AS kept
    SET balance = moved.balance, spendable = moved.spendable,
        next_change_at = moved.next_change_at, last_seq = moved.last_seq,
        lifetime_points = moved.lifetime_points, tier_id = moved.tier_id,
        tier_since_at = moved.tier_since_at, updated_at = now()
    FROM nx_balances AS moved
    WHERE kept.business_id = :business_id AND kept.id = moved.id
"""
