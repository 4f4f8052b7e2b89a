"""X7: whatever somebody sends to whichever address: an answer in words, and nothing half done.

The same seed sends the same things in the same order. `FUZZ_SEED=7 pytest tests/fuzz` tries others.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from nxloy_web.ledger import check
from tests.factories import Shop
from tests.fuzz import values
from tests.fuzz.forms import Form
from tests.fuzz.people import Seat, furnished, seats
from tests.fuzz.sending import Value
from tests.fuzz.walking import Remembering, Walk, arguments_of, suited

SEED = int(os.environ.get("FUZZ_SEED", "8"))
NAMES = ("owner", "staff", "customer", "stranger", "operator")


@pytest.fixture(scope="module")
def admin(database: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def shop(app: Flask, admin: psycopg.Connection[Any]) -> Shop:
    return furnished(app, admin)


@pytest.fixture(scope="module")
def everybody(app: Flask, shop: Shop, admin: psycopg.Connection[Any]) -> dict[str, Seat]:
    return {seat.name: seat for seat in seats(app, shop, admin)}


@pytest.fixture
def walk(
    app: Flask, shop: Shop, admin: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> Walk:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Remembering)
    return Walk(app, shop, admin, SEED)


@pytest.mark.parametrize("name", NAMES)
def test_forms(walk: Walk, everybody: dict[str, Seat], name: str) -> None:
    # What others share with the owner is tried at times: it is the same view behind it.
    fuzz_forms(walk, everybody[name], each=1, share=1 if name == "owner" else 0.3)
    walk.says_nothing_wrong()


@pytest.mark.parametrize("name", NAMES)
def test_addresses(walk: Walk, everybody: dict[str, Seat], name: str) -> None:
    walk.forms(everybody[name])  # every page once, to learn what it reads
    fuzz_parts(walk, everybody[name], each=1)
    fuzz_arguments(walk, everybody[name], each=1)
    walk.says_nothing_wrong()


@pytest.mark.parametrize("name", NAMES)
def test_headers_and_bodies(walk: Walk, everybody: dict[str, Seat], name: str) -> None:
    fuzz_headers(walk, everybody[name], each=1, share=0.5)
    fuzz_bodies(walk, everybody[name], each=1, share=0.5)
    walk.says_nothing_wrong()


def test_the_books_add_up_and_every_page_opens(walk: Walk, everybody: dict[str, Seat]) -> None:
    """After all of it, in the rows that were accepted."""
    for seat in everybody.values():
        walk.forms(seat)
    walk.says_nothing_wrong()
    with walk.app.app_context():
        assert check.problems(walk.shop.business_id) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_every_value_everywhere(walk: Walk, everybody: dict[str, Seat], name: str) -> None:
    seat, every = everybody[name], len(values.VALUES)
    fuzz_forms(walk, seat, every)
    fuzz_parts(walk, seat, every)
    fuzz_arguments(walk, seat, every)
    fuzz_headers(walk, seat, every)
    fuzz_bodies(walk, seat, every)
    walk.says_nothing_wrong()
    with walk.app.app_context():
        assert check.problems(walk.shop.business_id) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_combinations(walk: Walk, everybody: dict[str, Seat], name: str) -> None:
    """Several fields of a form at once, of hostile texts and of any."""
    seat = everybody[name]
    forms = walk.forms(seat)
    value = st.sampled_from(list(values.VALUES.values())) | st.text()

    @settings(
        max_examples=3_000,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # what was accepted has changed the shop: nothing to shrink
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def several(data: st.DataObject) -> None:
        form = walk.again(seat, data.draw(st.sampled_from(forms)))
        chosen = data.draw(st.sets(st.sampled_from(sorted(form.names or {"x"})), min_size=1))
        for name in sorted(chosen):
            form = form.sending(name, data.draw(value))
        walk.submit(seat, form, "several fields", data.draw(st.sampled_from(WAYS)))
        walk.says_nothing_wrong()

    several()


WAYS: Sequence[dict[str, str]] = ({}, {}, {"HX-Request": "true"})
"""How a form comes: two times plainly, the third time through htmx."""


def fuzz_forms(walk: Walk, seat: Seat, each: int, share: float = 1) -> None:
    """`each` hostile values into each field alone, and then all fields at once."""
    for form in walk.forms(seat):
        if walk.chance.random() > share:
            continue
        for name in sorted(form.names):
            for what in _some(walk, values.VALUES, each):
                value = values.VALUES[what]
                form = _send(walk, seat, form, form.sending(name, value), f"{name}: {what}")
        shapes = list(_other_shapes(walk, form))
        for what, changed in walk.chance.sample(shapes, min(1 + each, len(shapes))):
            form = _send(walk, seat, form, changed, what)


def _send(walk: Walk, seat: Seat, form: Form, changed: Form, what: str) -> Form:
    """Send it; the form to go on with, which its page shows anew after a change."""
    is_done = walk.submit(seat, changed, what, walk.chance.choice(WAYS))
    return walk.again(seat, form) if is_done else form


def _other_shapes(walk: Walk, form: Form) -> Iterator[tuple[str, Form]]:
    token = [field for field in form.fields if field[0] == "csrf_token"]
    names = sorted(form.names - {"csrf_token"})
    if not names:
        return
    what = walk.chance.choice(sorted(values.VALUES))
    all_of_them = [(name, values.VALUES[what]) for name in names]
    yield f"all fields: {what}", _with(form, [*token, *all_of_them])
    yield "without its fields", _with(form, token)
    yield "each field twice", _with(form, [*form.fields, *((name, "a\0") for name in names)])
    arrays: list[tuple[str, Value]] = [(f"{name}[]", "1") for name in names]
    yield "arrays", _with(form, [*token, *arrays])
    yield "as it is, for the second time", form


def _with(form: Form, fields: list[tuple[str, Value]]) -> Form:
    return Form(form.page, form.method, form.action, fields)


def fuzz_parts(walk: Walk, seat: Seat, each: int) -> None:
    for method in ("GET", "POST"):
        for rule in walk.rules(method):
            if not suited(rule, seat):
                continue
            for name in sorted(rule.arguments):
                for what in _some(walk, values.TEXTS, each):
                    path = walk.address(rule, **{name: values.TEXTS[what]})
                    walk.send(seat, method, path, what=f"{name}: {what}", headers=_token(seat))


def fuzz_arguments(walk: Walk, seat: Seat, each: int) -> None:
    for rule, name in arguments_of(walk, seat):
        for what in _some(walk, values.TEXTS, each):
            form = Form("", "GET", walk.address(rule), [(name, values.TEXTS[what])] * 2)
            walk.submit(seat, form, f"{name}: {what}", walk.chance.choice(WAYS))


def fuzz_headers(walk: Walk, seat: Seat, each: int, share: float = 1) -> None:
    for method in ("GET", "POST"):
        for rule in walk.rules(method):
            if suited(rule, seat) and walk.chance.random() <= share:
                for what in _some(walk, values.HEADERS, each):
                    headers = _token(seat) | values.HEADERS[what]
                    walk.send(seat, method, walk.address(rule), what=what, headers=headers)


def fuzz_bodies(walk: Walk, seat: Seat, each: int, share: float = 1) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for rule in walk.rules("POST"):
            often = share if method == "POST" else 0.1 * share
            if not suited(rule, seat) or walk.chance.random() > often:
                continue
            for what in _some(walk, values.BODIES, each):
                content_type, body = values.BODIES[what]
                walk.send(
                    seat, method, walk.address(rule), what=what, headers=_token(seat),
                    content_type=content_type, body=body,
                )  # fmt: skip


def _token(seat: Seat) -> dict[str, str]:
    """What lets a body through that brings no token."""
    with seat.client.session_transaction("/my-cards/" if seat.side == "p" else "/") as session:
        raw = session.setdefault("csrf_token", "0" * 40)
    signer = URLSafeTimedSerializer(seat.client.application.secret_key, salt="wtf-csrf-token")
    return {"X-CSRFToken": str(signer.dumps(raw))}


def _some(walk: Walk, from_: dict[str, Any], most: int) -> list[str]:
    return walk.chance.sample(sorted(from_), min(most, len(from_)))
