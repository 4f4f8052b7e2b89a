"""`flask schema data …`: the runner of data migrations, and what stops and starts it."""

import time

import click
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import batches, history, progress, runner, way_back
from nxloy_web.schema.connecting import driver, migrator, migrator_url, refuse_without
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.history import DATA
from nxloy_web.schema.phase_commands import go_through, refuse_failing


@click.group("data", help="Fill rows in batches: run, status, pause, resume, retry.")
def data_group() -> None:
    pass


@data_group.command(
    "run",
    help="Run the pending data migrations. Ctrl-C stops between batches; run it again to go on.",
)
def run_command() -> None:
    try:
        go_through(DATA)
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. What is done stays done; run it again.") from None


@data_group.command("status", help="Show how far each data migration is.")
@click.option("--watch", is_flag=True, help="Again every second, until Ctrl-C.")
def status_command(watch: bool) -> None:
    while True:
        with migrator() as connection:
            refuse_without(connection, "data_migrations")
            lines = [
                f"{progress.line(state)}\n    {progress.standing(state)}"
                for state in runner.states(driver(connection))
            ]
        click.echo("\n".join(lines) or "No data migration has run yet.")
        if not watch:
            return
        time.sleep(1)


@data_group.command("pause", help="Let a running data migration wait after its batch.")
@click.argument("name")
def pause_command(name: str) -> None:
    _turn(name, ("QUEUED", "RUNNING"), "PAUSED", f"{name} waits after its batch.")


@data_group.command("resume", help="Let a paused data migration go on.")
@click.argument("name")
def resume_command(name: str) -> None:
    _turn(name, ("PAUSED",), "RUNNING", f"{name} goes on, if its runner still waits.")


@data_group.command(
    "retry", help="Run one again: a failed one from where it was, a finished one over every row."
)
@click.argument("name")
def retry_command(name: str) -> None:
    migration = _known(name)
    with migrator() as connection:
        refuse_without(connection, "data_migrations")
        way_back.refuse_going_up(connection)
        pending = {revision.id for revision in history.pending(connection)}
        if any(name in r.needs and r.id not in pending for r in history.revisions()):
            raise click.ClickException(f"What {name} filled from is gone: its contract has run.")
        _begin_again(connection, name)
        is_pending = any(
            r.migration and r.migration.name == name and r.id in pending
            for r in history.revisions()
        )
    if is_pending:
        go_through(DATA)
    else:
        runner.run(runner.address(migrator_url()), migration, watch=progress.watcher())
        refuse_failing([migration])


def _known(name: str) -> DataMigration:
    migration = history.data_migration(name)
    if migration is None:
        raise click.ClickException(f"There is no data migration {name}.")
    return migration


def _turn(name: str, before: tuple[str, ...], after: str, done: str) -> None:
    _known(name)
    with migrator() as connection:
        refuse_without(connection, "data_migrations")
        found = connection.execute(
            text(
                "UPDATE data_migrations SET status = :after, updated_at = now()"
                " WHERE name = :name AND status = ANY(:before)"
            ),
            {"name": name, "before": list(before), "after": after},
        )
        connection.commit()
    if not found.rowcount:
        states = " or ".join(status.lower() for status in before)
        raise click.ClickException(f"{name} is not {states}: `flask schema data status`.")
    click.echo(done)


def _begin_again(connection: Connection, name: str) -> None:
    connection.execute(
        text(
            "DELETE FROM data_migration_reports WHERE migration = :name AND outcome = 'WAITING'"
            " AND starts_with(reason, :failed) AND EXISTS (SELECT FROM data_migrations"
            "  WHERE name = :name AND status = 'DONE')"
        ),
        {"name": name, "failed": batches.FAILED},
    )
    found = connection.execute(
        text(
            "UPDATE data_migrations SET"
            " cursor = CASE WHEN status = 'DONE' THEN NULL ELSE cursor END,"
            " rows_done = CASE WHEN status = 'DONE' THEN 0 ELSE rows_done END,"
            " status = 'QUEUED', error = NULL, finished_at = NULL"
            " WHERE name = :name AND status IN ('DONE', 'FAILED')"
        ),
        {"name": name},
    )
    connection.commit()
    if not found.rowcount:
        raise click.ClickException(f"{name} has neither failed nor finished.")
