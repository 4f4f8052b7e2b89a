"""Triggers that keep history unchanged, books right or two columns equal: each must be there and
awake."""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema.printing import printed

Trigger = tuple[str, str]
"""Its table and its name."""


def complaints(connection: Connection, revision: str, following: str | None) -> Iterator[str]:
    """The revision that follows may have been cut short: what it makes or drops is no mistake."""
    wanted = declared(printed(revision))
    soon = declared(printed(following)) if following else wanted
    rows = connection.execute(_TRIGGERS).all()
    held = {(table, name): is_awake for table, name, is_awake in rows}
    for table, name in sorted((wanted & soon) - held.keys()):
        yield (
            f"The trigger {name} of {table} is not there, but a revision made it: make it again as "
            "its revision does, as the migrator."
        )
    for table, name in sorted(held.keys() - wanted - soon):
        if name.startswith("nx_keep_"):
            why = "keeps two columns equal, but no rename is under way (`flask schema plan`)"
        else:
            why = "was made by no revision"
        yield f"The trigger {name} of {table} {why}: `DROP TRIGGER {name} ON {table}`."
    for (table, name), is_awake in sorted(held.items()):
        if not is_awake:
            wake = f"ALTER TABLE {table} ENABLE TRIGGER {name}"
            yield f"The trigger {name} of {table} is switched off: `{wake}`, as the migrator."


def declared(statements: Iterable[str]) -> set[Trigger]:
    """The triggers that stand when all statements have run."""
    standing: set[Trigger] = set()
    for statement in statements:
        if found := _CREATE.match(statement):
            standing.add((_qualified(found[2]), found[1]))
        elif found := _DROP.match(statement):
            standing.discard((_qualified(found[2]), found[1]))
        elif found := _DROP_TABLE.match(statement):
            gone = {_qualified(name.strip()) for name in found[1].split(",")}
            standing = {(table, name) for table, name in standing if table not in gone}
    return standing


def _qualified(table: str) -> str:
    return table if "." in table else f"nx.{table}"


_CREATE = re.compile(
    r"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER (\w+) .*? ON ([\w.]+) ", re.IGNORECASE
)
_DROP = re.compile(r"DROP TRIGGER (?:IF EXISTS )?(\w+) ON ([\w.]+)", re.IGNORECASE)
_DROP_TABLE = re.compile(r"DROP TABLE (?:IF EXISTS )?([\w., ]+?)(?: CASCADE)?$", re.IGNORECASE)
# The job queue's own come with Procrastinate, and are not ours to compare.
_TRIGGERS = text("""
    SELECT 'nx.' || c.relname, t.tgname, t.tgenabled <> 'D'
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = 'nx'::regnamespace
""")
