"""Saved rules over customers, and hand-made lists."""

import enum
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ForeignKey, PrimaryKeyConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    SoftDeleteMixin,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    VersionMixin,
    live_unique,
    members,
    tenant_fk,
    tenant_index,
)

Field_ = Literal[
    "status",
    "tag",
    "joined",
    "birthday_month",
    "email_opt_in",
    "sms_opt_in",
    "purchase_count",
    "spent",
    "last_purchase",
    "points",
    "tier",
    "redemptions",
    "referred",
]
Operator = Literal[
    "is", "is_not", "at_least", "at_most", "within_days", "not_within_days", "before", "after"
]


class Condition(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["condition"] = "condition"
    field: Field_
    operator: Operator
    value: str = Field(max_length=120)


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["group"] = "group"
    match: Literal["all", "any"] = "all"
    items: list[Annotated["Condition | Group", Field(discriminator="kind")]] = Field(
        default_factory=list, max_length=20
    )


class SegmentRules(Group):
    """The outermost group. Without conditions it holds every customer."""


Group.model_rebuild()
SegmentRules.model_rebuild()


class SegmentKind(enum.Enum):
    DYNAMIC = "DYNAMIC"
    MANUAL = "MANUAL"


class CustomerSegment(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "customer_segments"

    name: Mapped[str]
    description: Mapped[str | None]
    kind: Mapped[SegmentKind] = mapped_column(EnumText(SegmentKind))
    rules: Mapped[SegmentRules] = mapped_column(
        TypedJson(SegmentRules), server_default=text("'{}'"), default=SegmentRules
    )
    member_count: Mapped[int] = mapped_column(server_default="0", default=0)
    refreshed_at: Mapped[datetime | None]

    __table_args__ = (
        members("kind", SegmentKind),
        live_unique("uq_customer_segments_name", "name"),
        tenant_index(
            "ix_customer_segments_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"
        ),
    )


class CustomerSegmentMember(Base):
    __tablename__ = "customer_segments_mapping"

    business_id: Mapped[str] = mapped_column(ForeignKey("businesses.id"))
    segment_id: Mapped[str]
    customer_id: Mapped[str]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        PrimaryKeyConstraint("business_id", "segment_id", "customer_id"),
        tenant_fk("customer_id", "customers", ondelete="CASCADE"),
        tenant_fk("segment_id", "customer_segments", ondelete="CASCADE"),
        tenant_index("ix_customer_segments_mapping_customer_id", "customer_id"),
    )
