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

    def span(self, after: list[Any] | None, upto: list[Any] | None) -> Span:
        """The condition for the rows between two keys; None is the beginning or the end."""
        at = self.alias or self.table
        columns = ", ".join(f"{at}.{column}" for column in self.key)
        conditions, parameters = ["true"], dict[str, Any]()
        for sign, name, values in ((">", "after", after), ("<=", "upto", upto)):
            if values is not None:
                marks = ", ".join(f"%({name}_{i})s" for i in range(len(values)))
                conditions.append(f"({columns}) {sign} ({marks})")
                parameters |= {f"{name}_{i}": value for i, value in enumerate(values)}
        return Span(" AND ".join(conditions), parameters)
