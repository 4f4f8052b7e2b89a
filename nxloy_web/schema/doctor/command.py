"""`flask schema doctor`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from nxloy_web.schema.doctor import examine


@click.command(
    "doctor",
    help="""
    Look at roles, grants, policies, shape, leftovers and books; change nothing.

    Ends with status 1 when something is not as it should be.
    """,
)
@click.option("--sql", is_flag=True, help="Print the statements that mend the shape.")
@with_appcontext
def doctor_command(sql: bool) -> None:
    config = current_app.config
    found = examine(
        config.get("MIGRATIONS_DATABASE_URL"),
        config.get("DATABASE_URL"),
        config.get("WORKER_DATABASE_URL"),
    )
    for complaint in found.complaints:
        click.echo(f"-- {complaint}" if sql else str(complaint))
        for statement in complaint.cure if sql else ():
            click.echo(f"{statement};")
    if found.complaints:
        count = len(found.complaints)
        things = "One thing is not as it" if count == 1 else f"{count} things are not as they"
        click.echo(f"\n{things} should be.")
        raise SystemExit(1)
    click.echo(
        f"Everything is as it should be: {found.tables:,} tables, {found.policies:,} policies, "
        f"{found.businesses:,} businesses checked."
    )
