"""The application as it was before `points` became `points_balance`: its SQL, as it was deployed.

FROZEN. Nothing here is ever changed, whatever becomes of the schema: it stands for the code that
is still running while the schema changes under it.
"""

from typing import Any

import psycopg

APPLICATION = "nxloy/0.0.9/web"
Connection = psycopg.Connection[tuple[Any, ...]]


def enter(connection: Connection, business_id: str) -> None:
    """The policies' tenant, for the transaction; SET takes no parameters."""
    connection.execute(f"SET LOCAL app.business_id TO '{business_id}'")


def join(connection: Connection, business_id: str, customer_id: str, points: int | None) -> None:
    """A new customer, with points to begin with or with those everybody has."""
    columns = "business_id, id, email, email_norm, member_code, name_norm"
    email = f"{customer_id}@example.com"
    values = [business_id, customer_id, email, email, customer_id[-8:].upper(), ""]
    if points is not None:
        columns, values = f"{columns}, points", [*values, points]
    marks = ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO customers ({columns}) VALUES ({marks})", values)


def add(connection: Connection, business_id: str, customer_id: str, amount: int) -> int:
    row = connection.execute(
        "UPDATE customers SET points = points + %s, updated_at = now()"
        " WHERE business_id = %s AND id = %s RETURNING points",
        [amount, business_id, customer_id],
    ).fetchone()
    assert row is not None, f"customer {customer_id} is gone"
    return int(row[0])


def put(connection: Connection, business_id: str, customer_id: str, points: int) -> None:
    connection.execute(
        "UPDATE customers SET points = %s WHERE business_id = %s AND id = %s",
        [points, business_id, customer_id],
    )


def visit(connection: Connection, business_id: str, customer_id: str) -> None:
    """A write to another column: the points must stay as they are."""
    connection.execute(
        "UPDATE customers SET purchase_count = purchase_count + 1"
        " WHERE business_id = %s AND id = %s",
        [business_id, customer_id],
    )


def points(connection: Connection, business_id: str, customer_id: str) -> int:
    row = connection.execute(
        "SELECT points FROM customers WHERE business_id = %s AND id = %s",
        [business_id, customer_id],
    ).fetchone()
    assert row is not None, f"customer {customer_id} is gone"
    return int(row[0])
