"""Customers as the product makes them: with the words they are found by."""

from typing import Any

from flask import Flask

from nxloy_web.customers import service
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from tests.factories import NOON, Shop, inside


def enrolled(app: Flask, shop: Shop, first_name: str = "Ann", **values: Any) -> str:
    facts: dict[str, Any] = {
        "id": new_id(),
        "last_name": "Lee",
        "email": f"{new_id()}@example.com",
        "phone": None,
        "by": shop.actor(),
        "at": NOON,
    } | values
    with inside(app, shop):
        customer_id = service.enrol(first_name=first_name, **facts).id
        db.session.commit()
    return customer_id
