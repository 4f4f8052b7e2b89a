"""What one request asks of the database, word for word, as a script for pgbench.

The ratio of a request to "the same SQL alone" is worth something only if it is the same SQL. So
it is not written by hand: one request is listened to, from the door to the commit, and only what
must differ from one run to the next becomes a variable.
"""

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from flask.testing import FlaskClient
from psycopg.pq import TransactionStatus
from psycopg.types.json import Json, Jsonb
from sqlalchemy import event

from bench.people import Shop
from bench.place import Place
from nxloy_web.db import db
from nxloy_web.db.ids import first_id_at, is_id, new_id

Heard = tuple[str, dict[str, Any] | None]

BALANCE = ("balance", "spendable", "lifetime_points", "last_seq", "seq")
"""Figures of the balance, which each run moves on from where it finds them."""
STOCK = ("current_stock", "stock_after")


def listen(place: Place, request: Callable[[], Any]) -> list[Heard]:
    """Every statement of a request in its order, with BEGIN and COMMIT where they were sent."""
    heard: list[Heard] = []

    class Listening(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            idle = self.connection.info.transaction_status is TransactionStatus.IDLE
            if idle and not self.connection.autocommit:
                heard.append(("BEGIN", None))
            heard.append((str(query), params))
            return super().execute(query, params, **options)

    def lend(connection: Any, *_: Any) -> None:
        connection.cursor_factory = Listening

    def take_back(connection: Any, *_: Any) -> None:
        connection.cursor_factory = psycopg.Cursor

    def committed(_: Any) -> None:
        heard.append(("COMMIT", None))

    with place.app.app_context():
        engine = db.engine
    listeners = (
        (engine.pool, "checkout", lend),
        (engine.pool, "checkin", take_back),
        (engine, "commit", committed),
    )
    for target, name, function in listeners:
        event.listen(target, name, function)
    try:
        request()
    finally:
        for target, name, function in listeners:
            event.remove(target, name, function)
    return heard


def script(
    place: Place, shop: Shop, browser: FlaskClient, path: str, form: dict[str, str], reward_id: str
) -> tuple[str, int]:
    """The script that does again what this form does, for any customer and reward; its length."""
    # The one with the fewest points: what is left of their lot is no more than others have.
    customer_id = shop.customer_id(4_999 if shop.customers >= 5_000 else 0)
    known = {
        customer_id: "('c' || lpad(:customer::text, 24, '0'))",
        reward_id: f"(ARRAY[{', '.join(map(_quoted, shop.reward_ids))}])[:reward]",
    }
    before = _figures_now(place, shop, customer_id, reward_id)
    lot = _lot_now(place, shop, customer_id)
    started = first_id_at(time.time())

    def press() -> None:
        answer = browser.post(
            path.format(customer_id=customer_id), data=form | {"new_id": new_id()}
        )
        assert answer.status_code == 303, answer.text

    heard = listen(place, press)

    def expression(name: str, value: Any) -> str:
        if isinstance(value, list):
            return f"ARRAY[{', '.join(expression(name, each) for each in value)}]"
        if name in before and isinstance(value, int):
            variable = {"seq": "last_seq", "stock_after": "current_stock"}.get(name, name)
            return f"(:{variable} + {value - before[name]})"
        if isinstance(value, str) and (name == "code" or (is_id(value) and value >= started)):
            mark = f"{len(known):02}"
            known.setdefault(value, f"('f' || lpad(:fresh::text, 22, '0') || '{mark}')")
        return known.get(value, _quoted(value)) if isinstance(value, str) else _quoted(value)

    lines = [
        rf"\set customer random(1, {shop.customers})",
        rf"\set reward random(1, {len(shop.reward_ids)})",
        r"\set fresh random(1, 1000000000000000)",
    ]
    for query, values in heard:
        text = " ".join(query.split())
        if values is not None:
            names = _columns(text)
            text = _moved_on(text, values, names, lot)
            text = _PLACE.sub(
                lambda m, v=values, n=names: expression(n.get(m[1], m[1]), v[m[1]]),  # type: ignore[misc]
                text,
            )
            text = text.replace("%%", "%")
        # What is locked is read, and what is read goes into the next statements.
        lines.append(text + (r" \gset" if " FOR UPDATE" in text else ";"))
    length = sum(query not in ("BEGIN", "COMMIT") for query, _ in heard)
    return "\n".join(lines) + "\n", length


_PLACE = re.compile(r"%\((\w+)\)s")
_GIVEN = re.compile(r" AS given \(([\w, ]+)\)")


def _columns(query: str) -> dict[str, str]:
    """Which column an array is of: `db/arrays.py` counts them, and names the columns behind."""
    found = _GIVEN.search(query)
    return {f"c{at}": name for at, name in enumerate(found[1].split(", "))} if found else {}


def _moved_on(
    query: str, values: dict[str, Any], names: dict[str, str], lot: dict[str, int]
) -> str:
    """Another customer's lot holds other figures: they change by as much as this one's did."""
    if query.startswith("UPDATE point_lots "):
        for place, name in names.items():
            if name in lot:
                (value,) = values[place]
                query = query.replace(
                    f"{name} = given.{name}", f"{name} = kept.{name} + ({value - lot[name]})"
                )
    return query


def _figures_now(place: Place, shop: Shop, customer_id: str, reward_id: str) -> dict[str, int]:
    with psycopg.connect(place.server.admin_url) as connection:
        balance = connection.execute(
            "SELECT balance, spendable, lifetime_points, last_seq, last_seq"
            " FROM nx.customer_balances WHERE business_id = %s AND customer_id = %s",
            (shop.business_id, customer_id),
        ).fetchone()
        stock = connection.execute(
            "SELECT current_stock, current_stock FROM nx.rewards"
            " WHERE business_id = %s AND id = %s",
            (shop.business_id, reward_id),
        ).fetchone()
    assert balance is not None
    assert stock is not None
    return dict(zip(BALANCE + STOCK, balance + stock, strict=True))


def _lot_now(place: Place, shop: Shop, customer_id: str) -> dict[str, int]:
    """The lot that a customer begins with has the customer's own id: bench/people.py."""
    with psycopg.connect(place.server.admin_url) as connection:
        lot = connection.execute(
            "SELECT worth, remaining, expired FROM nx.point_lots"
            " WHERE business_id = %s AND id = %s",
            (shop.business_id, customer_id),
        ).fetchone()
    assert lot is not None
    return dict(zip(("worth", "remaining", "expired"), lot, strict=True))


def _quoted(value: Any) -> str:
    """A constant for the script. pgbench takes a colon before a letter for a variable."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case datetime():
            text = value.isoformat()
        case Json() | Jsonb():
            text = json.dumps(value.obj)
        case _:
            text = str(value)
    text = text.replace("\\", r"\\").replace("'", "''").replace(":", r"\x3a")
    return f"E'{text}'"
