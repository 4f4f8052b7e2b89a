"""What every table shares: keys, tenancy, timestamps, soft delete, stale-version check, types."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from nxloy_web import clock
from nxloy_web.db.ids import new_id
from nxloy_web.db.tenant import business_in_scope

Instant = TIMESTAMP(timezone=True)

# Text that is compared or searched. Byte order lets an index serve `=` and prefix ranges under
# row-level security, which lower(), LIKE and citext cannot (their operators are not leakproof).
SearchText = Text(collation="C")


class Base(DeclarativeBase):
    metadata = MetaData(
        schema=None,
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map = {str: Text, datetime: Instant, Decimal: Numeric(4, 2), int: Integer}


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=clock.now, sort_order=901
    )


class TenantMixin:
    """Key (business_id, id): references carry the business, so none can point into another."""

    @declared_attr
    def business_id(cls) -> Mapped[str]:
        return mapped_column(
            ForeignKey("businesses.id"), primary_key=True, default=business_in_scope, sort_order=-2
        )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


class SoftDeleteMixin:
    """Rows that are marked, not removed. `deletes_with` names (model, column) of the children."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=899)
    deletes_with: tuple[tuple[str, str], ...] = ()

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


class VersionMixin:
    """Rows people edit: a form carries the version it was drawn from."""

    version: Mapped[int] = mapped_column(server_default="1", default=1, sort_order=898)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class EnumText(TypeDecorator[enum.Enum]):
    """A Python enum kept as text; the members stand in a named CHECK (see `members`)."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[enum.Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.kind(value)


class TypedJson(TypeDecorator[Any]):
    """A JSON column with one pydantic type as its only reader and writer."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        return self._adapter.dump_python(self._adapter.validate_python(value), mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.validate_python(value)

    def compare_values(self, x: Any, y: Any) -> bool:
        return bool(x == y)


def members(column: str, kind: type[enum.Enum]) -> CheckConstraint:
    """The CHECK that keeps a text column to the members of an enum."""
    allowed = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_members")


def tenant_fk(column: str, table: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference inside the same business."""
    return ForeignKeyConstraint(
        ["business_id", column], [f"{table}.business_id", f"{table}.id"], ondelete=ondelete
    )


def live_unique(name: str, *columns: str) -> Index:
    """Unique within the business among rows that are not deleted."""
    return Index(
        name, "business_id", *columns, unique=True, postgresql_where=text("deleted_at IS NULL")
    )


def tenant_index(name: str, *columns: Any, where: str | None = None) -> Index:
    return Index(
        name, "business_id", *columns, postgresql_where=None if where is None else text(where)
    )


def belongs_to(own: str, column: str, target: str) -> Any:
    """Read the parent row. View-only: the id column is what is written, and assigning a parent of
    another business must not rewrite `business_id`. Never loads by itself: a query says what it
    needs, so a list cannot grow a query per row."""
    return relationship(
        target,
        primaryjoin=(
            f"and_({own}.business_id == {target}.business_id, "
            f"foreign({own}.{column}) == {target}.id)"
        ),
        viewonly=True,
        lazy="raise_on_sql",
        uselist=False,
    )
