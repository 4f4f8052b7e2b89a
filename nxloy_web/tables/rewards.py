"""What points buy, its stock, and its pictures."""

import enum
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, deferred, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    SoftDeleteMixin,
    TenantMixin,
    TimestampMixin,
    VersionMixin,
    belongs_to,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier


class RewardType(enum.Enum):
    DISCOUNT_PERCENTAGE = "DISCOUNT_PERCENTAGE"
    DISCOUNT_FIXED = "DISCOUNT_FIXED"
    FREE_ITEM = "FREE_ITEM"
    FREE_SHIPPING = "FREE_SHIPPING"
    GIFT_CARD = "GIFT_CARD"
    EXPERIENCE = "EXPERIENCE"
    NFT = "NFT"


class RewardStatus(enum.Enum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    ARCHIVED = "ARCHIVED"


class Reward(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "rewards"

    program_id: Mapped[str | None]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="", default="")
    type: Mapped[RewardType] = mapped_column(EnumText(RewardType))
    status: Mapped[RewardStatus] = mapped_column(
        EnumText(RewardStatus), server_default="DRAFT", default=RewardStatus.DRAFT
    )
    points_cost: Mapped[int] = mapped_column(server_default="0", default=0)
    money_cost: Mapped[int | None]
    """In minor units of `currency`, paid at the counter besides the points."""
    currency: Mapped[str]
    total_stock: Mapped[int | None]
    """None is unlimited."""
    current_stock: Mapped[int | None]
    image: Mapped[str | None]
    """The content hash of a picture of this business."""
    icon: Mapped[str | None]
    category: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None]
    max_per_user: Mapped[int | None]
    needs_approval: Mapped[bool] = mapped_column(server_default=true(), default=True)
    tier_id: Mapped[str | None]
    """Only for customers in this tier or a higher one."""
    segment_id: Mapped[str | None]

    program: Mapped[LoyaltyProgram | None] = belongs_to("Reward", "program_id", "LoyaltyProgram")
    tier: Mapped[LoyaltyTier | None] = belongs_to("Reward", "tier_id", "LoyaltyTier")

    __table_args__ = (
        tenant_fk("program_id", "loyalty_programs", ondelete="RESTRICT"),
        tenant_fk("tier_id", "loyalty_tiers", ondelete="RESTRICT"),
        tenant_fk("segment_id", "customer_segments", ondelete="RESTRICT"),
        members("type", RewardType),
        members("status", RewardStatus),
        CheckConstraint("points_cost >= 0", name="points_cost_not_negative"),
        CheckConstraint("money_cost > 0", name="money_cost_positive"),
        CheckConstraint("points_cost > 0 OR money_cost > 0", name="costs_something"),
        CheckConstraint("current_stock BETWEEN 0 AND total_stock", name="stock_within_total"),
        CheckConstraint(
            "(current_stock IS NULL) = (total_stock IS NULL)", name="stock_both_or_neither"
        ),
        CheckConstraint("start_date < end_date", name="dates_in_order"),
        CheckConstraint("max_per_user > 0", name="max_per_user_positive"),
        tenant_index("ix_rewards_program_id", "program_id"),
        tenant_index("ix_rewards_status", "status", where="deleted_at IS NULL"),
        tenant_index("ix_rewards_name", "name", "id", where="deleted_at IS NULL"),
        tenant_index("ix_rewards_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"),
    )


class StockMovementKind(enum.Enum):
    ADDED = "ADDED"
    CORRECTED = "CORRECTED"
    TAKEN = "TAKEN"
    RETURNED = "RETURNED"
    UNLIMITED = "UNLIMITED"


class StockMovement(TenantMixin, Base):
    """Why a reward's stock changed. Only ever added."""

    __tablename__ = "stock_movements"

    reward_id: Mapped[str]
    kind: Mapped[StockMovementKind] = mapped_column(EnumText(StockMovementKind))
    change: Mapped[int]
    stock_after: Mapped[int | None]
    """None when nobody counts from here on."""
    total_after: Mapped[int | None]
    reason: Mapped[str]
    redemption_id: Mapped[str | None]
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        tenant_fk("reward_id", "rewards", ondelete="RESTRICT"),
        members("kind", StockMovementKind),
        tenant_index("ix_stock_movements_reward_id", "reward_id", "created_at"),
        Index(
            "uq_stock_movements_redemption",
            "business_id",
            "redemption_id",
            "kind",
            unique=True,
            postgresql_where=text("redemption_id IS NOT NULL"),
        ),
    )


class Picture(Base):
    """A picture as we encoded it, found by the hash of its bytes."""

    __tablename__ = "pictures"

    business_id: Mapped[str] = mapped_column(ForeignKey("businesses.id"))
    sha256: Mapped[str]
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (PrimaryKeyConstraint("business_id", "sha256"),)
