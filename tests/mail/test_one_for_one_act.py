"""Z3: one mail for one act, as a real server gets them."""

import psycopg
import pytest
from flask import Flask
from webtest import Upload

from nxloy_web import clock, worker
from nxloy_web.approvals import asking, deciding
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Membership
from tests.factories import (
    Shop,
    inside,
    make_customer,
    make_reward,
    make_shop,
    make_user,
)
from tests.mail.conftest import Catcher
from tests.portal.steps import give_points
from tests.pressing import Browser, browser_as, form_with, press, words_of


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def counter(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def mails(app: Flask, catcher: Catcher) -> list[str]:
    """The subjects of what arrived, after the time that news waits."""
    worker.run_until_idle(app)
    with psycopg.connect(app.config["MIGRATIONS_DATABASE_URL"]) as later:
        later.execute("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
    worker.run_until_idle(app)
    return [str(mail["Subject"]) for mail in catcher.caught]


def ask_at_the_counter(counter: Browser, shop: Shop, customer_id: str, reward: str) -> str:
    """Ask for a reward for a customer; the address of what was asked for."""
    card = counter.get(shop.url(f"/counter/{customer_id}"))
    return str(press(card, f"Redeem {reward}").request.path)


def test_a_walk_in_reward(app: Flask, shop: Shop, counter: Browser, catcher: Catcher) -> None:
    customer_id = make_customer(app, shop)
    make_reward(app, shop, "Flat white", points_cost=10, needs_approval=False)
    give_points(app, shop, customer_id, 50)
    asked = ask_at_the_counter(counter, shop, customer_id, "Flat white")
    worker.run_until_idle(app)  # which is at it within a second
    press(counter.get(asked), "Hand over")
    assert mails(app, catcher) == ["You collected Flat white"]


def test_agreed_to_and_handed_over(
    app: Flask, shop: Shop, counter: Browser, catcher: Catcher
) -> None:
    customer_id = make_customer(app, shop)
    make_reward(app, shop, "Mug", points_cost=10, needs_approval=True)
    give_points(app, shop, customer_id, 50)
    asked = ask_at_the_counter(counter, shop, customer_id, "Mug")
    press(counter.get(asked), "Approve")
    worker.run_until_idle(app)
    press(counter.get(asked), "Hand over")
    assert mails(app, catcher) == ["You collected Mug"]


def test_what_waits_for_its_customer_is_told_as_before(
    app: Flask, shop: Shop, counter: Browser, catcher: Catcher
) -> None:
    customer_id = make_customer(app, shop)
    make_reward(app, shop, "Mug", points_cost=10, needs_approval=True)
    give_points(app, shop, customer_id, 50)
    asked = ask_at_the_counter(counter, shop, customer_id, "Mug")
    press(counter.get(asked), "Approve")
    assert mails(app, catcher) == ["Mug is ready for you"]
    press(counter.get(asked), "Hand over")
    assert mails(app, catcher) == ["Mug is ready for you", "You collected Mug"]


def test_enrolled_with_first_points(
    app: Flask, shop: Shop, counter: Browser, catcher: Catcher
) -> None:
    form = counter.get(shop.url("/counter/enrol"))
    card = press(form, "Enrol", first_name="Zoe", last_name="Berg", email="zoe@example.com")
    given = press(card, "Give points", amount="120")
    assert "120" in given.text
    assert mails(app, catcher) == [f"Your card for {shop.slug.replace('-', ' ').title()}"]


def test_an_import_of_many_writes_to_nobody(app: Flask, shop: Shop, catcher: Catcher) -> None:
    owner = browser_as(app, shop)
    lines = [f"person{number}@example.com,Person" for number in range(20)]
    form = form_with(owner.get(shop.url("/imports/new")), "Upload and match columns")
    form["file"] = Upload("people.csv", "\n".join(["email,first name", *lines]).encode())
    checking = press(form.submit(status=303).follow(), "Check the lines")
    worker.run_until_idle(app)
    press(owner.get(checking.request.path), "Import 20 customers")
    assert mails(app, catcher) == []
    assert "20 customers" in words_of(owner.get(checking.request.path).text)


def ask_for_more(app: Flask, shop: Shop, customer_id: str) -> str:
    """Ask somebody to agree to points above a limit."""
    with inside(app, shop):
        request_id = asking.ask_adjustment(
            id=new_id(), customer_id=customer_id, program_id=shop.program_id, amount=800,
            reason="A cake for eight", by=shop.actor(Role.STAFF), at=clock.now(),
        ).id  # fmt: skip
        db.session.commit()
    return request_id


def test_who_may_decide_is_written_to_once_while_requests_wait(
    app: Flask, shop: Shop, catcher: Catcher
) -> None:
    """W3: a request waited, and nobody was told."""
    customer_id, unproved = make_customer(app, shop), make_user(app, email_verified=False)
    with inside(app, shop):
        db.session.add(Membership(user_id=unproved, role=Role.MANAGER))
        db.session.commit()
    waiting = [ask_for_more(app, shop, customer_id) for _ in range(3)]
    subject = f"Staff of {shop.slug} asks you to agree to +800"
    assert mails(app, catcher) == [subject] * 2
    assert shop.url("/approvals/") in catcher.caught[0].get_body(("plain",)).get_content()
    with app.app_context():
        deciders = {
            db.session.get_one(User, shop.users[role]).email for role in (Role.OWNER, Role.MANAGER)
        }
    assert {str(mail["To"]) for mail in catcher.caught} == deciders
    with inside(app, shop):
        for request_id in waiting:
            deciding.refuse(request_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    ask_for_more(app, shop, customer_id)
    assert mails(app, catcher) == [subject] * 4


def test_a_request_that_is_decided_at_once_needs_no_letter(
    app: Flask, shop: Shop, catcher: Catcher
) -> None:
    request_id = ask_for_more(app, shop, make_customer(app, shop))
    with inside(app, shop):
        deciding.refuse(request_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    assert mails(app, catcher) == []
