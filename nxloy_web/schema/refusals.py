"""What a schema command says when it may not, or cannot, go on."""

from alembic.util import CommandError
from click import ClickException


class Refused(CommandError, ClickException):
    """One sentence for the person at the terminal. Flask-Migrate prints the one kind of error,
    the command line the other; both exit with 1."""


class TableBusy(Refused):
    """A lock was not granted in time; nothing was changed."""


class DatabaseIsAhead(Refused):
    """A newer version of the application has brought the database further than this one knows."""


class TooLong(Refused):
    """A statement was stopped while it worked, because people waited for it."""
