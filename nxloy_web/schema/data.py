"""Data migrations: rows put into a new shape in small batches, while people work on them.

A revision declares one and runs it; the runner remembers its place, so it can be stopped, paused
or killed at any time and goes on where it was. The steps are SQL of their own and import no
application models: those will have changed when the revision runs again in a year.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Span:
    """The rows of one batch: those after one key, up to and with another."""

    where: str
    """A condition for SQL, with the parameters' names in it."""
    parameters: dict[str, Any]


@dataclass(frozen=True)
class DataMigration:
    """What is done to the rows of a table, batch by batch.

    `step` is one SQL statement with `{span}` where the condition on the batch's rows stands, or a
    function of a connection and a Span; it must do no harm when it meets a row that is done. A
    row that nobody can decide by rule goes to `data_migration_reports`, never to a guess: set
    aside (moved there whole) by the step itself, or left in place and found by `undecided`, a
    SELECT of row_key, reason and row (all jsonb but the reason); the contract waits for those.
    """

    name: str
    table: str
    step: str | Callable[[Connection, Span], None] = field(repr=False)
    key: tuple[str, ...] = ("business_id", "id")
    alias: str = ""
    undecided: str | None = field(default=None, repr=False)

    def span(self, after: list[Any] | None, upto: list[Any]) -> Span:
        """The condition for the rows of a batch: after one key (None: from the beginning), up to
        and with another.

        Not `(business_id, id) > (…) AND (business_id, id) <= (…)`: of that the planner weighs the
        first column alone, and reads a whole business for every batch (80 times slower, at eight
        businesses with a million customers).
        """
        columns, parameters = self._columns(), _named("upto", upto)
        if after is None:
            return Span(f"({_edge(columns, 'upto', '<', '<=')})", parameters)
        same = next(i for i, pair in enumerate(zip(after, upto, strict=True)) if pair[0] != pair[1])
        parts = [f"{columns[i]} = %(upto_{i})s" for i in range(same)]
        column, is_last = columns[same], same == len(columns) - 1
        if is_last:
            parts.append(f"{column} > %(after_{same})s AND {column} <= %(upto_{same})s")
        else:
            between = f"{column} > %(after_{same})s AND {column} < %(upto_{same})s"
            ends = (
                f"{column} = %(after_{same})s AND ({_edge(columns, 'after', '>', '>', same + 1)})",
                f"{column} = %(upto_{same})s AND ({_edge(columns, 'upto', '<', '<=', same + 1)})",
            )
            parts.append(f"({between} OR {ends[0]} OR {ends[1]})")
        return Span(f"({' AND '.join(parts)})", parameters | _named("after", after))

    def rest(self, after: list[Any] | None) -> Span:
        """The condition for all rows after a key; an index reads them in the key's order."""
        if after is None:
            return Span("true", {})
        marks = ", ".join(f"%(after_{i})s" for i in range(len(after)))
        return Span(f"({', '.join(self._columns())}) > ({marks})", _named("after", after))

    def _columns(self) -> list[str]:
        return [f"{self.alias or self.table}.{column}" for column in self.key]


def _named(name: str, values: list[Any]) -> dict[str, Any]:
    return {f"{name}_{i}": value for i, value in enumerate(values)}


def _edge(columns: list[str], name: str, sign: str, at_last: str, place: int = 0) -> str:
    """Rows on one side of a key, of which the columns before `place` are known to be equal."""
    column, value = columns[place], f"%({name}_{place})s"
    if place == len(columns) - 1:
        return f"{column} {at_last} {value}"
    inner = _edge(columns, name, sign, at_last, place + 1)
    return f"{column} {sign} {value} OR {column} = {value} AND ({inner})"
