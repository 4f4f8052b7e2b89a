"""What a schema command says when it may not, or cannot, go on."""

from alembic.util import CommandError


class Refused(CommandError):
    """One sentence for the person at the terminal; Flask-Migrate prints it and exits with 1."""


class TableBusy(Refused):
    """A lock was not granted in time; nothing was changed."""
