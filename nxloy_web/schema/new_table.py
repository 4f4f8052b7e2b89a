"""`flask schema new-table`: the base table of the catalogue, as a revision and a model."""

import re
from datetime import UTC, datetime
from pathlib import Path

import click

from nxloy_web.db.base import Base
from nxloy_web.schema import history
from nxloy_web.schema.history import LONGEST_ID

REVISION = '''"""{title}."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "{revision}"
down_revision = "{down_revision}"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("{table}",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "{table}",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),{deleted_column}
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_{table}_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_{table}")),
    ){deleted_index}
    ops.tenant_table("{table}", app="{app}")


@one_transaction
def downgrade() -> None:
    op.drop_table("{table}")
'''
DELETED_COLUMN = """
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),"""
DELETED_INDEX = """
    op.create_index(
        "ix_{table}_deleted_at",
        "{table}",
        ["business_id", "deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )"""
MODEL = """class {model}(TenantMixin, TimestampMixin{soft}, Base):
    __tablename__ = "{table}"
{arguments}"""
ARGUMENTS = """
    __table_args__ = (
        tenant_index("ix_{table}_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"),
    )
"""


@click.command(
    "new-table",
    help="""
    Write the revision of a new tenant TABLE (like gift_cards, people or news) and print its model.

    Key (business_id, id), policy, grants, timestamps and soft delete are in it; columns of its
    own, references (with business_id in them) and indexes are yours to add to both.
    """,
)
@click.argument("table")
@click.option(
    "--one", prompt="What is one of them called", help="One row, like gift_card: names the model."
)
@click.option("--soft-delete/--no-soft-delete", default=True, show_default=True)
@click.option(
    "--app",
    default="SELECT, INSERT, UPDATE",
    show_default=True,
    help="SELECT, INSERT, UPDATE, DELETE: what the application may do.",
)
def new_table_command(table: str, one: str, soft_delete: bool, app: str) -> None:
    name = f"add_{table}"
    if not all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", word) for word in (table, one)):
        raise click.ClickException(
            "A table, and one row of it, are small letters with `_` between words."
        )
    if len(name) > LONGEST_ID:
        raise click.ClickException(f"A table has {LONGEST_ID - len('add_')} letters at most.")
    if table in Base.metadata.tables:
        raise click.ClickException(f"There is a table {table} already.")
    model = "".join(word.capitalize() for word in one.split("_"))
    if model in {mapper.class_.__name__ for mapper in Base.registry.mappers}:
        raise click.ClickException(f"There is a model {model} already.")
    grants = [word.strip().upper() for word in app.split(",")]
    if not set(grants) <= {"SELECT", "INSERT", "UPDATE", "DELETE"}:
        raise click.ClickException("--app takes some of SELECT, INSERT, UPDATE, DELETE.")
    known = history.revisions()
    if any(revision.id == name for revision in known):
        raise click.ClickException(f"There is a revision {name} already.")
    path = _write(table, name, known[-1].id, soft_delete=soft_delete, app=", ".join(grants))
    click.echo(f"Written: {path}\n\nIts model, for a file of nxloy_web/tables:\n")
    click.echo(_model(table, model, soft_delete=soft_delete))


def _write(table: str, name: str, after: str, *, soft_delete: bool, app: str) -> Path:
    text = REVISION.format(
        title=f"{table.replace('_', ' ').capitalize()}",
        revision=name,
        down_revision=after,
        table=table,
        app=app,
        deleted_column=DELETED_COLUMN if soft_delete else "",
        deleted_index=DELETED_INDEX.format(table=table) if soft_delete else "",
    )
    path = history.folder() / f"{datetime.now(UTC):%Y%m%d_%H%M}_{name}.py"
    path.write_text(text)
    return path


def _model(table: str, model: str, *, soft_delete: bool) -> str:
    return MODEL.format(
        model=model,
        table=table,
        soft=", SoftDeleteMixin" if soft_delete else "",
        arguments=ARGUMENTS.format(table=table) if soft_delete else "",
    )
