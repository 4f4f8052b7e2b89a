"""What a database says of a row stays out of errors, and so out of every log.

PostgreSQL repeats values under its sentence: "Key (email)=(ann@example.com) already exists",
"Failing row contains (…)". SQLAlchemy hides parameters by itself (`hide_parameters`).
"""

import re

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import StatementError

# invalid input syntax for type integer: "Ann"
_AT_THE_END = re.compile(r': ".*"$', re.DOTALL)


def leave_out_values(error: psycopg.Error) -> None:
    """Keep the sentence alone. Detail and context can still be asked of `error.diag`."""
    if error.diag.message_primary is not None:
        error.args = (_AT_THE_END.sub(": …", error.diag.message_primary),)


@event.listens_for(Engine, "handle_error")
def _leave_out_values(context: ExceptionContext) -> None:
    original, wrapped = context.original_exception, context.sqlalchemy_exception
    if not isinstance(original, psycopg.Error):
        return
    leave_out_values(original)
    if isinstance(wrapped, StatementError):
        kind = type(original)
        wrapped.args = (f"({kind.__module__}.{kind.__qualname__}) {original}",)
