"""`flask schema …`: what is pending, and the way through it while people work."""

import dataclasses

import click
from flask_migrate import downgrade, upgrade
from sqlalchemy.engine import Connection

from nxloy_web.schema import begun, history, plan, way_back
from nxloy_web.schema.connecting import migrator
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
from nxloy_web.schema.report_commands import report_command


@click.group(
    "schema", help="Change the schema while people work: plan, expand, data run, contract."
)
@click.option(
    "--attempts", type=click.IntRange(min=1), help="How often a lock is asked for before giving up."
)
@click.option(
    "--wait",
    type=click.IntRange(min=1),
    help="For how many seconds, each time, a step that blocks nobody waits for others.",
)
def schema_group(attempts: int | None, wait: int | None) -> None:
    patience = PATIENCE.get()
    if attempts is not None:
        patience = dataclasses.replace(patience, attempts=attempts, quiet_attempts=attempts)
    if wait is not None:
        patience = dataclasses.replace(patience, quiet_lock_ms=wait * 1000)
    PATIENCE.set(patience)


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
        at_work = begun.found(connection)
    click.echo(f"The database is at {here or 'nothing yet'}.")
    if at_work and at_work.is_way_back:
        click.echo(way_back.was_begun(at_work))
        return
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
    downgrade(revision=before or "base", x_arg=["undo=begun"])
    click.echo(f"{first.group} is undone. The database is at {before or 'nothing'}.")


def _first_of_unfinished(connection: Connection) -> Revision:
    """The first revision of the group that the database stands in the middle of, or that is begun
    beyond where it stands."""
    here, known = history.current(connection), history.revisions()
    place = next((i for i, revision in enumerate(known) if revision.id == here), None)
    step, ahead = begun.found(connection), way_back.unfinished(connection)
    if ahead and ahead.phase == CONTRACT:
        raise click.ClickException(
            f"{ahead.id} was begun: finish it with `{COMMANDS[ahead.phase]}`."
        )
    if step and step.is_way_back and place is not None and known[place].phase == CONTRACT:
        raise click.ClickException(way_back.was_begun(step))
    if ahead is None:
        rest = known[place + 1 :] if place is not None else []
        is_back = step is not None and step.is_way_back
        if place is None or not (is_back or (rest and rest[0].group == known[place].group)):
            raise click.ClickException("No expand is unfinished, so there is nothing to abort.")
        ahead = known[place]
    return next(r for r in known if r.group == ahead.group)


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
    report_command,
):
    schema_group.add_command(command)
