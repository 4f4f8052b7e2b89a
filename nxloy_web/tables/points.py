"""Balances, entries and lots. Entries are only ever added."""

import enum
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, text
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


class CustomerBalance(TenantMixin, TimestampMixin, Base):
    """One row per customer and program; the row that is locked before anything moves."""

    __tablename__ = "customer_balances"

    customer_id: Mapped[str]
    program_id: Mapped[str]
    balance: Mapped[int] = mapped_column(server_default="0", default=0)
    """The ledger's number: sum of entries, and sum of what is left in the lots."""
    spendable: Mapped[int] = mapped_column(server_default="0", default=0)
    """What people see and what decides, exact until `next_change_at`."""
    next_change_at: Mapped[datetime | None]
    last_seq: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    lifetime_points: Mapped[int] = mapped_column(server_default="0", default=0)
    """Points earned less points clawed back: what tiers are reached by."""
    tier_id: Mapped[str | None]
    tier_since_at: Mapped[datetime | None]

    customer: Mapped[Customer] = belongs_to("CustomerBalance", "customer_id", "Customer")
    program: Mapped[LoyaltyProgram] = belongs_to("CustomerBalance", "program_id", "LoyaltyProgram")
    tier: Mapped[LoyaltyTier | None] = belongs_to("CustomerBalance", "tier_id", "LoyaltyTier")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("tier_id", "loyalty_tiers", ondelete="RESTRICT"),
        CheckConstraint("spendable >= 0", name="spendable_not_negative"),
        Index(
            "uq_customer_balances_customer_program",
            "business_id",
            "customer_id",
            "program_id",
            unique=True,
        ),
        tenant_index("ix_customer_balances_program_id", "program_id", "spendable"),
        tenant_index("ix_customer_balances_tier_id", "tier_id"),
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
            "uq_point_transactions_source",
            "business_id",
            "source_kind",
            "source_id",
            unique=True,
        ),
        tenant_index("ix_point_transactions_customer_id", "customer_id", "created_at"),
        tenant_index("ix_point_transactions_occurred_at", "occurred_at", "id"),
        tenant_index("ix_point_transactions_type", "type", "occurred_at"),
        tenant_index("ix_point_transactions_order_id", "order_id", where="order_id IS NOT NULL"),
        tenant_index(
            "ix_point_transactions_redemption_id",
            "redemption_id",
            where="redemption_id IS NOT NULL",
        ),
    )


class PointLot(TenantMixin, Base):
    """Unspent credit. Debits take from the lot that ends first."""

    __tablename__ = "point_lots"

    balance_id: Mapped[str]
    transaction_id: Mapped[str]
    amount: Mapped[int]
    remaining: Mapped[int]
    available_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    __table_args__ = (
        tenant_fk("balance_id", "customer_balances", ondelete="RESTRICT"),
        tenant_fk("transaction_id", "point_transactions", ondelete="RESTRICT"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining_within_amount"),
        Index(
            "ix_point_lots_open",
            "business_id",
            "balance_id",
            "expires_at",
            "available_at",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
        tenant_index("ix_point_lots_transaction_id", "transaction_id"),
    )


class LotUse(Base):
    """Which lots a debit took from, so that giving back returns to the same ones."""

    __tablename__ = "point_lot_uses"

    business_id: Mapped[str] = mapped_column(ForeignKey("businesses.id"))
    transaction_id: Mapped[str]
    lot_id: Mapped[str]
    amount: Mapped[int]

    __table_args__ = (
        PrimaryKeyConstraint("business_id", "transaction_id", "lot_id"),
        tenant_fk("transaction_id", "point_transactions", ondelete="RESTRICT"),
        tenant_fk("lot_id", "point_lots", ondelete="RESTRICT"),
        CheckConstraint("amount > 0", name="amount_positive"),
        tenant_index("ix_point_lot_uses_lot_id", "lot_id"),
    )
