"""Customers as the product makes them: with the words they are found by."""

from dataclasses import replace
from typing import Any

from flask import Flask

from nxloy_web.customers import service
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from tests.factories import NOON, Shop, inside


def enrolled(app: Flask, shop: Shop, first_name: str = "Ann", **values: Any) -> str:
    row_id, at = values.pop("id", None) or new_id(), values.pop("at", NOON)
    values = {"last_name": "Lee", "email": f"{new_id()}@example.com"} | values
    facts = replace(NEWCOMER, first_name=first_name, **values)
    with inside(app, shop):
        customer_id = service.enrol(row_id, facts, by=shop.actor(), at=at).id
        db.session.commit()
    return customer_id
