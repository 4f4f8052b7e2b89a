"""`flask schema operator`: who may see the page of schema changes."""

import click
from sqlalchemy import text

from nxloy_web.contacts import email_norm
from nxloy_web.errors import NotUsable
from nxloy_web.schema.connecting import migrator, refuse_without


@click.command(
    "operator",
    help="""
    Make somebody the installation's operator: they see the pages of schema changes and of work.

    They see nothing of any business by that.
    """,
)
@click.argument("email")
@click.option("--remove", is_flag=True, help="Take it away again.")
def operator_command(email: str, remove: bool) -> None:
    try:
        norm = email_norm(email)
    except NotUsable as error:
        raise click.ClickException(str(error)) from None
    with migrator() as connection:
        refuse_without(connection, "users")
        found = connection.execute(
            text(
                "UPDATE users SET is_operator = :is_operator, updated_at = now()"
                " WHERE email_norm = :norm RETURNING name, email"
            ),
            {"is_operator": not remove, "norm": norm},
        ).one_or_none()
        connection.commit()
    if found is None:
        raise click.ClickException(
            f"Nobody signs in with {email}. Let them sign up first, then run this again."
        )
    if remove:
        click.echo(f"{found.name} ({found.email}) is no operator any more.")
    else:
        click.echo(
            f"{found.name} ({found.email}) is an operator: signed in with a password, "
            "they find the schema changes in the account menu and at /operator/schema."
        )
