"""How far the data migrations are, and the rows they could not decide about."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, EnumText, members


class DataStatus(enum.Enum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    FAILED = "FAILED"


class Outcome(enum.Enum):
    SET_ASIDE = "SET_ASIDE"
    """The row was moved into the report whole."""
    WAITING = "WAITING"
    """The row is where it was; somebody must decide before the contract step."""


class DataMigrationRun(Base):
    """One row a data migration. Written by the runner; the operator's page may pause it."""

    __tablename__ = "data_migrations"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    status: Mapped[DataStatus] = mapped_column(EnumText(DataStatus), server_default="QUEUED")
    cursor: Mapped[list[Any] | None] = mapped_column(JSONB)
    """The key of the last row that is done."""
    rows_done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    rows_total: Mapped[int] = mapped_column(BigInteger, server_default="0")
    batch_size: Mapped[int] = mapped_column(Integer, server_default="500")
    batches: Mapped[int] = mapped_column(Integer, server_default="0")
    worst_ms: Mapped[int] = mapped_column(Integer, server_default="0")
    reported: Mapped[int] = mapped_column(Integer, server_default="0")
    error: Mapped[str | None]
    started_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (members("status", DataStatus),)


class ApplicationFloor(Base):
    """What a contract step says of the versions that may use the database. See `db/floors.py`."""

    __tablename__ = "application_floors"

    revision: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    """The oldest one."""
    raised_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class DataMigrationReport(Base):
    """A row that no rule decides. For the person with the migrator's address; the application
    may not read it, because it holds rows of every business."""

    __tablename__ = "data_migration_reports"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    migration: Mapped[str]
    table_name: Mapped[str]
    row_key: Mapped[dict[str, Any]] = mapped_column(JSONB)
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome))
    reason: Mapped[str]
    row: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (members("outcome", Outcome),)
