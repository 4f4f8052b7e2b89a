"""Mail on its way out, caught by a real SMTP server on this machine."""

import email
from collections.abc import Callable
from dataclasses import replace
from email.policy import default
from pathlib import Path
from smtplib import SMTPDataError, SMTPNotSupportedError, SMTPSenderRefused
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web import worker
from nxloy_web.db import db
from nxloy_web.identity.letters import SignInCode
from nxloy_web.mail import service
from nxloy_web.mail.delivery import sentence_for
from tests.mail.conftest import Catcher

CODE = SignInCode(subject="Your code", business_name="Café Luna", code="482913", minutes=10)

Admin = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def send(app: Flask) -> Callable[..., str]:
    def send_now(to: str = "amara@example.com", **changes: Any) -> str:
        with app.app_context():
            mail = service.send(to, replace(CODE, **changes))
            db.session.commit()
            mail_id = mail.id
            db.session.remove()
        worker.run_until_idle(app)
        return mail_id

    return send_now


def test_a_mail_arrives_as_text_and_html(catcher: Catcher, send: Callable[..., str]) -> None:
    send()
    (mail,) = catcher.caught
    assert mail["To"] == "amara@example.com"
    assert mail["Subject"] == "Your code"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "482913" in text.get_content()
    assert '<p class="code">482913</p>' in html.get_content()
    assert "Café Luna" in html.get_content()


def test_a_mail_is_from_the_shop_and_says_why_it_comes(
    catcher: Catcher, send: Callable[..., str]
) -> None:
    """Z2: every shop's mails came from "NxLoy", without Reply-To, without a footer."""
    send(reply_to="hello@luna.example", footer="Café Luna sends you this.")
    (mail,) = catcher.caught
    assert mail["From"].addresses[0].display_name == "Café Luna"
    assert mail["Reply-To"] == "hello@luna.example"
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert "Café Luna sends you this." in part.get_content()


def test_the_words_are_forgotten_once_the_mail_is_out(
    catcher: Catcher, send: Callable[..., str], as_admin: Admin
) -> None:
    mail_id = send()
    row = as_admin.execute(
        "SELECT kind, recipient, subject, body_text, body_html, sent_at IS NOT NULL, error "
        "FROM outbound_mails WHERE id = %s",
        [mail_id],
    ).fetchone()
    assert row == ("sign_in_code", None, None, None, None, True, None)


def test_a_rolled_back_change_sends_nothing(app: Flask, catcher: Catcher) -> None:
    with app.app_context():
        service.send("nobody@example.com", CODE)
        db.session.rollback()
        db.session.remove()
    worker.run_until_idle(app)
    assert catcher.caught == []


def test_a_name_with_line_breaks_adds_no_header(catcher: Catcher, send: Callable[..., str]) -> None:
    send(subject="Hello\r\nBcc: everybody@example.com\n\nBuy", business_name="A\nB <b>x</b>")
    (mail,) = catcher.caught
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: everybody@example.com Buy"
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b>x</b>" not in html.get_content()


@pytest.mark.parametrize("address", ["", "nobody", "a@example.com\nBcc: b@example.com"])
def test_what_is_no_address_is_refused(send: Callable[..., str], address: str) -> None:
    with pytest.raises(ValueError, match=r"Enter an e-mail address"):
        send(address)


def test_a_refused_address_keeps_a_sentence_and_is_not_tried_again(
    catcher: Catcher, send: Callable[..., str], as_admin: Admin
) -> None:
    catcher.refuses["gone@example.com"] = "550 no such user"
    mail_id = send("gone@example.com")
    row = as_admin.execute(
        "SELECT error, sent_at FROM outbound_mails WHERE id = %s", [mail_id]
    ).fetchone()
    assert row == ("The mail server refused the address.", None)
    assert _jobs_waiting(as_admin, mail_id) == 0


def test_a_server_that_is_away_is_tried_again(
    app: Flask, send: Callable[..., str], as_admin: Admin
) -> None:
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
    mail_id = send()
    app.config["SMTP_URL"] = None
    row = as_admin.execute("SELECT error FROM outbound_mails WHERE id = %s", [mail_id]).fetchone()
    assert row == ("The mail server could not be reached.",)
    assert _jobs_waiting(as_admin, mail_id) == 1


@pytest.mark.usefixtures("nothing_seen")
def test_whether_the_server_answers_is_known_to_all(
    app: Flask, catcher: Catcher, send: Callable[..., str]
) -> None:
    """X6: with the mail server away, nothing said that mail does not go out."""
    url = app.config["SMTP_URL"]
    assert mail_in_readyz(app)["status"] == "not tried yet"
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
    send()
    away = mail_in_readyz(app)
    assert (away["status"], away["last_success"]) == ("failing", None)
    app.config["SMTP_URL"] = url
    send()
    back = mail_in_readyz(app)
    assert back["status"] == "answering"
    assert back["last_success"] >= away["last_failure"]


@pytest.mark.usefixtures("nothing_seen")
def test_one_refused_address_does_not_mean_that_the_server_is_away(
    app: Flask, catcher: Catcher, send: Callable[..., str]
) -> None:
    catcher.refuses["gone@example.com"] = "550 no such user"
    send("gone@example.com")
    assert mail_in_readyz(app)["status"] == "not tried yet"


def mail_in_readyz(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    mail: dict[str, Any] = answer.json["mail"]
    return mail


@pytest.mark.parametrize(
    "error",
    [
        SMTPSenderRefused(553, b"<shop@example.com> sender rejected", "shop@example.com"),
        SMTPDataError(554, b"message for amara@example.com refused"),
        SMTPNotSupportedError("no SMTPUTF8 for zo\xeb@example.com"),
    ],
)
def test_what_the_server_said_is_kept_without_addresses(error: Exception) -> None:
    """X6: every shop may read it."""
    assert "@" not in sentence_for(error)
    assert "…" in sentence_for(error)


def test_without_a_server_mails_lie_in_the_outbox(app: Flask, send: Callable[..., str]) -> None:
    mail_id = send("zoë@example.com")
    (path,) = Path(app.config["INSTANCE"], "outbox").glob(f"*{mail_id}.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=default)
    assert mail["To"] == "zoë@example.com"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "smtp://host:port"])
def test_a_wrong_smtp_url_is_said(
    app: Flask, send: Callable[..., str], as_admin: Admin, url: str
) -> None:
    app.config["SMTP_URL"] = url
    mail_id = send()
    app.config["SMTP_URL"] = None
    row = as_admin.execute("SELECT error FROM outbound_mails WHERE id = %s", [mail_id]).fetchone()
    assert row == ("SMTP_URL is not like smtp://user:password@host:587?starttls=1.",)


def _jobs_waiting(admin: Admin, mail_id: str) -> int:
    row = admin.execute(
        "SELECT count(*) FROM jobs.procrastinate_jobs "
        "WHERE args->>'mail_id' = %s AND status = 'todo'",
        [mail_id],
    ).fetchone()
    assert row is not None
    return int(row[0])
