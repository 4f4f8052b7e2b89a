"""Running the pending steps of one phase."""

from itertools import takewhile

import click
from flask_migrate import upgrade

from nxloy_web.schema import batches, history, way_back
from nxloy_web.schema.connecting import driver, migrator
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.history import COMMANDS


def go_through(phase: str) -> None:
    """Run the pending steps of this phase, up to the next one of another."""
    with migrator() as connection:
        way_back.refuse_going_up(connection)
        pending = history.pending(connection)
    mine = list(takewhile(lambda revision: revision.phase == phase, pending))
    if not pending:
        click.echo("Nothing is pending.")
    elif not mine:
        first = pending[0]
        raise click.ClickException(
            f"Next is {first.id} ({first.phase}): `{COMMANDS[first.phase]}` first."
        )
    else:
        upgrade(revision=mine[-1].id)
        rest = pending[len(mine) :]
        then = f" Next: `{COMMANDS[rest[0].phase]}` ({rest[0].id})." if rest else ""
        click.echo(f"{len(mine)} {phase} step(s) done.{then}")
        refuse_failing([revision.migration for revision in mine if revision.migration])


def refuse_failing(migrations: list[DataMigration]) -> None:
    """Raises when rows were left behind that could not be done: all others are."""
    with migrator() as connection:
        for migration in migrations:
            if failing := batches.failing(driver(connection), migration.name):
                raise click.ClickException(
                    f"{failing:,} row{'s' if failing > 1 else ''} of {migration.name} could not be "
                    f"done: `flask schema report {migration.name}` names them. Put them right, and "
                    f"`flask schema report {migration.name} --resolve all` tries them again."
                )
