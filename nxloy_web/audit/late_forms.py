"""A form that comes too late: say who was first, and keep what was typed."""

from typing import Any

from nxloy_web import clock
from nxloy_web.audit import queries as audit
from nxloy_web.current_business import current_wording


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
        when = current_wording().when_in_a_sentence(at, clock.now())
        who = f"{name} changed this {when}."
    return f"{who} What you typed is still here: save again to put it in place of theirs."
