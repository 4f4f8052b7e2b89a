"""Everything that happened: who, what, before and after. Only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, TenantMixin, tenant_index


class AuditEntry(TenantMixin, Base):
    __tablename__ = "audit_entries"

    action: Mapped[str]
    """The name of the event: `redemption.approved`."""
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    actor_kind: Mapped[str]
    actor_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    actor_role: Mapped[str | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    request_id: Mapped[str | None]
    occurred_at: Mapped[datetime]

    __table_args__ = (
        tenant_index("ix_audit_entries_occurred_at", "occurred_at", "id"),
        tenant_index("ix_audit_entries_subject", "subject_type", "subject_id", "occurred_at"),
        tenant_index("ix_audit_entries_actor", "actor_user_id", "occurred_at"),
    )
