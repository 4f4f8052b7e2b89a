"""The application after the rename: what the old writer does, on `points_balance`.

It never names `points`, so it works before and after the contract. Until the data migration has
come to a row its `points_balance` is NULL, which no sum can start from; but whatever writes to
the row has it filled, so a row is locked by a write before its points are read.
"""

from tests.schema.old_writer import Connection, enter, visit

APPLICATION = "nxloy/0.1.0/web"
__all__ = ["APPLICATION", "Connection", "add", "enter", "join", "points", "put", "visit"]


def join(connection: Connection, business_id: str, customer_id: str, points: int | None) -> None:
    """A new customer, with points to begin with or with those everybody has."""
    columns = "business_id, id, email, email_norm, member_code, name_norm"
    email = f"{customer_id}@example.com"
    values = [business_id, customer_id, email, email, customer_id[-8:].upper(), ""]
    if points is not None:
        columns, values = f"{columns}, points_balance", [*values, points]
    marks = ", ".join(["%s"] * len(values))
    connection.execute(f"INSERT INTO customers ({columns}) VALUES ({marks})", values)


def add(connection: Connection, business_id: str, customer_id: str, amount: int) -> int:
    row = connection.execute(
        "UPDATE customers SET updated_at = now() WHERE business_id = %s AND id = %s"
        " RETURNING points_balance",
        [business_id, customer_id],
    ).fetchone()
    assert row is not None, f"customer {customer_id} is gone"
    put(connection, business_id, customer_id, int(row[0]) + amount)
    return int(row[0]) + amount


def put(connection: Connection, business_id: str, customer_id: str, points: int) -> None:
    connection.execute(
        "UPDATE customers SET points_balance = %s WHERE business_id = %s AND id = %s",
        [points, business_id, customer_id],
    )


def points(connection: Connection, business_id: str, customer_id: str) -> int | None:
    """None where the data migration has not come to the row yet."""
    row = connection.execute(
        "SELECT points_balance FROM customers WHERE business_id = %s AND id = %s",
        [business_id, customer_id],
    ).fetchone()
    assert row is not None, f"customer {customer_id} is gone"
    return None if row[0] is None else int(row[0])
