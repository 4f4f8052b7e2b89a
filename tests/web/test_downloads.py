"""I4: an export is whole, or it is no file at all; and nobody waits for who takes it slowly."""

from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import event, select

from nxloy_web.db import db
from nxloy_web.db.paging import Order
from nxloy_web.tables.customers import Customer
from nxloy_web.web import csv_export
from tests.factories import as_role, inside, make_customer, make_shop


def test_an_error_half_way_leaves_no_cut_file_behind(app: Flask) -> None:
    """I4. The server ends a broken answer as properly as a whole one."""

    def half() -> Iterator[Sequence[object]]:
        yield ["whole"]
        raise ConnectionError("the database has gone")

    with app.test_request_context("/"), pytest.raises(ConnectionError):
        csv_export.csv_download("cut.csv", ["a"], half())


def test_a_file_says_how_long_it_is(app: Flask) -> None:
    """I4. What breaks off on the way is shorter than it said, and every browser notices."""
    shop = make_shop(app)
    for number in range(30):
        make_customer(app, shop, f"Zoë {number}")
    answer = as_role(app, shop).get(shop.url("/customers/export.csv"))
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.text.count("Zoë") == 30


def test_an_error_while_rows_are_read_is_an_error_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I4."""
    shop = make_shop(app)
    make_customer(app, shop)
    client = as_role(app, shop)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def gone(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM customer_balances" in statement:
            raise ConnectionError("the database has gone")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", gone)
    try:
        answer = client.get(shop.url("/customers/export.csv"))
    finally:
        event.remove(engine, "before_cursor_execute", gone)
    assert answer.status_code == 500
    assert "Amara" not in answer.text


def test_no_transaction_is_open_while_a_batch_is_in_somebodys_hands(app: Flask) -> None:
    """I4."""
    shop = make_shop(app)
    for number in range(5):
        make_customer(app, shop, f"Ann {number}")
    with inside(app, shop):
        seen = 0
        for rows in Order(Customer.id).batches(select(Customer), 2):
            assert not db.session().in_transaction()
            seen += len(rows)
        assert seen == 5
