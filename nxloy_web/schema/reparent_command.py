"""`flask schema reparent`: one line out of two, by one revision's `down_revision`."""

import ast
from pathlib import Path

import click
from alembic.script import Script

from nxloy_web.schema import begun, history
from nxloy_web.schema.connecting import migrator
from nxloy_web.schema.line import Line
from nxloy_web.schema.refusals import DatabaseIsAhead, Refused


@click.command(
    "reparent",
    help="""
    Put REVISION, and what follows it, after another revision: in its file, not in a database.

    For two branches whose revisions follow the same one. Refused when the database at
    MIGRATIONS_DATABASE_URL has run it already.
    """,
)
@click.argument("revision")
@click.option("--after", required=True, help="The revision that it is to follow.")
def reparent_command(revision: str, after: str) -> None:
    line = Line(history.scripts())
    for name in (revision, after):
        if name not in line.scripts:
            raise Refused(f"There is no revision {name}.")
    _refuse_on_paper(line, revision, after)
    with migrator() as connection:
        here = history.heads(connection)
        if unknown := [name for name in here if name not in line.scripts]:
            raise DatabaseIsAhead(
                f"The database is at {unknown[0]}, which this version does not know of."
            )
        if revision in line.with_those_before(here) or begun.is_noted(connection, revision):
            raise Refused(
                f"{revision} has run on this database, so it stays where it is. Another database "
                "would get a different history."
            )
    path = _rewrite(line.scripts[revision], after)
    click.echo(f"{revision} follows {after} now: {path}")
    if move := Line(history.scripts()).move(here):
        click.echo(str(move))
    else:
        click.echo(
            "The revisions are one line. Look at them again: `flask schema lint`, and "
            "`flask schema golden --write` for the shapes."
        )


def _refuse_on_paper(line: Line, revision: str, after: str) -> None:
    """What would be a circle, would change nothing, or would leave two lines where one was."""
    moved = line.with_those_after(revision)
    if line.parents(revision) == (after,):
        raise Refused(f"{revision} follows {after} already.")
    if after in moved:
        raise Refused(
            f"{after} comes after {revision}, so {revision} cannot follow it: that is a circle."
        )
    if others := [name for name in line.followers[after] if name not in moved]:
        end = next(name for name in line.scripts if name in line.with_those_after(others[0]))
        raise Refused(f"{others[0]} follows {after} already. The end of that line is {end}.")
    kept = line.with_those_before([after])
    for parent in line.parents(revision):
        if line.followers[parent] == [revision] and parent not in kept:
            raise Refused(
                f"Nothing would follow {parent} any more. Bring what {revision} joins into one "
                f"line first: {line.move() or 'it is one already.'}"
            )


def _rewrite(script: Script, after: str) -> Path:
    """The file with another `down_revision`, and nothing else of it changed."""
    path = Path(script.path)
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(name, ast.Name) and name.id == "down_revision" for name in targets):
            lines = text.splitlines(keepends=True)
            lines[node.lineno - 1 : node.end_lineno] = [f'down_revision = "{after}"\n']
            path.write_text("".join(lines), encoding="utf-8")
            return path
    raise Refused(f"{path} does not say its down_revision in a line of its own.")
