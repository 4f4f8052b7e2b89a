"""`flask demo`."""

import click
from flask import current_app
from flask.cli import with_appcontext

from nxloy_web import clock
from nxloy_web.db.reachable import refuse_unreachable
from nxloy_web.demo import cast, service


@click.command("demo", help="Load the demo business, and say how to sign in to it.")
@with_appcontext
def demo_command() -> None:
    refuse_unreachable("DATABASE_URL", current_app.config["DATABASE_URL"])
    service.load(clock.now())
    click.echo(f"Owner     {cast.OWNER[1]}  password {cast.PASSWORD}  at /sign-in")
    click.echo(f"Staff     {cast.STAFF[1]}  password {cast.PASSWORD}  at /sign-in")
    click.echo(f"Customer  {cast.CUSTOMER[2]}  with a mailed code  at /p/{cast.SLUG}/")
