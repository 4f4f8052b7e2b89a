"""What somebody of the team may not do alone: it waits until somebody else agrees."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    TenantMixin,
    TimestampMixin,
    belongs_to,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.tables.customers import Customer


class ApprovalKind(enum.Enum):
    ADJUSTMENT = "ADJUSTMENT"
    PURCHASE = "PURCHASE"
    VOID = "VOID"


class ApprovalState(enum.Enum):
    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class Approval(TenantMixin, TimestampMixin, Base):
    """A request above somebody's limit. What it does when it is agreed to carries its id, so that
    it is done once."""

    __tablename__ = "approvals"

    kind: Mapped[ApprovalKind] = mapped_column(EnumText(ApprovalKind))
    state: Mapped[ApprovalState] = mapped_column(
        EnumText(ApprovalState), server_default="WAITING", default=ApprovalState.WAITING
    )
    customer_id: Mapped[str]
    program_id: Mapped[str | None]
    points: Mapped[int]
    """What it would move, as it was when it was asked."""
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    order_ref: Mapped[str | None]
    location_id: Mapped[str | None]
    purchase_id: Mapped[str | None]
    """The purchase to void."""
    reason: Mapped[str]
    limit_said: Mapped[str]
    """The sentence of the limit it is above."""
    asked_by_user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Nobody can agree to it from then on."""
    decided_by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]

    customer: Mapped[Customer] = belongs_to("Approval", "customer_id", "Customer")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("location_id", "locations", ondelete="RESTRICT"),
        tenant_fk("purchase_id", "purchases", ondelete="RESTRICT"),
        members("kind", ApprovalKind),
        members("state", ApprovalState),
        CheckConstraint(
            "decided_by_user_id IS NULL OR decided_by_user_id <> asked_by_user_id",
            name="decided_by_another",
        ),
        tenant_index("ix_approvals_state", "state", "asked_at", "id"),
        tenant_index("ix_approvals_customer_id", "customer_id"),
    )

    def waits(self, at: datetime) -> bool:
        return self.state is ApprovalState.WAITING and self.expires_at > at
