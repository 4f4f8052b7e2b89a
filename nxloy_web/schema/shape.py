"""The shape of a database: everything in it that is no row, one part at a time.

Sorted by name and without places of columns: a column that was dropped and added again stands
elsewhere in its table, and nothing depends on that.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema.shape_questions import QUESTIONS


class Part(NamedTuple):
    """One thing that can be right or wrong by itself, such as the default of a column."""

    kind: str
    of: str
    """The table it belongs to, or "-"."""
    name: str


Shape = dict[Part, str]
"""How PostgreSQL itself writes each part down."""


def taken(connection: Connection) -> Shape:
    """The shape of the connection's database. Rolls back what is open."""
    found: Shape = {}
    connection.rollback()
    path = connection.scalar(text("SELECT current_setting('search_path')"))
    # With nothing on the path, every name is written with its schema.
    connection.execute(_SET_PATH, {"path": "pg_catalog"})
    for kind, question in QUESTIONS.items():
        for of, name, value in connection.execute(text(question)):
            found[Part(kind, of, name)] = value
    connection.execute(_SET_PATH, {"path": path})
    connection.rollback()
    return found


_SET_PATH = text("SELECT set_config('search_path', :path, false)")


def major(connection: Connection) -> int:
    """The server's version, as in "PostgreSQL 18"."""
    return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10000


KINDS = tuple(QUESTIONS)
"""In the order in which things can be made."""
