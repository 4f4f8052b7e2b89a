"""Letters about a customer's card."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web import clock, worker
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.mail import service as mail
from nxloy_web.mail.letters import Words
from nxloy_web.redemptions import asking, deciding, notices, taking_back
from tests.factories import Shop, inside, make_customer, make_reward, make_shop, make_user
from tests.portal.steps import Admin, enter_code, give_points, join, mailed_code
from tests.pressing import browser_of


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app, slug="harbour-coffee", name="Harbour Coffee")


@pytest.fixture(scope="module")
def reward_id(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Flat white", points_cost=100)


@pytest.fixture
def letters(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would be mailed, instead of the outbox."""
    sent: list[dict[str, Any]] = []
    real = mail.send

    def remember(to: str, words: Words) -> Any:
        letter = real(to, words)
        sent.append(
            {"kind": words.kind, "to": to, "subject": letter.subject, "text": letter.body_text}
        )
        return letter

    monkeypatch.setattr(mail, "send", remember)
    return sent


def asked(app: Flask, shop: Shop, reward_id: str, **values: Any) -> tuple[str, Actor]:
    user_id = make_user(app)
    customer_id = make_customer(app, shop, user_id=user_id, **values)
    give_points(app, shop, customer_id, 100)
    redemption_id = new_id()
    by = Actor("customer", user_id, customer_id=customer_id)
    with inside(app, shop):
        asking.ask(
            id=redemption_id, customer_id=customer_id, reward_id=reward_id, by=by, at=clock.now()
        )
        db.session.commit()
    return redemption_id, by


def settle(app: Flask) -> None:
    """Let the time pass that news waits, and work."""
    with psycopg.connect(app.config["MIGRATIONS_DATABASE_URL"]) as later:
        later.execute("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
    worker.run_until_idle(app)


def do(app: Flask, shop: Shop, verb: Any, redemption_id: str, **more: Any) -> None:
    with inside(app, shop):
        verb(redemption_id, **({"by": shop.actor(), "at": clock.now()} | more))
        db.session.commit()
    settle(app)


def test_a_customer_hears_that_it_is_ready_and_gets_a_receipt(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(app, shop, reward_id, email="ann@example.com", email_opt_in=False)
    settle(app)
    assert letters == []
    do(app, shop, deciding.approve, redemption_id)
    assert [letter["kind"] for letter in letters] == ["redemption_approved"]
    ready = letters[0]
    assert ready["to"] == "ann@example.com"
    assert ready["subject"] == "Flat white is ready for you"
    assert f"/p/harbour-coffee/redemptions/{redemption_id}" in ready["text"]
    assert "NX-" in ready["text"]
    do(app, shop, deciding.fulfil, redemption_id)
    assert letters[1]["kind"] == "redemption_fulfilled"
    assert "for 100 points" in letters[1]["text"]


def test_a_cancelled_request_is_told_with_its_reason(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(app, shop, reward_id)
    do(app, shop, taking_back.cancel, redemption_id, reason="The machine is broken")
    assert "The reason: The machine is broken" in letters[0]["text"]
    assert "100 points are back on your card" in letters[0]["text"]


def test_what_customers_did_themselves_is_not_mailed_to_them(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, by = asked(app, shop, reward_id)
    do(app, shop, taking_back.change_mind, redemption_id, by=by, customer_id=by.customer_id)
    assert letters == []


def test_old_news_is_not_mailed(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(app, shop, reward_id)
    with inside(app, shop):
        deciding.approve(redemption_id, by=shop.actor(), at=clock.now())
        deciding.fulfil(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    settle(app)
    assert [letter["kind"] for letter in letters] == ["redemption_fulfilled"]


def test_news_waits_until_nothing_is_taken_back(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]], as_admin: Admin
) -> None:
    """Z3: two mails within a minute for what was one act."""
    redemption_id, _ = asked(app, shop, reward_id)
    with inside(app, shop):
        deciding.approve(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    worker.run_until_idle(app)
    assert letters == []
    (wait,) = as_admin.execute(
        "SELECT scheduled_at - now() FROM procrastinate_jobs WHERE task_name = 'redemptions.tell'"
        " AND status = 'todo'"
    ).fetchone() or (None,)
    assert timedelta(minutes=2) - timedelta(seconds=30) < wait <= notices.SETTLES
    settle(app)
    assert [letter["kind"] for letter in letters] == ["redemption_approved"]


def test_a_hand_over_that_was_undone_and_done_again_is_told_of_once(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(app, shop, reward_id)
    with inside(app, shop):
        for verb in (deciding.approve, deciding.fulfil, deciding.undo_handover, deciding.fulfil):
            verb(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    settle(app)
    assert [letter["kind"] for letter in letters] == ["redemption_fulfilled"]


def test_a_hand_over_that_was_undone_leaves_the_news_before_it(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(app, shop, reward_id)
    with inside(app, shop):
        for verb in (deciding.approve, deciding.fulfil, deciding.undo_handover):
            verb(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    settle(app)
    assert [letter["kind"] for letter in letters] == ["redemption_approved"]


def test_nobody_without_an_address_is_written_to(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]]
) -> None:
    redemption_id, _ = asked(
        app, shop, reward_id, email=None, email_norm=None, phone_e164="+493011111111"
    )
    do(app, shop, deciding.approve, redemption_id)
    assert letters == []


def test_what_is_about_to_lapse_is_told_once(
    app: Flask, shop: Shop, reward_id: str, letters: list[dict[str, Any]], as_admin: Admin
) -> None:
    soon, _ = asked(app, shop, reward_id, email="soon@example.com")
    later, _ = asked(app, shop, reward_id, email="later@example.com")
    fresh, _ = asked(app, shop, reward_id, email="fresh@example.com")
    now = clock.now()
    for redemption_id, asked_at, ends_at in (
        (soon, now - timedelta(days=12), now + timedelta(days=1)),
        (later, now - timedelta(days=2), now + timedelta(days=9)),
        (fresh, now - timedelta(hours=1), now + timedelta(days=1)),
    ):
        as_admin.execute(
            "UPDATE reward_redemptions SET requested_at = %s, expires_at = %s WHERE id = %s",
            (asked_at, ends_at, redemption_id),
        )
    for _ in range(2):
        with inside(app, shop):
            notices.remind()
    mine = [letter for letter in letters if letter["kind"] == "redemption_lapsing"]
    assert [letter["to"] for letter in mine] == ["soon@example.com"]
    assert mine[0]["subject"].startswith("Collect Flat white by ")
    row = as_admin.execute(
        "SELECT version FROM reward_redemptions WHERE id = %s", (soon,)
    ).fetchone()
    assert row == (1,)


def test_joining_brings_a_welcome(
    app: Flask, shop: Shop, letters: list[dict[str, Any]], as_admin: Admin
) -> None:
    asked_for = join(browser_of(app), shop, "new@example.com")
    enter_code(asked_for, mailed_code(as_admin, "new@example.com"))
    settle(app)
    welcome = [letter for letter in letters if letter["kind"] == "welcome"]
    assert [letter["to"] for letter in welcome] == ["new@example.com"]
    assert "/p/harbour-coffee/card" in welcome[0]["text"]
