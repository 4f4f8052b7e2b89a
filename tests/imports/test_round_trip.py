"""I9: what we export comes back unchanged, also after a spreadsheet was protected from it."""

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from nxloy_web import clock, sheets
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.tables.customers import Customer
from tests.factories import Shop, as_role, inside, make_shop
from tests.imports import steps

SHOWN = (
    Customer.email_norm,
    Customer.phone_e164,
    Customer.first_name,
    Customer.last_name,
    Customer.external_id,
    Customer.tags,
    Customer.email_opt_in,
    Customer.sms_opt_in,
    Customer.date_of_birth,
)


@given(st.text())
def test_protected_text_is_read_back_as_it_was(text: str) -> None:
    """I9."""
    assert sheets.read_back(sheets.as_text(text)) == text
    assert not sheets.as_text(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def everybody(app: Flask, shop: Shop) -> list[tuple[Any, ...]]:
    with inside(app, shop):
        rows = db.session.execute(select(*SHOWN).order_by(Customer.email_norm)).all()
        return [tuple(row) for row in rows]


def enrol(app: Flask, shop: Shop, **facts: Any) -> None:
    with inside(app, shop):
        customers.enrol(new_id(), replace(NEWCOMER, **facts), by=shop.actor(), at=clock.now())
        db.session.commit()


@pytest.fixture
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    enrol(
        app, shop, email="ann@example.com", first_name="=Ann", last_name="O'Kim", email_opt_in=True
    )
    enrol(
        app,
        shop,
        email="bo@example.com",
        first_name="'+Bo",
        tags=["-vip", "late riser"],
        phone="+49 30 901820",
    )
    enrol(
        app, shop, email="cy@example.com", first_name="Zoë", last_name="Núñez, Jr", sms_opt_in=True,
        external_id="-007", date_of_birth=date(1990, 2, 28),
    )  # fmt: skip
    enrol(app, shop, phone="+49 30 901821", email_opt_in=False)
    return shop


def test_our_own_export_comes_in_as_it_was(app: Flask, shop: Shop) -> None:
    """I9. Names, phones, tags and consents, in another shop and in the same."""
    exported = as_role(app, shop).get(shop.url("/customers/export.csv")).data
    other = make_shop(app)
    run = steps.bring_in(app, as_role(app, other), other, exported)
    assert steps.counts(run) == (4, 0, 0)
    assert run.totals.with_cells_left_out == 0
    assert everybody(app, other) == everybody(app, shop)
    again = steps.bring_in(app, as_role(app, shop), shop, exported)
    assert steps.counts(again) == (0, 4, 0)


def test_failed_lines_come_back_when_they_are_put_right(app: Flask) -> None:
    """I9. The two columns behind them are ours, however often the file has failed."""
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b"email,phone,name\nnot an address,+49 30 9,=Ann\nbo@example.com,,Bo\n"
    for _ in range(2):
        run = steps.bring_in(app, client, shop, content)
        assert run.failed_rows == 1
        answer = client.get(shop.url(f"/imports/{run.id}/failed.csv"))
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert rows[0] == ["email", "phone", "name", "Line", "Why it failed"]
        assert rows[1][:3] == ["not an address", "'+49 30 9", "'=Ann"]
        content = answer.data
    right = content.replace(b"30 9,", b"30 901820,")
    assert steps.counts(steps.bring_in(app, client, shop, right)) == (1, 0, 0)
    assert ("+4930901820", "=Ann") in {(one[1], one[2] or one[3]) for one in everybody(app, shop)}


def test_a_line_that_is_no_record_is_in_the_file_of_failed_lines(app: Flask) -> None:
    """I3, I9."""
    shop = make_shop(app)
    client = as_role(app, shop)
    run = steps.bring_in(app, client, shop, b'email,name\na@example.com,"An\nb@example.com,Bo\n')
    assert steps.counts(run) == (1, 0, 1)
    answer = client.get(shop.url(f"/imports/{run.id}/failed.csv"))
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[1][0] == 'a@example.com,"An'
