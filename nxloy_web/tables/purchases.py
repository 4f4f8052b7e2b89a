"""What customers bought."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    SearchText,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    belongs_to,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import Why


class PurchaseStatus(enum.Enum):
    RECORDED = "RECORDED"
    VOIDED = "VOIDED"


class Purchase(TenantMixin, TimestampMixin, Base):
    __tablename__ = "purchases"

    customer_id: Mapped[str]
    program_id: Mapped[str | None]
    location_id: Mapped[str | None]
    status: Mapped[PurchaseStatus] = mapped_column(
        EnumText(PurchaseStatus), server_default="RECORDED", default=PurchaseStatus.RECORDED
    )
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    items: Mapped[int | None]
    order_ref: Mapped[str | None] = mapped_column(SearchText)
    """The receipt or order number, when the merchant has one."""
    receipt_key: Mapped[str | None] = mapped_column(SearchText)
    """The same in the spelling in which receipts are compared."""
    import_key: Mapped[str | None] = mapped_column(SearchText)
    """What makes an imported line itself. Kept when the import is undone, so that the same line
    is known when it comes again."""
    undone_at: Mapped[datetime | None]
    """When its import was undone: from then on its key is free for another."""
    came_before_id: Mapped[str | None]
    """The voided purchase that this one is again: the same receipt, the same line, or named."""
    import_run_id: Mapped[str | None]
    points: Mapped[int] = mapped_column(server_default="0", default=0)
    """What it earned at the time."""
    why: Mapped[Why] = mapped_column(TypedJson(Why), server_default=text("'{}'"), default=Why)
    """Kept here too: a purchase that gave nothing has no entry that could say why."""
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    occurred_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    customer: Mapped[Customer] = belongs_to("Purchase", "customer_id", "Customer")
    location: Mapped[Location | None] = belongs_to("Purchase", "location_id", "Location")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("location_id", "locations", ondelete="RESTRICT"),
        tenant_fk("import_run_id", "import_runs", ondelete="RESTRICT"),
        members("status", PurchaseStatus),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("(order_ref IS NULL) = (receipt_key IS NULL)", name="receipt_key"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_iso"),
        Index(
            "uq_purchases_receipt_key",
            "business_id",
            "receipt_key",
            unique=True,
            postgresql_where=text("receipt_key IS NOT NULL AND status = 'RECORDED'"),
        ),
        tenant_fk("came_before_id", "purchases", ondelete="RESTRICT"),
        Index(
            "uq_purchases_living_import_key",
            "business_id",
            "import_key",
            unique=True,
            postgresql_where=text("import_key IS NOT NULL AND undone_at IS NULL"),
        ),
        tenant_index("ix_purchases_import_key", "import_key", where="import_key IS NOT NULL"),
        tenant_index("ix_purchases_receipt_key", "receipt_key", where="receipt_key IS NOT NULL"),
        tenant_index(
            "ix_purchases_came_before_id", "came_before_id", where="came_before_id IS NOT NULL"
        ),
        tenant_index("ix_purchases_customer_id", "customer_id", "occurred_at"),
        tenant_index("ix_purchases_occurred_at", "occurred_at", "id"),
        tenant_index(
            "ix_purchases_import_run",
            "import_run_id",
            "customer_id",
            "occurred_at",
            "id",
            where="import_run_id IS NOT NULL",
        ),
    )
