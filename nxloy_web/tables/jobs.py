"""What the dashboard shows of background work; the queue's own tables have no policies."""

import enum
from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, EnumText, TenantMixin, TimestampMixin, members, tenant_index


class JobState(enum.Enum):
    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class JobRun(TenantMixin, TimestampMixin, Base):
    __tablename__ = "job_runs"

    kind: Mapped[str]
    subject_id: Mapped[str | None]
    state: Mapped[JobState] = mapped_column(
        EnumText(JobState), server_default="WAITING", default=JobState.WAITING
    )
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[int] = mapped_column(server_default="0", default=0)
    total: Mapped[int | None]
    error: Mapped[str | None]
    """A sentence for the merchant; the traceback is in the log."""
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    next_at: Mapped[datetime | None]
    """When it is tried again by itself."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        members("state", JobState),
        tenant_index("ix_job_runs_created_at", "created_at", "id"),
        tenant_index("ix_job_runs_subject_id", "subject_id"),
    )


class Pulse(Base):
    """When a part of the installation last said that it is well, or failed. See `pulse.py`."""

    __tablename__ = "pulses"

    name: Mapped[str] = mapped_column(primary_key=True)
    ok_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    said: Mapped[str | None]
    """Why it failed."""
