"""Balances, entries, lots, where the points of rewards sit, and what reversals did.

Entries, uses and reversals are only ever added. The words are those of `ledger/account.py`.
"""

import enum
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    belongs_to,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier


class TransactionType(enum.Enum):
    EARNED = "EARNED"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    ADJUSTED = "ADJUSTED"
    REFUNDED = "REFUNDED"


class Why(BaseModel):
    """The inputs and the arithmetic of one entry, so people can read why it is what it is."""

    model_config = ConfigDict(extra="forbid")

    rule: str | None = None
    rule_version: int | None = None
    inputs: dict[str, Any] = {}
    steps: list[str] = []
    """Lines a person reads, in order, the last one giving the result."""


class TierBefore(BaseModel):
    """The tier of a balance before a change of the program's tiers moved it."""

    model_config = ConfigDict(extra="forbid")

    change_id: str
    tier_id: str | None
    since_at: datetime | None
    needs: int | None


class CustomerBalance(TenantMixin, TimestampMixin, Base):
    """One row per customer and program; the row that is locked before anything moves."""

    __tablename__ = "customer_balances"

    customer_id: Mapped[str]
    program_id: Mapped[str]
    balance: Mapped[int] = mapped_column(server_default="0", default=0)
    """The ledger's number: sum of entries = what is left in the lots - what is owed."""
    spendable: Mapped[int] = mapped_column(server_default="0", default=0)
    """What people see and what decides, exact until `next_change_at`."""
    owed: Mapped[int] = mapped_column(server_default="0", default=0)
    """Eaten points of purchases that came back, where balances may go below nought."""
    let_off: Mapped[int] = mapped_column(server_default="0", default=0)
    """The same where they may not: nobody pays them."""
    next_change_at: Mapped[datetime | None]
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    lifetime_points: Mapped[int] = mapped_column(server_default="0", default=0)
    """What the awards are worth now: what tiers are reached by."""
    tier_id: Mapped[str | None]
    tier_since_at: Mapped[datetime | None]
    tier_needs: Mapped[int | None]
    """What the tier asked for when it was reached: a later change of it takes nothing away."""
    hand_tier_id: Mapped[str | None]
    """A tier set by hand; it counts where it is higher than the earned one."""
    hand_tier_until: Mapped[datetime | None]
    """Its exclusive end; None: until somebody changes it."""
    hand_tier_reason: Mapped[str | None]
    hand_tier_form: Mapped[str | None]
    """Which press set it: a second one of the same form does nothing."""
    tier_before: Mapped[TierBefore | None] = mapped_column(TypedJson(TierBefore))
    """What was held before the change of tiers that moved it last."""
    has_marks: Mapped[bool] = mapped_column(server_default="false", default=False)
    """Whether uses remember a letting-off, so that the next credit has to look at them."""

    customer: Mapped[Customer] = belongs_to("CustomerBalance", "customer_id", "Customer")
    program: Mapped[LoyaltyProgram] = belongs_to("CustomerBalance", "program_id", "LoyaltyProgram")
    tier: Mapped[LoyaltyTier | None] = belongs_to("CustomerBalance", "tier_id", "LoyaltyTier")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("tier_id", "loyalty_tiers", ondelete="RESTRICT"),
        tenant_fk("hand_tier_id", "loyalty_tiers", ondelete="RESTRICT"),
        CheckConstraint("spendable >= 0", name="spendable_not_negative"),
        CheckConstraint("owed >= 0", name="owed_not_negative"),
        CheckConstraint("let_off >= 0", name="let_off_not_negative"),
        CheckConstraint(
            "(hand_tier_id IS NULL) = (hand_tier_reason IS NULL)"
            " AND (hand_tier_id IS NULL) = (hand_tier_form IS NULL)"
            " AND (hand_tier_id IS NOT NULL OR hand_tier_until IS NULL)",
            name="hand_tier_whole",
        ),
        CheckConstraint("balance >= 0 OR owed > 0", name="balance_not_negative_unless_owed"),
        Index(
            "uq_customer_balances_customer_program",
            "business_id",
            "customer_id",
            "program_id",
            unique=True,
        ),
        tenant_index("ix_customer_balances_points", "program_id", "spendable", "customer_id"),
        tenant_index("ix_customer_balances_tier", "program_id", "tier_id", "customer_id"),
        tenant_index("ix_customer_balances_tier_id", "tier_id"),
        tenant_index(
            "ix_customer_balances_hand_tier_id", "hand_tier_id", where="hand_tier_id IS NOT NULL"
        ),
        tenant_index(
            "ix_customer_balances_hand_ends",
            "hand_tier_until",
            where="hand_tier_until IS NOT NULL",
        ),
        tenant_index(
            "ix_customer_balances_due", "next_change_at", where="next_change_at IS NOT NULL"
        ),
    )


