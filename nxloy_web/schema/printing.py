"""The SQL of the history, without a database: what the revisions declare, in one place to read."""

import io
import re
from functools import cache

from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from nxloy_web import host
from nxloy_web.schema.standing import Paper, Standing


@cache
def printed(revision: str) -> tuple[str, ...]:
    """The statements of the whole way up to a revision, as `flask db upgrade --sql` prints them."""
    paper = io.StringIO()
    _print(revision, Paper(paper))
    return tuple(statements(paper.getvalue()))


def standing_at(revision: str) -> Standing:
    """What stands in a database at a revision."""
    paper = Paper(io.StringIO())
    _print(revision, paper)
    return paper.standing


def _print(revision: str, paper: Paper) -> None:
    config = host.migrations()
    scripts = ScriptDirectory.from_config(config)
    # Not entered: it may be printed from inside another one, that of `flask db upgrade --sql`.
    environment = EnvironmentContext(config, scripts, as_sql=True)
    environment.configure(
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        output_buffer=paper,
    )
    with Operations.context(environment.get_context()):
        for script in reversed(list(scripts.iterate_revisions(revision, "base"))):
            script.module.upgrade()


def statements(script: str) -> list[str]:
    """One line each, with the bodies of functions and all comments left out."""
    plain = re.sub(r"--[^\n]*", "", re.sub(r"\$(\w*)\$.*?\$\1\$", "''", script, flags=re.DOTALL))
    lines = (" ".join(statement.split()) for statement in plain.split(";"))
    return [line for line in lines if line]
