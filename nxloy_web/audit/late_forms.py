"""A form that comes too late: say who was first, and keep what was typed."""

from typing import Any

from babel.dates import format_timedelta

from nxloy_web import clock
from nxloy_web.audit import queries as audit


def keep_typed(form: Any, row: Any) -> None:
    """Let the form be sent again: it takes the row's new version and says who changed it."""
    form.version.raw_data = [str(row.version)]
    form.form_errors.append(_sentence(row))


def _sentence(row: Any) -> str:
    found = audit.last_change(type(row).__name__, row.id)
    if found is None:
        who = "Somebody changed this while you were typing."
    else:
        name, at = found
        ago = format_timedelta(at - clock.now(), add_direction=True, locale="en")
        who = f"{name} changed this {ago}."
    return f"{who} What you typed is still here: save again to put it in place of theirs."
