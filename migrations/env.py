"""Alembic's environment: the migrator's own connection, one transaction a revision."""

import logging
import sys
import time
from typing import Any

import click
from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import guards
from nxloy_web.schema.autogenerate import PLUGINS, include_object, render_item
from nxloy_web.schema.connecting import migrator
from nxloy_web.schema.gate import gated
from nxloy_web.schema.migrating import write_ours
from nxloy_web.schema.printing import standing_at
from nxloy_web.schema.standing import Paper
from nxloy_web.schema.way_back import arrived
from nxloy_web.tables import Base

log = logging.getLogger("nxloy.migrations")
DEPLOY_LOCK = "nxloy deploy"
WAIT_SECONDS = 60
READ_VERSION = "GRANT SELECT ON alembic_version TO nx_app, nx_worker"


def configure(**where: Any) -> None:
    context.configure(
        target_metadata=Base.metadata,
        include_object=include_object,
        render_item=render_item,
        autogenerate_plugins=PLUGINS,
        process_revision_directives=write_ours,
        compare_server_default=False,
        transaction_per_migration=True,
        on_version_apply=arrived,
        **where,
    )
    steps = context.get_context().opts.get("fn")
    if steps is not None and "fn" not in where:
        # The same once more, with every step asked for just before it runs.
        configure(**where, fn=gated(steps))


def offline() -> None:
    """Print the SQL instead of running it (`flask db upgrade --sql`)."""
    start = context.get_starting_revision_argument()
    paper = Paper(sys.stdout, standing_at(str(start)) if start else None)
    configure(
        url="postgresql+psycopg://",
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},  # a `%` stays one
        output_buffer=paper,
    )
    write = context.get_context().impl.static_output
    write(guards.beginning(DEPLOY_LOCK))
    with context.begin_transaction():
        context.run_migrations()
    write(f"{READ_VERSION};")


def online() -> None:
    with migrator("migrate") as guard, migrator("migrate") as connection:
        wait_for_other_deployer(guard.execution_options(isolation_level="AUTOCOMMIT"))
        configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text(READ_VERSION))
        connection.commit()


def wait_for_other_deployer(guard: Connection) -> None:
    """One deployer at a time. Polled, on a connection of its own in autocommit: a waiting
    transaction would deadlock with CREATE INDEX CONCURRENTLY."""
    for _ in range(WAIT_SECONDS):
        if guard.scalar(text("SELECT pg_try_advisory_lock(hashtext(:key))"), {"key": DEPLOY_LOCK}):
            return
        log.info("another deployment is running; waiting")
        time.sleep(1)
    raise click.ClickException(
        "Another deployment has been running for a minute. Try again when it is done."
    )


if context.is_offline_mode():
    offline()
else:
    online()
