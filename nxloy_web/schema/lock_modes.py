"""Which locks a statement takes on tables that people use, read from its text.

From PostgreSQL's manual (Explicit Locking, ALTER TABLE, CREATE INDEX); a test compares it with
`pg_locks` while the statements run.
"""

import re
from collections.abc import Iterator

EXCLUSIVE = "ACCESS EXCLUSIVE"
BLOCKS_WRITES = "SHARE"
NO_WRITES = "SHARE ROW EXCLUSIVE"
BESIDE = "SHARE UPDATE EXCLUSIVE"
ROWS = "ROW EXCLUSIVE"

MEANING = {
    EXCLUSIVE: "nobody reads or writes, for the instant it takes to note the change",
    NO_WRITES: "nobody writes, for the instant it takes to note the change",
    BLOCKS_WRITES: "nobody writes while it looks at every row",
    BESIDE: "readers and writers go on",
    ROWS: "the rows of one batch at a time",
}

_NAME = r"(?:if exists |only )?([\w.]+)"
_RULES: tuple[tuple[str, str], ...] = (
    (rf"alter table {_NAME} validate constraint", BESIDE),
    (rf"alter table {_NAME} add constraint \w+ foreign key", NO_WRITES),
    (rf"alter table {_NAME}", EXCLUSIVE),
    (rf"create (?:unique )?index concurrently \w+ on {_NAME}", BESIDE),
    (rf"create (?:unique )?index \w+ on {_NAME}", BLOCKS_WRITES),
    (rf"create (?:or replace )?(?:constraint )?trigger .*? on {_NAME}", NO_WRITES),
    (rf"drop trigger .*? on {_NAME}", EXCLUSIVE),
    (rf"(?:create|drop) policy .*? on {_NAME}", EXCLUSIVE),
    (rf"drop table {_NAME}", EXCLUSIVE),
    (rf"(?:update|delete from|insert into) {_NAME}", ROWS),
)
_REFERENCE = re.compile(r"\breferences ([\w.]+)")
_OWN = ("alembic_version",)


def locks_of(statement: str) -> Iterator[tuple[str, str]]:
    """(table, mode) for each table the statement locks; small letters, single spaces."""
    for pattern, mode in _RULES:
        found = re.match(pattern, statement)
        if found:
            if found[1] not in _OWN:
                yield found[1], mode
            break
    if statement.startswith(("create table", "alter table")):
        yield from ((target, NO_WRITES) for target in _REFERENCE.findall(statement))


def strongest(modes: set[str]) -> str:
    """Of several locks on one table, the one that people notice."""
    order = (EXCLUSIVE, NO_WRITES, BLOCKS_WRITES, BESIDE, ROWS)
    return min(modes, key=order.index)
