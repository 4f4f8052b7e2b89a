"""Many rows at once: COPY into a temporary table, then INSERT … SELECT.

COPY cannot write to a table under row-level security; what is selected from the temporary one
passes the policies like any other row.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, Text, any_, literal, text
from sqlalchemy.dialects.postgresql import ARRAY

from nxloy_web.db import db
from nxloy_web.db.discreet import leave_out_values
from nxloy_web.db.tenant import current_business_id


def among(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """`column IN (values)` for thousands of them: one array instead of a parameter each."""
    return column == any_(literal(list(values), ARRAY(Text)))


def stage(name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    """Fill the temporary table `name` for the rest of this transaction, replacing what it held.

    `columns` is SQL, as in "id text, amount bigint"; the rows carry values in that order.
    """
    db.session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
    db.session.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))
    connection = db.session.connection().connection.driver_connection
    assert connection is not None
    copy_in = sql.SQL("COPY pg_temp.{} FROM STDIN").format(sql.Identifier(name))
    try:
        with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        leave_out_values(error)  # its context repeats the line that was copied
        raise
    # Without figures the planner takes the table for a small one, and nests loops over it.
    db.session.execute(text(f"ANALYZE pg_temp.{name}"))


def run(statement: str, **values: str | datetime) -> int:
    """Run one statement over staged rows for the business in scope (`:business_id`); how many
    rows it wrote."""
    result: Any = db.session.execute(
        text(statement), {"business_id": current_business_id()} | values
    )
    return int(result.rowcount)
