"""What customers do on the phone, as short words for the tests."""

import re
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import TransactionType, Why
from tests.factories import Shop, inside, make_customer, make_user
from tests.pressing import Browser, Page, browser_of, press

Admin = psycopg.Connection[tuple[Any, ...]]


def mailed_code(admin: Admin, email: str) -> str:
    """The newest code on its way to this address."""
    row = admin.execute(
        "SELECT body_text FROM outbound_mails "
        "WHERE kind = 'sign_in_code' AND lower(recipient) = lower(%s) "
        "ORDER BY created_at DESC, id DESC LIMIT 1",
        (email,),
    ).fetchone()
    assert row is not None, f"no code for {email}"
    found = re.search(r"^\s*(\d{6})\s*$", row[0], re.MULTILINE)
    assert found is not None
    return found[1]


def mails(admin: Admin, email: str, kind: str = "sign_in_code") -> int:
    row = admin.execute(
        "SELECT count(*) FROM outbound_mails WHERE kind = %s AND lower(recipient) = lower(%s)",
        (kind, email),
    ).fetchone()
    return 0 if row is None else int(row[0])


def join(browser: Browser, shop: Shop, email: str, **typed: Any) -> Page:
    """Ask for a card; leads to the page that asks for the code."""
    filled_in = {"first_name": "Amara", "email": email} | typed
    return press(browser.get(shop.portal("/join")), "Send me the code", **filled_in)


def come_in(browser: Browser, shop: Shop, email: str) -> Page:
    """Ask for a code for the card there is; leads to the page that asks for the code."""
    return press(browser.get(shop.portal("/sign-in")), "Send me a code", email=email)


def enter_code(page: Page, code: str) -> Page:
    return press(page, "Continue", code=code)


def give_points(
    app: Flask,
    shop: Shop,
    customer_id: str,
    amount: int,
    *,
    at: datetime | None = None,
    expires_at: datetime | None = None,
    why: str = "1 for each of the euros",
) -> None:
    cause = Cause(
        TransactionType.EARNED,
        "purchase",
        new_id(),
        by=shop.actor(),
        at=at or clock.now(),
        why=Why(steps=[why]),
    )
    with inside(app, shop):
        books = Books(shop.program_id, [customer_id], at=cause.at)
        books.credit(customer_id, amount, cause, ends_at=expires_at)
        books.write(by=cause.by)
        db.session.commit()


def member(app: Flask, shop: Shop, points: int = 0, **values: Any) -> tuple[Browser, str]:
    """A customer signed in to the portal on a phone of their own, and their id."""
    user_id = make_user(app, values.get("first_name", "Amara"), email=values.get("email"))
    customer_id = make_customer(app, shop, user_id=user_id, **values)
    if points:
        give_points(app, shop, customer_id, points)
    return browser_of(app, user_id, audience="portal"), customer_id
