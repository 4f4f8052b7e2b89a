"""`flask schema …`: what is pending, and the way through it while people work."""

import dataclasses

import click
from flask_migrate import downgrade, upgrade
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import gate, history, plan
from nxloy_web.schema.connecting import migrator, refuse_without
from nxloy_web.schema.data_commands import data_group
from nxloy_web.schema.doctor.command import doctor_command
from nxloy_web.schema.golden_command import golden_command
from nxloy_web.schema.history import COMMANDS, CONTRACT, EXPAND, Revision
from nxloy_web.schema.lint.command import lint_command
from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.new_change.command import new_change_group
from nxloy_web.schema.new_table import new_table_command
from nxloy_web.schema.operator_command import operator_command
from nxloy_web.schema.phase_commands import go_through
from nxloy_web.schema.reparent_command import reparent_command


@click.group(
    "schema", help="Change the schema while people work: plan, expand, data run, contract."
)
@click.option(
    "--attempts", type=click.IntRange(min=1), help="How often a lock is asked for before giving up."
)
def schema_group(attempts: int | None) -> None:
    if attempts is not None:
        PATIENCE.set(dataclasses.replace(PATIENCE.get(), attempts=attempts))


@schema_group.command(
    "plan", help="Show what is pending: phases, locks, sizes of tables, and what may run now."
)
@click.option("--sql", is_flag=True, help="Print the SQL itself.")
def plan_command(sql: bool) -> None:
    if sql:
        with migrator() as connection:
            here, pending = history.current(connection), history.pending(connection)
        if not pending:
            click.echo("Nothing is pending.", err=True)
            return
        upgrade(revision=f"{here}:head" if here else "head", sql=True)
        return
    with migrator() as connection:
        here, steps = history.current(connection), plan.steps(connection)
    click.echo(f"The database is at {here or 'nothing yet'}.")
    for step in steps:
        click.echo(f"\n{step.revision.phase:<9} {step.revision.id}: {step.revision.title}")
        for lock in step.locks:
            click.echo(f"{'':9} {lock}")
        click.echo(f"{'':9} {step.why_not or 'may run now'}")
    if steps:
        click.echo(f"\nNext: `{COMMANDS[steps[0].revision.phase]}`.")
    else:
        click.echo("Nothing is pending.")


@schema_group.command(
    "expand", help="Run the steps that are safe while the old code runs. Then deploy the new code."
)
def expand_command() -> None:
    go_through(EXPAND)


@schema_group.command(
    "contract", help="Run the steps that need the data filled and the old code gone."
)
def contract_command() -> None:
    go_through(CONTRACT)


@schema_group.command(
    "abort",
    help="Undo an expand whose contract has not begun. Nothing is lost: the old shape was kept.",
)
def abort_command() -> None:
    with migrator() as connection:
        first = _first_of_unfinished(connection)
        before = _before(first)
    downgrade(revision=before or "base")
    click.echo(f"{first.group} is undone. The database is at {before or 'nothing'}.")


@schema_group.command("report", help="Show the rows that a data migration could not decide about.")
@click.argument("name", required=False)
@click.option("--rows", is_flag=True, help="Show the rows themselves: they are somebody's data.")
def report_command(name: str | None, rows: bool) -> None:
    if name is not None and history.data_migration(name) is None:
        raise click.ClickException(f"There is no data migration {name}.")
    with migrator() as connection:
        refuse_without(connection, "data_migration_reports")
        found = connection.execute(
            text(
                "SELECT migration, outcome, table_name, row_key, reason, row"
                " FROM data_migration_reports"
                " WHERE CAST(:name AS text) IS NULL OR migration = :name ORDER BY id"
            ),
            {"name": name},
        ).all()
    for migration, outcome, table, key, reason, row in found:
        click.echo(f"{migration}  {outcome.replace('_', ' ').lower()}  {table} {key}: {reason}")
        if rows:
            click.echo(f"    {row}")
    click.echo(f"{len(found)} row(s).")


def _first_of_unfinished(connection: Connection) -> Revision:
    """The first revision of the group that the database stands in the middle of."""
    here = history.current(connection)
    known = history.revisions()
    place = next((i for i, revision in enumerate(known) if revision.id == here), None)
    if place is None or not (rest := known[place + 1 :]) or rest[0].group != known[place].group:
        raise click.ClickException("No expand is unfinished, so there is nothing to abort.")
    if gate.begun(connection) == rest[0].id:
        raise click.ClickException(
            f"{rest[0].id} was begun: finish it with `{COMMANDS[rest[0].phase]}`."
        )
    return next(r for r in known if r.group == known[place].group)


def _before(revision: Revision) -> str | None:
    known = history.revisions()
    place = known.index(revision)
    return known[place - 1].id if place else None


for command in (
    data_group,
    doctor_command,
    golden_command,
    lint_command,
    new_change_group,
    new_table_command,
    operator_command,
    reparent_command,
):
    schema_group.add_command(command)
