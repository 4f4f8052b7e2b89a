"""A reward asked for: from request to hand-over, or back."""

import enum
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, and_, bindparam, func, or_
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web import clock
from nxloy_web.db.base import (
    Base,
    EnumText,
    Instant,
    SearchText,
    TenantMixin,
    TimestampMixin,
    VersionMixin,
    belongs_to,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.rewards import Reward


class RedemptionStatus(enum.Enum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    EXPIRED = "EXPIRED"


OPEN = (RedemptionStatus.PENDING, RedemptionStatus.APPROVED)


class RewardRedemption(TenantMixin, TimestampMixin, VersionMixin, Base):
    __tablename__ = "reward_redemptions"

    customer_id: Mapped[str]
    reward_id: Mapped[str]
    program_id: Mapped[str | None]
    location_id: Mapped[str | None]
    status: Mapped[RedemptionStatus] = mapped_column(
        EnumText(RedemptionStatus), server_default="PENDING", default=RedemptionStatus.PENDING
    )
    points_cost: Mapped[int]
    money_cost: Mapped[int | None]
    currency: Mapped[str | None]
    code: Mapped[str] = mapped_column(SearchText)
    """Shown by the customer, typed or scanned by staff; unguessable, good once."""
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    fulfilled_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    """When the customer was told that it is about to lapse."""
    notes: Mapped[str | None]

    customer: Mapped[Customer] = belongs_to("RewardRedemption", "customer_id", "Customer")
    reward: Mapped[Reward] = belongs_to("RewardRedemption", "reward_id", "Reward")
    location: Mapped[Location | None] = belongs_to("RewardRedemption", "location_id", "Location")

    __table_args__ = (
        tenant_fk("customer_id", "customers", ondelete="RESTRICT"),
        tenant_fk("reward_id", "rewards", ondelete="RESTRICT"),
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("location_id", "locations", ondelete="RESTRICT"),
        members("status", RedemptionStatus),
        CheckConstraint("points_cost >= 0", name="points_cost_not_negative"),
        Index("uq_reward_redemptions_code", "business_id", "code", unique=True),
        tenant_index("ix_reward_redemptions_customer_id", "customer_id", "requested_at"),
        tenant_index("ix_reward_redemptions_reward_id", "reward_id", "status"),
        tenant_index("ix_reward_redemptions_status", "status", "requested_at", "id"),
        tenant_index("ix_reward_redemptions_requested_at", "requested_at", "id"),
        tenant_index("ix_reward_redemptions_points_cost", "points_cost", "id"),
        tenant_index(
            "ix_reward_redemptions_fulfilled_at",
            "fulfilled_at",
            where="fulfilled_at IS NOT NULL",
        ),
        tenant_index(
            "ix_reward_redemptions_open_expires",
            "expires_at",
            where="status IN ('PENDING', 'APPROVED')",
        ),
    )

    @property
    def state(self) -> RedemptionStatus:
        """What people see: it has lapsed when its time is over, before the job gives it back."""
        is_over = self.status in OPEN and self.expires_at <= clock.now()
        return RedemptionStatus.EXPIRED if is_over else self.status

    @property
    def is_pending(self) -> bool:
        return self.state is RedemptionStatus.PENDING

    @property
    def is_approved(self) -> bool:
        return self.state is RedemptionStatus.APPROVED

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_fulfilled(self) -> bool:
        return self.status is RedemptionStatus.FULFILLED

    @property
    def has_slip(self) -> bool:
        return self.is_approved or self.is_fulfilled


def in_state(*states: RedemptionStatus) -> ColumnElement[bool]:
    """Rows that people see in one of these states: `RewardRedemption.state`, in SQL."""
    row, now = RewardRedemption, bindparam("now", callable_=clock.now, type_=Instant)
    is_in = [
        and_(row.status == state, row.expires_at > now) if state in OPEN else row.status == state
        for state in states
    ]
    if RedemptionStatus.EXPIRED in states:
        is_in.append(and_(row.status.in_(OPEN), row.expires_at <= now))
    return or_(*is_in)


class RedemptionEvent(TenantMixin, Base):
    """One step of a redemption: from what to what, who, when, why. Only ever added."""

    __tablename__ = "redemption_events"

    redemption_id: Mapped[str]
    from_status: Mapped[RedemptionStatus | None] = mapped_column(EnumText(RedemptionStatus))
    to_status: Mapped[RedemptionStatus] = mapped_column(EnumText(RedemptionStatus))
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None]
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        tenant_fk("redemption_id", "reward_redemptions", ondelete="RESTRICT"),
        members("to_status", RedemptionStatus),
        tenant_index("ix_redemption_events_redemption_id", "redemption_id", "occurred_at"),
    )
