"""What a change that was cut short, or forgotten, leaves in the database."""

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema.printing import printed

AGAIN = "Run `flask db upgrade` again if a revision is pending; else"


def unfinished(connection: Connection) -> Iterator[str]:
    """Indexes and rules that look finished and are not."""
    for index, table, is_spare in connection.execute(_INDEXES):
        repair = "DROP" if is_spare else "REINDEX"
        yield (
            f"The index {index} of {table} was never finished, so nothing uses it. {AGAIN} "
            f"`{repair} INDEX CONCURRENTLY {index}`, as the migrator."
        )
    for constraint, table in connection.execute(_CONSTRAINTS):
        yield (
            f"The rule {constraint} of {table} was never proven for the rows from before it. "
            f"{AGAIN} `ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}`, as the migrator."
        )


def forgotten(connection: Connection, revision: str, following: str | None) -> Iterator[str]:
    """Helpers of a change that is over. Those of a change under way have not been dropped by the
    history either, and those of the revision that follows may be there from a first try."""
    known = helpers(printed(revision))
    if following:
        known |= set(_HELPER.findall(" ".join(printed(following)[len(printed(revision)) :])))
    for kind, name, table in connection.execute(_HELPERS):
        if name not in known:
            yield (
                f"The {kind} {name}{f' of {table}' if table else ''} was made for a change that is "
                "over (`flask schema plan` shows what is under way): drop it."
            )


def helpers(statements: Iterable[str]) -> set[str]:
    """The helpers that still stand when all statements have run: the last word decides. Triggers
    are looked at elsewhere, and dropping one leaves the function that bears its name."""
    standing: set[str] = set()
    for statement in statements:
        standing |= set(_HELPER.findall(statement))
        standing -= set(_GONE.findall(statement))
    return standing


_GONE = re.compile(
    r"\b(?:(?:DROP (?!TRIGGER)\w+|USING INDEX|RENAME CONSTRAINT)(?: CONCURRENTLY)?(?: IF EXISTS)?)"
    r" (nx_(?:tmp|keep)_\w+)"
)
_HELPER = re.compile(r"\bnx_(?:tmp|keep)_\w+")
_INDEXES = text("""
    SELECT x.relnamespace::regnamespace || '.' || x.relname,
           t.relnamespace::regnamespace || '.' || t.relname,
           x.relname ~ '^nx_tmp_' OR x.relname ~ '_cc(new|old)[0-9]*$'
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE x.relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
      AND NOT (i.indisvalid AND i.indisready)
      AND i.indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index
                               WHERE index_relid IS NOT NULL)
    ORDER BY 1
""")
# A rename's own rule stays unproven until its contract step: `forgotten` names it after that.
_CONSTRAINTS = text("""
    SELECT quote_ident(conname), t.relnamespace::regnamespace || '.' || t.relname
    FROM pg_constraint JOIN pg_class t ON t.oid = conrelid
    WHERE connamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
      AND NOT convalidated AND conname !~ '^nx_tmp_'
    ORDER BY 2, 1
""")
_HELPERS = text("""
    SELECT DISTINCT ON (name) kind, name, of FROM (
      SELECT 1 AS rank, 'rule' AS kind, conname AS name, conrelid AS place, 0::oid AS schema
      FROM pg_constraint
      UNION ALL
      SELECT 2, CASE relkind WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' ELSE 'table' END,
             relname, 0, relnamespace FROM pg_class
      UNION ALL
      SELECT 3, 'column', attname, attrelid, 0 FROM pg_attribute WHERE NOT attisdropped
      UNION ALL
      SELECT 4, 'function', proname, 0, pronamespace FROM pg_proc
    ) helpers
    CROSS JOIN LATERAL (
      SELECT relnamespace::regnamespace || '.' || relname AS of, relnamespace AS around
      FROM pg_class WHERE oid = place
      UNION ALL
      SELECT '', schema WHERE place = 0
    ) around
    WHERE name ~ '^nx_(tmp|keep)_' AND around IN ('nx'::regnamespace, 'jobs'::regnamespace)
    ORDER BY name, rank
""")
