"""Loyalty programs, their tiers, and what turns a purchase into points."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    SoftDeleteMixin,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    VersionMixin,
    belongs_to,
    live_unique,
    members,
    tenant_fk,
    tenant_index,
)
from nxloy_web.units import HasUnit


class ProgramStatus(enum.Enum):
    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ARCHIVED = "ARCHIVED"


class ProgramType(enum.Enum):
    POINTS = "POINTS"
    STAMPS = "STAMPS"
    TIERED = "TIERED"
    SUBSCRIPTION = "SUBSCRIPTION"


class ProgramSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    expiry: Literal["never", "days", "months", "end_of_month", "end_of_year"] = "never"
    """When points earned from now on stop being good. Days end on the business's clock."""
    expiry_after: int = Field(default=12, ge=1, le=3650)
    """How many days or months, for the two policies that count them."""


class TierChange(BaseModel):
    """The latest change of a program's tiers: what it was, and what takes it back."""

    model_config = ConfigDict(extra="forbid")

    id: str
    kind: Literal["edited", "swapped", "created", "deleted", "restored", "reassessed"]
    at: datetime
    tier_id: str | None = None
    """The tier that was made, deleted or restored."""
    thresholds: dict[str, tuple[int, int]] = {}
    """Of tiers, by their id: before and after."""
    down_from: list[str] | None = []
    """Members of these move down when they have too few points; None: of every tier."""
    members_to: str | None = None
    """Where the members of a deleted tier go."""
    reward_ids: list[str] = []
    """Rewards that asked for the deleted tier."""
    up: int = 0
    down: int = 0
    is_undone: bool = False


class LoyaltyProgram(HasUnit, TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "loyalty_programs"
    deletes_with = (("LoyaltyTier", "program_id"),)

    name: Mapped[str]
    description: Mapped[str | None]
    type: Mapped[ProgramType] = mapped_column(EnumText(ProgramType))
    status: Mapped[ProgramStatus] = mapped_column(
        EnumText(ProgramStatus), server_default="DRAFT", default=ProgramStatus.DRAFT
    )
    currency: Mapped[str]
    points_name: Mapped[str] = mapped_column(server_default="Points", default="Points")
    point_name: Mapped[str | None]
    """One of them, where it is not the English word without its s."""
    settings: Mapped[ProgramSettings] = mapped_column(
        TypedJson(ProgramSettings), server_default=text("'{}'"), default=ProgramSettings
    )
    last_tier_change: Mapped[TierChange | None] = mapped_column(TypedJson(TierChange))

    __table_args__ = (
        members("type", ProgramType),
        members("status", ProgramStatus),
        live_unique("uq_loyalty_programs_name", "name"),
        tenant_index("ix_loyalty_programs_status", "status", where="deleted_at IS NULL"),
        tenant_index(
            "ix_loyalty_programs_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"
        ),
    )


class LoyaltyTier(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "loyalty_tiers"

    program_id: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    required_points: Mapped[int] = mapped_column(server_default="0", default=0)
    multiplier: Mapped[Decimal] = mapped_column(
        Numeric(4, 2), server_default="1.0", default=Decimal("1.0")
    )
    color: Mapped[str] = mapped_column(server_default="#000000", default="#000000")
    icon: Mapped[str | None]
    benefits: Mapped[list[str]] = mapped_column(
        TypedJson(list[str]), server_default=text("'[]'"), default=list
    )

    __table_args__ = (
        tenant_fk("program_id", "loyalty_programs", ondelete="CASCADE"),
        CheckConstraint("required_points >= 0", name="required_points_not_negative"),
        CheckConstraint("multiplier > 0", name="multiplier_positive"),
        CheckConstraint("color ~ '^#[0-9a-fA-F]{6}$'", name="color_hex"),
        live_unique("uq_loyalty_tiers_name", "program_id", "name"),
        live_unique("uq_loyalty_tiers_required_points", "program_id", "required_points"),
        tenant_index("ix_loyalty_tiers_program_id", "program_id"),
        tenant_index("ix_loyalty_tiers_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"),
    )


class EarningTerms(BaseModel):
    """Points per amount spent: `points` for every whole `per_minor` of the purchase."""

    model_config = ConfigDict(extra="forbid")

    points: int = Field(ge=1, le=10_000)
    per_minor: int = Field(ge=1)
    minimum_minor: int = Field(default=0, ge=0)
    most_points: int | None = Field(default=None, ge=1)
    """A purchase gives at most this many; more is cut off."""


class EarningRule(TenantMixin, TimestampMixin, Base):
    """One version of a rule. Editing ends it and adds the next, so old entries keep their why."""

    __tablename__ = "earning_rules"

    program_id: Mapped[str]
    rule_id: Mapped[str]
    """The same through all versions of one rule."""
    version: Mapped[int]
    name: Mapped[str]
    terms: Mapped[EarningTerms] = mapped_column(TypedJson(EarningTerms))
    ended_at: Mapped[datetime | None]

    program: Mapped[LoyaltyProgram] = belongs_to("EarningRule", "program_id", "LoyaltyProgram")

    __table_args__ = (
        tenant_fk("program_id", "loyalty_programs", ondelete="CASCADE"),
        Index("uq_earning_rules_version", "business_id", "rule_id", "version", unique=True),
        Index(
            "uq_earning_rules_current",
            "business_id",
            "rule_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        tenant_index("ix_earning_rules_program_id", "program_id"),
    )
