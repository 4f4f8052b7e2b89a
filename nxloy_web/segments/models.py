"""Saved rules over customers, and hand-made lists."""

import enum
from datetime import datetime

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
from nxloy_web.segments.rules import SegmentRules


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
