"""The CDNOW files through the web pages: exactly the published totals, and the same file again
changes nothing."""

from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import text

from nxloy_web.db import db
from nxloy_web.ledger.check import problems
from nxloy_web.tables.imports import ImportState
from tests.factories import Shop, as_role, inside, make_shop
from tests.imports import steps

PUBLISHED = {
    "customers": 23_570,
    "purchases": 69_659,
    "cds": 167_881,
    "spend": 250_031_563,
    "zero": 80,
    "first_day": "1997-01-01",
    "last_day": "1998-06-30",
    "points": 2_453_159,
    "bought_once": 11_908,
    "from_500": 734,
    "from_1000": 200,
    "largest": 1_399_093,
}
FIGURES = """
    SELECT (SELECT count(*) FROM customers) AS customers,
           count(*) AS purchases, sum(items) AS cds, sum(amount_minor) AS spend,
           count(*) FILTER (WHERE amount_minor = 0) AS zero,
           to_char(min(occurred_at) AT TIME ZONE 'America/New_York', 'YYYY-MM-DD') AS first_day,
           to_char(max(occurred_at) AT TIME ZONE 'America/New_York', 'YYYY-MM-DD') AS last_day,
           (SELECT sum(balance) FROM customer_balances) AS points,
           (SELECT count(*) FROM customers WHERE purchase_count = 1) AS bought_once,
           (SELECT count(*) FROM customers WHERE spent_minor >= 50000) AS from_500,
           (SELECT count(*) FROM customers WHERE spent_minor >= 100000) AS from_1000,
           (SELECT spent_minor FROM customers WHERE external_id = '07592') AS largest
    FROM purchases WHERE status = 'RECORDED'
"""


def figures(app: Flask, shop: Shop) -> dict[str, Any]:
    with inside(app, shop):
        return dict(db.session.execute(text(FIGURES)).one()._mapping)


def test_cdnow_ends_in_the_published_totals_and_again_changes_nothing(
    app: Flask, as_admin: psycopg.Connection[Any]
) -> None:
    shop = make_shop(app, currency="USD", timezone="America/New_York")
    client = as_role(app, shop)
    customers = (steps.CDNOW / "customers.csv").read_bytes()
    purchases = (steps.CDNOW / "purchases.csv").read_bytes()

    run = steps.bring_in(app, client, shop, customers)
    assert (run.state, steps.counts(run)) == (ImportState.DONE, (23_570, 0, 0))
    run = steps.bring_in(app, client, shop, purchases, "PURCHASES")
    assert (run.state, steps.counts(run)) == (ImportState.DONE, (69_659, 0, 0))
    assert run.points == 2_453_159
    assert figures(app, shop) == PUBLISHED

    again = steps.bring_in(app, client, shop, purchases, "PURCHASES")
    assert steps.counts(again) == (0, 69_659, 0)
    again = steps.check(app, client, shop, steps.upload(client, shop, customers))
    assert steps.counts(again) == (0, 23_570, 0)
    assert figures(app, shop) == PUBLISHED
    as_admin.execute("ANALYZE")  # as the server does by itself within a minute
    with app.app_context():
        assert problems(shop.business_id) == []
