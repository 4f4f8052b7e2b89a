"""The bar a data migration draws in the terminal."""

import sys
from datetime import timedelta

import click

from nxloy_web.schema.runner import State, Watch

WIDTH = 30


def watcher() -> Watch:
    """Redraws one line in a terminal; elsewhere (a log) only the end is told."""
    if sys.stderr.isatty():
        return lambda state: click.echo(
            f"\r\x1b[2K{line(state)}", err=True, nl=state.status == "DONE"
        )
    return lambda state: click.echo(line(state), err=True) if state.status == "DONE" else None


def standing(state: State) -> str:
    """What is with it: its state, since when, why, and whether somebody is at it."""
    since = f"since {state.since:%Y-%m-%d %H:%M:%S} UTC"
    if state.status == "FAILED":
        why = (state.error or "no reason given").rstrip(".")
        return f"failed {since}: {why}. `flask schema data retry {state.name}` goes on."
    if state.status == "DONE":
        return f"done {since}"
    who = (
        f"process {state.process} of the database is at it" if state.process else "nobody is at it"
    )
    goes_on = "" if state.process else ": `flask schema data run` goes on"
    return f"{state.status.lower()} {since}, {who}{goes_on}"


def line(state: State) -> str:
    """`[====>   ] 61%  612,000 of 1,000,000 rows  48,000 a second  0:00:08 left  …`"""
    share = min(1.0, state.rows_done / state.rows_total) if state.rows_total else 1.0
    filled = round(share * WIDTH)
    bar = "=" * filled + (">" if filled < WIDTH else "")
    parts = [
        f"{state.name} [{bar:<{WIDTH}}] {share:4.0%}",
        f"{state.rows_done:,} of {state.rows_total:,} rows",
    ]
    if state.rate:
        parts.append(f"{state.rate:,.0f} a second")
    if state.status == "PAUSED":
        parts.append("paused")
    elif state.rate and state.status == "RUNNING":
        left = timedelta(seconds=round((state.rows_total - state.rows_done) / state.rate))
        parts.append(f"{left} left")
    parts.append(f"worst batch {state.worst_ms} ms")
    if state.reported:
        parts.append(f"{state.reported:,} in the report")
    return "  ".join(parts)
