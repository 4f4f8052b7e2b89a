"""Mail that is not out: what its business knows of it, and what is done about it. X6."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from nxloy_web import clock, worker
from nxloy_web.background import retrying
from nxloy_web.background.retrying import WordsGone
from nxloy_web.customers.letters import WelcomeWords
from nxloy_web.db import db
from nxloy_web.errors import NotAllowed
from nxloy_web.identity.letters import SignInCode
from nxloy_web.mail import delivery, service
from nxloy_web.mail.letters import Words
from nxloy_web.permissions import Role
from nxloy_web.tables.mail import OutboundMail, UnsentMail
from tests.factories import Shop, inside, make_shop
from tests.mail.conftest import Catcher

LETTER = WelcomeWords(subject="Your card", business_name="Luna", name="Zoe", link="https://x")
AWAY = "smtp://127.0.0.1:1"


@pytest.fixture
def away(app: Flask) -> Iterator[None]:
    """The mail server is away."""
    app.config["SMTP_URL"] = AWAY
    yield
    app.config["SMTP_URL"] = None


def write(app: Flask, shop: Shop, words: Words = LETTER) -> str:
    with inside(app, shop):
        mail_id = service.send("zoe@example.com", words).id
        db.session.commit()
    worker.run_until_idle(app)
    return mail_id


def unsent(app: Flask, shop: Shop) -> list[UnsentMail]:
    with inside(app, shop):
        rows = list(db.session.scalars(select(UnsentMail)))
        db.session.expunge_all()
        return rows


def again(app: Flask, shop: Shop, mail_id: str) -> bool:
    with inside(app, shop):
        waits = retrying.mail_again(mail_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    return waits


@pytest.mark.usefixtures("away")
def test_its_business_alone_sees_it_until_it_is_out(app: Flask) -> None:
    """X6: mail was lost in silence."""
    shop, other = make_shop(app), make_shop(app)
    write(app, shop)
    (mail,) = unsent(app, shop)
    assert (mail.recipient, mail.subject, mail.tries) == ("zoe@example.com", "Your card", 1)
    assert mail.error == "The mail server could not be reached."
    assert mail.next_at is not None
    assert mail.next_at > clock.now()
    assert unsent(app, other) == []
    app.config["SMTP_URL"] = None
    assert again(app, shop, mail.id)
    worker.run_until_idle(app)
    assert unsent(app, shop) == []
    assert not again(app, shop, mail.id), "it is out by now"


def test_pressed_twice_it_is_sent_once(app: Flask, catcher: Catcher, as_admin: Any) -> None:
    """D12, X6"""
    shop = make_shop(app)
    url, app.config["SMTP_URL"] = app.config["SMTP_URL"], AWAY
    mail_id = write(app, shop)
    app.config["SMTP_URL"] = url
    for _ in range(3):
        assert again(app, shop, mail_id)
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE args->>'mail_id' = %s"
    assert as_admin.execute(waiting, [mail_id]).fetchone() == (1,)
    worker.run_until_idle(app)
    assert [mail["Subject"] for mail in catcher.caught] == ["Your card"]


def test_an_address_that_was_refused_is_given_up_and_can_be_tried(
    app: Flask, catcher: Catcher
) -> None:
    shop = make_shop(app)
    catcher.refuses["zoe@example.com"] = "550 no such user"
    mail_id = write(app, shop)
    (mail,) = unsent(app, shop)
    assert (mail.error, mail.next_at) == ("The mail server refused the address.", None)
    catcher.refuses.clear()
    for _ in range(2):
        assert again(app, shop, mail_id)
    worker.run_until_idle(app)
    assert len(catcher.caught) == 1
    assert unsent(app, shop) == []


@pytest.mark.usefixtures("away")
def test_whom_a_code_is_for_no_business_learns(app: Flask) -> None:
    code = SignInCode(subject="482913 is your code", code="482913", minutes=10)
    shop = make_shop(app)
    write(app, shop, code)
    assert unsent(app, shop) == []


@pytest.mark.usefixtures("away")
def test_after_a_day_its_words_are_gone_and_after_a_week_its_line(app: Flask) -> None:
    shop = make_shop(app)
    mail_id = write(app, shop)
    _age(app, shop, mail_id, delivery.GIVEN_UP_AFTER)
    _forget(app, shop)
    with pytest.raises(WordsGone):
        again(app, shop, mail_id)
    assert [mail.id for mail in unsent(app, shop)] == [mail_id]
    _age(app, shop, mail_id, delivery.TOLD_FOR)
    _forget(app, shop)
    assert unsent(app, shop) == []


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("role", [Role.STAFF, Role.ANALYST])
def test_not_everybody_may_have_it_tried(app: Flask, role: Role) -> None:
    shop = make_shop(app)
    mail_id = write(app, shop)
    with inside(app, shop), pytest.raises(NotAllowed):
        retrying.mail_again(mail_id, by=shop.actor(role), at=clock.now())


def _age(app: Flask, shop: Shop, mail_id: str, by: timedelta) -> None:
    at = {"created_at": clock.now() - by - timedelta(minutes=1)}
    with inside(app, shop):
        for model in (OutboundMail, UnsentMail):
            db.session.execute(update(model).where(model.id == mail_id).values(**at))
        db.session.commit()


def _forget(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        delivery.forget()
        db.session.commit()


def test_the_policy_holds_for_lists_that_forget_to_ask(app: Flask, as_admin: Any) -> None:
    shop, other = make_shop(app), make_shop(app)
    app.config["SMTP_URL"] = AWAY
    write(app, shop)
    app.config["SMTP_URL"] = None
    with inside(app, other):
        seen = db.session.connection().exec_driver_sql("SELECT count(*) FROM unsent_mails")
        assert seen.scalar() == 0
    assert as_admin.execute(
        "SELECT count(*) > 0 FROM unsent_mails WHERE business_id = %s", [shop.business_id]
    ).fetchone() == (True,)
