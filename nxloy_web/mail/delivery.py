"""Taking stored mail out: over SMTP, or into a folder where no server is configured."""

import os
from contextlib import nullcontext
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from pathlib import Path
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from email_validator import validate_email
from sqlalchemy import delete, update

from nxloy_web import clock, host, pulse
from nxloy_web.db import db
from nxloy_web.db.scope import enter_scope
from nxloy_web.jobs import every, next_try_at, open_task, task
from nxloy_web.mail.smtp import BadSmtpUrl, SmtpServer
from nxloy_web.tables.mail import OutboundMail, UnsentMail

GIVEN_UP_AFTER = timedelta(days=1)
TOLD_FOR = timedelta(days=7)
"""How long a business sees whom a mail that never left was for."""
A_DAY_OF_TRIES = 27
"""After four in the first quarter of an hour one an hour."""
EMPTY = {
    "recipient": None,
    "sender_name": None,
    "reply_to": None,
    "subject": None,
    "body_text": None,
    "body_html": None,
}


@open_task("mail.deliver", retry=A_DAY_OF_TRIES)
def deliver(mail_id: str, business_id: str | None = None) -> None:
    """Send one mail and forget its words. A failure leaves a sentence and is tried again."""
    with enter_scope(business_id) if business_id else nullcontext():
        mail = db.session.get(OutboundMail, mail_id)
        if mail is None or mail.sent_at is not None or mail.recipient is None:
            return
        # No transaction stays open while a mail server thinks.
        db.session.commit()
        try:
            take_out(message_of(mail))
        except (OSError, SMTPException, BadSmtpUrl) as error:
            _failed(mail, business_id, error)
            if is_final(error):
                return
            raise
        _sent(mail, business_id)


def _sent(mail: OutboundMail, business_id: str | None) -> None:
    for name, value in EMPTY.items():
        setattr(mail, name, value)
    mail.sent_at, mail.error = clock.now(), None
    if business_id:
        db.session.execute(delete(UnsentMail).where(UnsentMail.id == mail.id))
    if host.setting("SMTP_URL"):
        pulse.is_well(pulse.MAIL)
    _give_up_old()
    db.session.commit()


def _failed(mail: OutboundMail, business_id: str | None, error: Exception) -> None:
    mail.error = sentence_for(error)
    if business_id:
        unsent = update(UnsentMail).where(UnsentMail.id == mail.id)
        next_at = None if is_final(error) else next_try_at()
        facts = {"error": mail.error, "next_at": next_at, "tries": UnsentMail.tries + 1}
        db.session.execute(unsent.values(**facts))
    if not isinstance(error, SMTPRecipientsRefused):
        pulse.has_failed(pulse.MAIL, mail.error)
    db.session.commit()


@every("29 3 * * *")
@task("mail.forget")
def forget() -> None:
    """Take away what a business has been told long enough; the words went after a day."""
    _give_up_old()
    told = UnsentMail.created_at < clock.now() - TOLD_FOR
    db.session.execute(delete(UnsentMail).where(told))


def message_of(mail: OutboundMail) -> EmailMessage:
    """The mail as it travels: text and HTML, every header on one line."""
    message = EmailMessage(policy=SMTP)
    product, sender = parseaddr(host.setting("MAIL_FROM"))
    message["From"] = Address(mail.sender_name or product, addr_spec=sender)
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to)
    message["To"] = _address(mail.recipient or "")
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(clock.now())
    # The row's id: a repeat after a lost answer is recognised as the same mail.
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body_text or "")
    message.add_alternative(mail.body_html or "", subtype="html")
    return message


def _address(typed: str) -> Address:
    # Not addr_spec=, which refuses an address like zoë@example.com.
    local, _, domain = _travelling(typed).rpartition("@")
    return Address(username=local, domain=domain)


def take_out(message: EmailMessage) -> None:
    url = host.setting("SMTP_URL")
    if url:
        SmtpServer.from_url(url).send(message)
    else:
        _keep(message, Path(host.setting("INSTANCE")) / "outbox")


def sentence_for(error: Exception) -> str:
    """Why a mail did not go out, without anybody's address: every shop may read it."""
    if isinstance(error, SMTPRecipientsRefused):
        return "The mail server refused the address."
    if isinstance(error, BadSmtpUrl):
        return str(error)
    if isinstance(error, SMTPResponseException):
        return f"The mail server answered {error.smtp_code}: {_words(error.smtp_error)}"
    if isinstance(error, SMTPException):
        return f"The mail server did not take the mail: {_words(str(error))}"
    return "The mail server could not be reached."


def is_final(error: Exception) -> bool:
    """Whether trying again is no use: the server has refused this very address for good."""
    if not isinstance(error, SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _ in error.recipients.values())


def _keep(message: EmailMessage, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").partition("@")[0]
    to = message["To"].addresses[0].addr_spec
    place = folder / f"{clock.now():%Y%m%d-%H%M%S}-{_plain(to)}-{name}.eml"
    unfinished = place.with_suffix(".part")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(message.as_bytes(policy=SMTP if to.isascii() else SMTPUTF8))
    os.replace(unfinished, place)


def _give_up_old() -> None:
    """Codes and links in them have lapsed; a row that never left must not keep them."""
    db.session.execute(
        update(OutboundMail)
        .where(
            OutboundMail.sent_at.is_(None),
            OutboundMail.created_at < clock.now() - GIVEN_UP_AFTER,
            OutboundMail.recipient.is_not(None),
        )
        .values(**EMPTY),
        execution_options={"synchronize_session": False},
    )


def _travelling(address: str) -> str:
    """With an ASCII domain, which every server understands."""
    found = validate_email(address, check_deliverability=False)
    return found.ascii_email or found.normalized


def _plain(address: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "@.-") else "_" for c in address)


def _words(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("…" if "@" in word else word for word in text.split())[:200]
