"""What a statement may cost the people at work: it is refused, stopped or waited for, and told
apart."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa
from alembic import op
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from nxloy_web.config import with_driver
from nxloy_web.schema import online
from nxloy_web.schema.locking import PATIENCE, Patience, one_transaction
from nxloy_web.schema.refusals import Refused, TableBusy, TooLong
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import HASTY, Walk

HURRIED = replace(HASTY, statement_s=1, attempts=5)


@contextmanager
def migrating(walk: Walk, patience: Patience = HASTY) -> Iterator[None]:
    """As in a revision."""
    engine = create_engine(with_driver(walk.url("migrator")), poolclass=sa.pool.NullPool)
    token = PATIENCE.set(patience)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"transaction_per_migration": True}
            )
            with context.begin_transaction(_per_migration=True), Operations.context(context):
                yield
    finally:
        PATIENCE.reset(token)


@pytest.mark.parametrize(
    "column",
    [
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()")),
        sa.Column("token", sa.Text(), server_default=sa.text("md5(random()::text)")),
        sa.Column("uid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True)),
        sa.Column("twice", sa.Integer(), sa.Computed("1 + 1", persisted=True)),
    ],
    ids=lambda column: column.name,
)
def test_a_column_that_is_worked_out_for_each_row_is_refused(
    at: At, column: sa.Column[object]
) -> None:
    """S4: the table would be written anew, under a lock that stops everybody."""
    walk = at("add_customers")
    before = walk.shape()
    with pytest.raises(Refused, match="would be worked out for every row"), migrating(walk):
        online.add_columns("customers", column)
    assert differences(before, walk.shape()) == []


def test_a_default_that_is_the_same_for_all_is_added(at: At) -> None:
    walk = at("add_customers")
    columns = (
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        sa.Column("kind", sa.Text(), server_default="x", nullable=False),
    )
    with migrating(walk):
        online.add_columns("customers", *columns)
    assert walk.rows("SELECT at, kind FROM customers") == []


def _slow_alone() -> None:
    online.run_locked("customers", "SELECT pg_sleep(3)", reason="a test")


@one_transaction
def _slow_together() -> None:
    op.execute("SELECT pg_sleep(3)")


@pytest.mark.parametrize("step", [_slow_alone, _slow_together])
def test_a_statement_that_takes_too_long_is_stopped_once(at: At, step: Callable[[], None]) -> None:
    """S4: nobody is in its way, so nobody is blamed, and it is not tried again."""
    walk = at("add_customers")
    with walk.inside("shop") as bystander:
        bystander.execute("SELECT FROM users LIMIT 1")
        with pytest.raises(TooLong) as refusal, migrating(walk, HURRIED):
            step()
    assert "nobody was in its way" in str(refusal.value)
    assert "held by" not in str(refusal.value)


def test_an_index_that_waits_for_a_snapshot_says_whose(at: At) -> None:
    """S11: a dump, for example, that holds no lock on this table."""
    walk = at("add_customers")
    dump = psycopg.connect(walk.url("app"), application_name="pg_dump")
    with dump:
        dump.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        dump.execute("SELECT FROM users")
        pid = dump.info.backend_pid
        with pytest.raises(TableBusy) as refusal, migrating(walk):
            online.create_index("ix_try", "customers", ["business_id", "points"])
    assert f"held by the snapshot of pg_dump (nx_app, process {pid}, idle in transaction since" in (
        str(refusal.value)
    )
    with migrating(walk):
        online.create_index("ix_try", "customers", ["business_id", "points"])


def test_attempts_and_waiting_reach_what_blocks_nobody(at: At) -> None:
    """S11: CONCURRENTLY and VALIDATE as well."""
    token = PATIENCE.set(PATIENCE.get())
    try:
        at("head").command("schema", "--attempts", "7", "--wait", "90", "expand")
        now = PATIENCE.get()
    finally:
        PATIENCE.reset(token)
    assert (now.attempts, now.quiet_attempts, now.quiet_lock_ms) == (7, 7, 90_000)
