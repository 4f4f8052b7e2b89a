"""What each role may do with each table, sequence and function: as declared, and as it is.

The revisions are the one place that declares it: their GRANT and REVOKE statements, printed
without a database, are read here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema.printing import printed

PUBLIC = "PUBLIC"
ROLES = ("nx_app", "nx_worker", "nx_doors", PUBLIC)


class Thing(NamedTuple):
    """A table (or view), a sequence or a function."""

    kind: str
    name: str


Rights = dict[tuple[Thing, str], set[str]]
"""By thing and role; a right on one column reads `UPDATE (status)`."""

# Alembic makes its own table, and migrations/env.py lets the application read its version.
VERSION_TABLE = Thing("table", "nx.alembic_version")


def declared(connection: Connection, revision: str) -> Rights:
    """What the history up to a revision grants, on the things of this database.

    A thing that is granted and not there keeps the name it has in the revision.
    """
    book = _Book()
    for role in ("nx_app", "nx_worker"):
        book.rights[VERSION_TABLE, role] = {"SELECT"}
    for statement in printed(revision):
        book.note(statement)
    everything = things(connection)
    found: Rights = {}
    for (thing, role), rights in book.rights.items():
        for one in _meant(connection, thing, everything):
            found.setdefault((one, role), set()).update(rights)
    return {key: rights for key, rights in found.items() if rights}


def held(connection: Connection) -> Rights:
    """What the database lets these roles and PUBLIC do, the owners' own rights left out.

    PUBLIC may execute a new function unless told otherwise. It matters for those that run as
    their owner; all others do no more than their caller may.
    """
    found: Rights = {}
    for kind, name, role, right in connection.execute(_HELD, {"roles": list(ROLES)}):
        found.setdefault((Thing(kind, name), role), set()).add(right)
    return found


def things(connection: Connection) -> list[Thing]:
    """Everything that rights are granted on."""
    return [Thing(*row) for row in connection.execute(_THINGS)]


@dataclass
class _Book:
    """Keeps what was granted while statements go by."""

    rights: Rights = field(default_factory=dict)

    def note(self, statement: str) -> None:
        if found := _GRANT.fullmatch(statement):
            verb, rights, target, roles = found.groups()
            for thing in _targets(target):
                for role in roles.replace(" ", "").split(","):
                    self._change(verb, thing, role, set(_rights(rights)))
        elif found := _DROP.fullmatch(statement):
            for thing in _targets(f"{found[1]} {found[2]}"):
                self._forget(thing)
        elif found := _RENAME.fullmatch(statement):
            self._rename(_table(found[1]), _table(found[2]))
        elif found := _ALTER.match(statement):
            for column in _DROP_COLUMN.findall(statement):
                self._forget_column(_table(found[1]), column)

    def _change(self, verb: str, thing: Thing, role: str, rights: set[str]) -> None:
        now = self.rights.setdefault((thing, role), set())
        if verb.upper() == "GRANT":
            now |= rights
        else:
            now -= rights

    def _forget(self, gone: Thing) -> None:
        self.rights = {key: rights for key, rights in self.rights.items() if key[0] != gone}

    def _rename(self, old: Thing, new: Thing) -> None:
        self.rights = {
            (new if thing == old else thing, role): rights
            for (thing, role), rights in self.rights.items()
        }

    def _forget_column(self, table: Thing, column: str) -> None:
        for (thing, _), rights in self.rights.items():
            if thing == table:
                rights -= {right for right in rights if right.endswith(f" ({column})")}


_I = re.IGNORECASE
_GRANT = re.compile(r"(GRANT|REVOKE) (.+?) ON (.+?) (?:TO|FROM) (.+?)(?: CASCADE)?", _I)
_DROP = re.compile(
    r"DROP (TABLE|VIEW|SEQUENCE|FUNCTION) (?:IF EXISTS )?(.+?)(?: CASCADE| RESTRICT)?", _I
)
_RENAME = re.compile(r"ALTER TABLE (?:IF EXISTS )?(\S+) RENAME TO (\S+)", _I)
_ALTER = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) ", _I)
_DROP_COLUMN = re.compile(r"DROP COLUMN (?:IF EXISTS )?(\w+)", _I)
_TARGET = re.compile(r"(ALL )?(?:(TABLE|VIEW|SEQUENCE|FUNCTION)S? )?(IN SCHEMA )?(.+)", _I)
_RIGHT = re.compile(r"(\w+)(?: ?\(([^)]*)\))?")
_NAME = re.compile(r"[\w.]+(?: ?\([^)]*\))?")


def _rights(text_: str) -> Iterator[str]:
    for word, columns in _RIGHT.findall(text_):
        if columns:
            yield from (f"{word.upper()} ({column.strip()})" for column in columns.split(","))
        else:
            yield word.upper()


def _targets(text_: str) -> Iterator[Thing]:
    found = _TARGET.fullmatch(text_)
    if found is None:
        return
    everything, word, _, names = found.groups()
    kind = (word or "table").lower().replace("view", "table")
    for name in _NAME.findall(names):
        yield Thing(kind, f"{name}.*" if everything else _qualified(name))


def _table(name: str) -> Thing:
    return Thing("table", _qualified(name))


def _qualified(name: str) -> str:
    name = name.replace('"', "")
    return name if "." in name.split("(")[0] else f"nx.{name}"


def _meant(connection: Connection, thing: Thing, everything: Iterable[Thing]) -> list[Thing]:
    if thing.name.endswith(".*"):
        schema = thing.name.removesuffix("*")
        return [one for one in everything if one.kind == thing.kind and one.name.startswith(schema)]
    if thing.kind == "function":
        # `int` and `integer` are one type: PostgreSQL knows all names of it.
        name = connection.scalar(_FUNCTION, {"name": thing.name})
        return [Thing("function", name)] if name else [thing]
    return [thing]


_FUNCTION = text("""
    SELECT n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid = to_regprocedure(:name)
""")
_THINGS = text("""
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname || '.' || c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('nx', 'jobs') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'function', n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('nx', 'jobs')
    ORDER BY 1, 2
""")
_HELD = text("""
    WITH held AS (
      SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
             n.nspname || '.' || c.relname AS name, c.relowner AS owner, a.*, '' AS col
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      CROSS JOIN LATERAL aclexplode(c.relacl) a
      WHERE n.nspname IN ('nx', 'jobs') AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL
      SELECT 'table', n.nspname || '.' || c.relname, c.relowner, a.*, ' (' || t.attname || ')'
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped
      CROSS JOIN LATERAL aclexplode(t.attacl) a
      WHERE n.nspname IN ('nx', 'jobs')
      UNION ALL
      SELECT 'function', n.nspname || '.' || p.proname
                         || '(' || oidvectortypes(p.proargtypes) || ')', p.proowner, a.*, ''
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      WHERE n.nspname IN ('nx', 'jobs')
        AND (a.grantee <> 0 OR p.prosecdef)
    )
    SELECT kind, name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END AS role,
           privilege_type || col || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM held
    WHERE grantee <> owner
      AND CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END = ANY(:roles)
""")
