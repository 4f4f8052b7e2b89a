"""Running the pending steps of one phase."""

from itertools import takewhile

import click
from flask_migrate import upgrade

from nxloy_web.schema import history
from nxloy_web.schema.connecting import migrator
from nxloy_web.schema.history import COMMANDS


def go_through(phase: str) -> None:
    """Run the pending steps of this phase, up to the next one of another."""
    with migrator() as connection:
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
