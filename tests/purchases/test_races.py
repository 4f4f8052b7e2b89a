"""Two at once on one customer's figures."""

from typing import Any

import psycopg
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.purchases import recording, voiding
from nxloy_web.tables.customers import Customer
from tests.factories import NOON, inside, make_customer, make_program, make_shop
from tests.ledger.racing import race


def test_who_counts_again_waits_for_what_another_has_just_recorded(
    app: Flask, as_admin: psycopg.Connection[Any]
) -> None:
    """In two programs the balances do not keep them apart: the customer's row does."""
    shop = make_shop(app)
    customer_id, stamps = make_customer(app, shop), make_program(app, shop, "Stamps")

    def buying(amount: int, program_id: str, id: str) -> Any:
        return lambda: (
            recording.record(
                id=id,
                customer_id=customer_id,
                program_id=program_id,
                amount_minor=amount,
                by=shop.actor(),
                at=NOON,
            ).points
        )

    voided = new_id()
    with inside(app, shop):
        buying(500, shop.program_id, voided)()
        buying(100, stamps, new_id())()
        db.session.commit()
    first, second = race(
        app,
        shop,
        as_admin,
        buying(700, stamps, new_id()),
        lambda: voiding.void(voided, reason="Back", by=shop.actor(), at=NOON).points,
    )
    assert (first.error, second.error) == (None, None)
    with inside(app, shop):
        customer = find(Customer, customer_id)
        assert (customer.purchase_count, customer.spent_minor) == (2, 800)
