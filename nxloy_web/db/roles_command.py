"""`flask db-roles`: what an administrator runs once for each database of an installation."""

import os
from collections.abc import Mapping
from contextlib import suppress

import click

from nxloy_web.db.roles import LOGINS, RolesError, create_roles, parse

ADDRESSES = {
    "app": "DATABASE_URL",
    "migrator": "MIGRATIONS_DATABASE_URL",
    "worker": "WORKER_DATABASE_URL",
}
"""The setting that says where each of the `LOGINS` signs in."""


@click.command(
    "db-roles",
    help="""
    Make roles and schemas on a PostgreSQL server and print the addresses to use.

    ADMIN_URL signs in as an administrator. Roles that are there keep their passwords: every
    database of the server has the same ones. They are printed again when the environment has
    them, in DATABASE_URL and the others.
    """,
)
@click.argument("admin_url")
@click.option(
    "--new-passwords", is_flag=True, help="Give the roles new passwords; nobody may be signed in."
)
def roles_command(admin_url: str, new_passwords: bool) -> None:
    known = _passwords_of(os.environ)
    try:
        urls = create_roles(admin_url, anew=new_passwords, known=known)
    except RolesError as error:
        raise click.ClickException(str(error)) from None
    for who, setting in ADDRESSES.items():
        click.echo(f"{setting}={getattr(urls, who)}")
        if not parse(getattr(urls, who)).get("password"):
            click.echo(
                f"{LOGINS[who]} keeps its password, which {setting} of the environment does not "
                "say: write it into the address.",
                err=True,
            )


def _passwords_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The passwords that the addresses of an installation say, of our own roles."""
    found = {}
    for who, setting in ADDRESSES.items():
        with suppress(RolesError):
            place = parse(environment.get(setting, ""))
            if place.get("user") == LOGINS[who] and place.get("password"):
                found[who] = str(place["password"])
    return found
