"""Files people bring in, and what became of each line."""

import enum
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, LargeBinary, PrimaryKeyConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from nxloy_web.db.base import (
    Base,
    EnumText,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    members,
    tenant_fk,
    tenant_index,
)


class ImportKind(enum.Enum):
    CUSTOMERS = "CUSTOMERS"
    PURCHASES = "PURCHASES"


class ImportState(enum.Enum):
    UPLOADED = "UPLOADED"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    """Stopped by somebody half-way; what came in stays, and it can go on."""
    DISCARDED = "DISCARDED"
    """Its file was taken away before anything came in."""


AT_WORK = (ImportState.CHECKING, ImportState.RUNNING, ImportState.UNDOING)


class ImportOptions(BaseModel):
    """How the file is read: column of the file by field of ours, and the program that earns."""

    model_config = ConfigDict(extra="forbid")

    header: list[str] = []
    """The names of all columns of the file, in their order."""
    columns: dict[str, str] = {}
    program_id: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    dates: Literal["ymd", "dmy", "mdy"] = "ymd"
    decimals: Literal[".", ","] = "."
    notice: str = ""
    """What should be known about how the file was read."""
    continued: int = 0
    """Lines of the file that go on with a record begun above."""
    empty: int = 0


class ImportTotals(BaseModel):
    """What the check has added up over the lines that are new."""

    model_config = ConfigDict(extra="forbid")

    people: int = 0
    amount_minor: int = 0
    points: int = 0
    """What they would give in the tiers people hold today."""
    with_cells_left_out: int = 0
    """Lines that come in without one of their cells."""


class UploadedFile(TenantMixin, Base):
    """Kept in the database: the worker that reads it may be another machine."""

    __tablename__ = "uploaded_files"

    filename: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_at: Mapped[datetime | None]
    """When its content was taken away; what it was called and its hash stay."""

    __table_args__ = (
        tenant_index("ix_uploaded_files_kept", "created_at", where="removed_at IS NULL"),
    )


class ImportRun(TenantMixin, TimestampMixin, Base):
    __tablename__ = "import_runs"

    kind: Mapped[ImportKind] = mapped_column(EnumText(ImportKind))
    state: Mapped[ImportState] = mapped_column(
        EnumText(ImportState), server_default="UPLOADED", default=ImportState.UPLOADED
    )
    file_id: Mapped[str]
    options: Mapped[ImportOptions] = mapped_column(
        TypedJson(ImportOptions), server_default=text("'{}'"), default=ImportOptions
    )
    lines: Mapped[int] = mapped_column(server_default="0", default=0)
    place: Mapped[int] = mapped_column(server_default="0", default=0)
    """Lines dealt with so far; moves in the transaction of each batch."""
    created_rows: Mapped[int] = mapped_column(server_default="0", default=0)
    known_rows: Mapped[int] = mapped_column(server_default="0", default=0)
    failed_rows: Mapped[int] = mapped_column(server_default="0", default=0)
    points: Mapped[int] = mapped_column(server_default="0", default=0)
    totals: Mapped[ImportTotals] = mapped_column(
        TypedJson(ImportTotals), server_default=text("'{}'"), default=ImportTotals
    )
    error: Mapped[str | None]
    by_user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        tenant_fk("file_id", "uploaded_files", ondelete="RESTRICT"),
        members("kind", ImportKind),
        members("state", ImportState),
        tenant_index("ix_import_runs_created_at", "created_at", "id"),
    )

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK


class ImportLineVerdict(enum.Enum):
    NEW = "NEW"
    KNOWN = "KNOWN"
    FAILED = "FAILED"


class ImportLine(Base):
    """A line that was judged, and why. `created_id` is what an undo takes back."""

    __tablename__ = "import_lines"

    business_id: Mapped[str] = mapped_column(ForeignKey("businesses.id"))
    run_id: Mapped[str]
    line: Mapped[int]
    """Line number in the file, the header being line 1."""
    verdict: Mapped[ImportLineVerdict] = mapped_column(EnumText(ImportLineVerdict))
    reason: Mapped[str | None]
    raw: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_id: Mapped[str | None]

    __table_args__ = (
        PrimaryKeyConstraint("business_id", "run_id", "line"),
        tenant_fk("run_id", "import_runs", ondelete="CASCADE"),
        members("verdict", ImportLineVerdict),
        tenant_index("ix_import_lines_verdict", "run_id", "verdict", "line"),
    )