class PointTransaction(TenantMixin, Base):
    """One entry. The application may add and read these, never change or delete them."""

    __tablename__ = "point_transactions"

    customer_id: Mapped[str]
    program_id: Mapped[str]
    balance_id: Mapped[str]
    seq: Mapped[int] = mapped_column(BigInteger)
    """Counts the entries of one balance; histories order by it."""
    type: Mapped[TransactionType] = mapped_column(EnumText(TransactionType))
    amount: Mapped[int]
    balance: Mapped[int]
    """The balance after this entry."""
    description: Mapped[str | None]
    metadata_: Mapped[Why] = mapped_column(
        "metadata", TypedJson(Why), server_default=text("'{}'"), default=Why
    )
    source_kind: Mapped[str]
    source_id: Mapped[str]
    part: Mapped[int] = mapped_column(server_default="0", default=0)
    """Counts the entries that one source makes on one balance."""
    order_id: Mapped[str | None]
    """The purchase this entry is about."""
    redemption_id: Mapped[str | None]
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    customer: Mapped[Customer] = belongs_to("PointTransaction", "customer_id", "Customer")
    program: Mapped[LoyaltyProgram] = belongs_to("PointTransaction", "program_id", "LoyaltyProgram")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("balance_id", "customer_balances", ondelete="RESTRICT"),
        members("type", TransactionType),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        Index("uq_point_transactions_seq", "business_id", "balance_id", "seq", unique=True),
        Index(
            "uq_point_transactions_part",
            "business_id",
            "balance_id",
            "source_kind",
            "source_id",
            "part",
            unique=True,
        ),
        tenant_index("ix_point_transactions_customer_id", "customer_id", "created_at"),
        tenant_index("ix_point_transactions_occurred_at", "occurred_at", "id"),
        tenant_index("ix_point_transactions_type", "type", "occurred_at"),
        tenant_index(
            "ix_point_transactions_by_user_id",
            "by_user_id",
            "occurred_at",
            where="by_user_id IS NOT NULL",
        ),
        tenant_index("ix_point_transactions_order_id", "order_id", where="order_id IS NOT NULL"),
        tenant_index(
            "ix_point_transactions_redemption_id",
            "redemption_id",
            where="redemption_id IS NOT NULL",
        ),
    )


