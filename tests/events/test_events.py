"""What happens is said once, and heard in the transaction of the change."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from flask import Flask
from sqlalchemy import select

import nxloy_web
from nxloy_web import events, features
from nxloy_web.actors import SYSTEM
from nxloy_web.customers import status
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.events import NAMES, Event, EventName
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer, CustomerStatus
from tests.factories import NOON, Shop, inside, make_customer, make_shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """Everything said during the test, besides what the application does with it."""
    said: list[Event] = []
    events.read_by([*features.READERS, said.append])
    yield said
    events.read_by(features.READERS)


def test_an_event_says_what_happened_to_what_and_by_whom(
    app: Flask, shop: Shop, heard: list[Event]
) -> None:
    customer_id = make_customer(app, shop)
    by = shop.actor()
    with inside(app, shop):
        status.block(customer_id, by=by, at=NOON)
        db.session.commit()
    [event] = heard
    assert (event.name, event.subject.id, event.by, event.at) == (
        "customer.blocked",
        customer_id,
        by,
        NOON,
    )
    assert event.before == {"status": CustomerStatus.ACTIVE}
    assert event.after == {"status": CustomerStatus.BLOCKED}


def test_a_reader_that_fails_takes_the_change_with_it(app: Flask, shop: Shop) -> None:
    def fail(event: Event) -> None:
        raise OSError("no room")

    customer_id = make_customer(app, shop)
    events.read_by([*features.READERS, fail])
    try:
        with inside(app, shop), pytest.raises(OSError, match="no room"):
            status.block(customer_id, by=shop.actor(), at=NOON)
    finally:
        events.read_by(features.READERS)
    with inside(app, shop):
        assert not find(Customer, customer_id).is_blocked
        assert db.session.scalars(select(AuditEntry)).all() == []


def test_a_name_that_nobody_declared_is_refused(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    with inside(app, shop), pytest.raises(ValueError, match=r"customer\.bloked"):
        events.happened("customer.bloked", find(Customer, customer_id), by=SYSTEM, at=NOON)  # type: ignore[arg-type]


def test_what_nobody_would_hear_is_refused(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    events.read_by([])
    try:
        with inside(app, shop), pytest.raises(RuntimeError, match="nobody reads"):
            events.happened("customer.blocked", find(Customer, customer_id), by=SYSTEM, at=NOON)
    finally:
        events.read_by(features.READERS)


def test_every_name_is_said_somewhere() -> None:
    root = Path(nxloy_web.__file__).parent
    files = [path for path in root.rglob("*.py") if path.name != "events.py"]
    said = {
        name
        for path in files
        for name in re.findall(r'"([a-z_]+\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
    assert NAMES - said == set()


def test_names_are_a_noun_and_a_participle_in_the_order_of_the_alphabet() -> None:
    names = list(get_args(EventName))
    assert names == sorted(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)?\.[a-z]+(_[a-z]+)*", name) for name in names)
