"""A database that is not there is said in one sentence, whichever command notices."""

import click
import psycopg

from nxloy_web.config import NotAnAddress, with_driver, without_driver


def unreachable(setting: str, error: Exception) -> str:
    """What to do about it; `setting` holds the address that was tried."""
    underneath = getattr(error, "orig", None) or error  # SQLAlchemy's hold psycopg's
    reason = str(underneath).strip().splitlines()[0].rstrip(".")
    return (
        f"The database of {setting} cannot be reached ({reason}): start it, or correct {setting}."
    )


def refuse_unreachable(setting: str, url: str | None) -> None:
    """For a command that would otherwise begin, and end in a traceback."""
    if not url:
        raise click.ClickException(f"{setting} is not set: `flask db-roles` prints it.")
    try:
        psycopg.connect(without_driver(with_driver(url)), connect_timeout=5).close()
    except (psycopg.Error, NotAnAddress) as error:
        raise click.ClickException(unreachable(setting, error)) from None