class PointLot(TenantMixin, Base):
    """The points of one credit. Debits take from the lot that ends first."""

    __tablename__ = "point_lots"

    balance_id: Mapped[str]
    transaction_id: Mapped[str]
    again_of_id: Mapped[str | None]
    """The first lot of its line, when a voided purchase has come again."""
    amount: Mapped[int]
    """What it began with."""
    worth: Mapped[int]
    """What the award is now, after what came back: left + the uses that sit in it + expired."""
    remaining: Mapped[int]
    expired: Mapped[int] = mapped_column(server_default="0", default=0)
    available_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revived_at: Mapped[datetime | None]
    """When points came back to it after its end: that gives some days more, once."""
    first_expires_at: Mapped[datetime | None]
    """Its end before that."""

    __table_args__ = (
        tenant_fk("balance_id", "customer_balances", ondelete="RESTRICT"),
        tenant_fk("transaction_id", "point_transactions", ondelete="RESTRICT"),
        tenant_fk("again_of_id", "point_lots", ondelete="RESTRICT"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("remaining >= 0", name="remaining_not_negative"),
        CheckConstraint("expired >= 0", name="expired_not_negative"),
        CheckConstraint("worth BETWEEN 0 AND amount", name="worth_within_amount"),
        CheckConstraint("remaining + expired <= worth", name="left_within_worth"),
        Index(
            "ix_point_lots_open",
            "business_id",
            "balance_id",
            "expires_at",
            "available_at",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
        Index("uq_point_lots_transaction_id", "business_id", "transaction_id", unique=True),
        tenant_index("ix_point_lots_again_of_id", "again_of_id", where="again_of_id IS NOT NULL"),
    )


class PointReversal(TenantMixin, Base):
    """A purchase or a reward came back: what was wanted and what it did, also when nothing moved.

    Points, none below nought. `entry_id` is the entry that it made, if it made one.
    """

    __tablename__ = "point_reversals"

    balance_id: Mapped[str]
    source_kind: Mapped[str]
    source_id: Mapped[str]
    entry_id: Mapped[str | None]
    wanted: Mapped[int]
    moved: Mapped[int]
    expired: Mapped[int] = mapped_column(server_default="0", default=0)
    let_off: Mapped[int] = mapped_column(server_default="0", default=0)
    owed: Mapped[int] = mapped_column(server_default="0", default=0)
    why: Mapped[Why] = mapped_column(TypedJson(Why), server_default=text("'{}'"), default=Why)
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        tenant_fk("balance_id", "customer_balances", ondelete="RESTRICT"),
        tenant_fk("entry_id", "point_transactions", ondelete="RESTRICT"),
        CheckConstraint("wanted >= 0 AND moved >= 0", name="points_not_negative"),
        Index(
            "uq_point_reversals_source",
            "business_id",
            "balance_id",
            "source_kind",
            "source_id",
            unique=True,
        ),
        tenant_index("ix_point_reversals_source_id", "source_id"),
    )


class LotUse(TenantMixin, Base):
    """Points of a debit that sit somewhere. A move is two rows, nothing is changed: where they
    sit is the sum of the rows of a place. Without a lot they are let off, or owed."""

    __tablename__ = "lot_uses"

    balance_id: Mapped[str]
    debit_id: Mapped[str]
    home_lot_id: Mapped[str]
    """The lot they were taken from."""
    before_seq: Mapped[int | None] = mapped_column(BigInteger)
    """They were let off when the lot of this entry came: neither it nor a later one pays."""
    seat_lot_id: Mapped[str | None]
    """Where they sat when a lot came while something was let off: they keep this seat."""
    lot_id: Mapped[str | None]
    is_owed: Mapped[bool] = mapped_column(server_default="false", default=False)
    amount: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        tenant_fk("balance_id", "customer_balances", ondelete="RESTRICT"),
        tenant_fk("debit_id", "point_transactions", ondelete="RESTRICT"),
        tenant_fk("home_lot_id", "point_lots", ondelete="RESTRICT"),
        tenant_fk("lot_id", "point_lots", ondelete="RESTRICT"),
        tenant_fk("seat_lot_id", "point_lots", ondelete="RESTRICT"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint("lot_id IS NULL OR NOT is_owed", name="owed_sits_in_no_lot"),
        tenant_index("ix_lot_uses_debit_id", "debit_id"),
        tenant_index("ix_lot_uses_home_lot_id", "home_lot_id"),
        tenant_index("ix_lot_uses_lot_id", "lot_id"),
        tenant_index("ix_lot_uses_seat_lot_id", "seat_lot_id", where="seat_lot_id IS NOT NULL"),
        tenant_index(
            "ix_lot_uses_away",
            "balance_id",
            where="lot_id IS DISTINCT FROM home_lot_id OR before_seq IS NOT NULL "
            "OR seat_lot_id IS NOT NULL",
        ),
    )
