"""`flask schema new-change`: a whole group of revisions, its model lines and its test."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import click

from nxloy_web.schema import history
from nxloy_web.schema.new_change import kinds
from nxloy_web.schema.new_change.change import Change
from nxloy_web.schema.new_change.sample import test_of
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import VERSION

Command = Callable[..., None]
named = click.option("--name", default="", help="What it is called, instead of the column.")
since = click.option(
    "--min-app",
    default=VERSION,
    show_default=True,
    help="The first version of the application that bears the contract.",
)


@click.group(
    "new-change",
    help="""
    Write the revisions of a change, print the lines of the model, and write a test that brings
    rows in at the old shape.

    Not there, and written by hand: another type, a split, a move to another table, a table's
    name, members of a list.
    """,
)
def new_change_group() -> None:
    pass


@new_change_group.command("add-column", help="Add COLUMN of TYPE to TABLE.")
@click.argument("table")
@click.argument("column")
@click.argument("type_", metavar="TYPE")
@click.option("--default", default="", help="SQL, a constant: what every row has at once.")
@click.option("--fill", default="", help="SQL of other columns: what rows get, in batches.")
@named
@since
def add_column_command(
    table: str, column: str, type_: str, default: str, fill: str, name: str, min_app: str
) -> None:
    _write(kinds.add_column(table, column, type_, default=default, fill=fill, name=name), min_app)


@new_change_group.command("not-null", help="Let COLUMN of TABLE be empty no more.")
@click.argument("table")
@click.argument("column")
@click.option("--fill", required=True, help="SQL: what a row without a value gets, in batches.")
@named
@since
def not_null_command(table: str, column: str, fill: str, name: str, min_app: str) -> None:
    _write(kinds.not_null(table, column, fill=fill, name=name), min_app)


@new_change_group.command("rename", help="Call column OLD of TABLE NEW, while both are written.")
@click.argument("table")
@click.argument("old")
@click.argument("new")
@named
@since
def rename_command(table: str, old: str, new: str, name: str, min_app: str) -> None:
    _write(kinds.rename(table, old, new, name=name), min_app)


@new_change_group.command("unique", help="Let no two living rows of TABLE have the same COLUMNS.")
@click.argument("table")
@click.argument("columns", nargs=-1, required=True)
@named
@since
def unique_command(table: str, columns: tuple[str, ...], name: str, min_app: str) -> None:
    _write(kinds.unique(table, columns, name=name), min_app)


@new_change_group.command("drop", help="Take COLUMN away from TABLE. Its values are lost.")
@click.argument("table")
@click.argument("column")
@named
@since
def drop_command(table: str, column: str, name: str, min_app: str) -> None:
    _write(kinds.drop(table, column, name=name), min_app)


def _write(change: Change, min_app: str) -> None:
    known = history.revisions()
    folder = history.folder()
    test = folder.parent.parent / "tests" / "schema" / f"test_rows_of_{change.name}.py"
    taken = {revision.id for revision in known} & {step.id for step in change.steps}
    if taken or test.exists():
        what = f"a revision {min(taken)}" if taken else f"a file {test}"
        raise Refused(f"There is {what} already: give this change another --name.")
    after, now = known[-1].id, datetime.now(UTC)
    needs: list[str] = []
    written: list[Path] = []
    for place, step in enumerate(change.steps):
        moment = now + timedelta(minutes=place)
        path = folder / f"{moment:%Y%m%d_%H%M}_{step.id}.py"
        path.write_text(step.text(after, change.name, needs, min_app), encoding="utf-8")
        after, needs = step.id, needs + ([step.id] if step.migration else [])
        written.append(path)
    test.parent.mkdir(parents=True, exist_ok=True)
    test.write_text(test_of(change, known[-1].id), encoding="utf-8")
    _tidy([*written, test])
    click.echo("\n".join(f"Written: {path}" for path in (*written, test)))
    click.echo(f"\nFor the model of {change.table.name}, in nxloy_web/tables:\n\n{change.model}")
    click.echo(
        "\nThen `flask schema lint`, `flask schema golden --write`, and the test: "
        "docs/changing-the-schema.md."
    )


def _tidy(files: list[Path]) -> None:
    """As the formatter would have it, where it is installed."""
    if find_spec("ruff"):
        command = [sys.executable, "-m", "ruff"]
        paths = [str(path) for path in files]
        subprocess.run(  # noqa: S603 the paths are ours
            [*command, "format", "--quiet", *paths], check=True
        )
