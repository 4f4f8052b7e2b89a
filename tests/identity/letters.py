"""What arrived: the mails of this module's outbox, read as their receiver would."""

import email
import re
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Flask

from nxloy_web import worker


def mails_to(app: Flask, address: str) -> list[EmailMessage]:
    """Send what waits, and return the mails to an address, oldest first."""
    worker.run_until_idle(app)
    found = []
    for path in sorted(Path(app.config["INSTANCE"], "outbox").glob("*.eml")):
        mail: EmailMessage = email.message_from_bytes(path.read_bytes(), policy=default)  # type: ignore[assignment]
        if mail["To"] == address:
            found.append((path.stat().st_mtime_ns, mail))
    return [mail for _, mail in sorted(found, key=lambda pair: pair[0])]


def last_mail(app: Flask, address: str) -> EmailMessage:
    return mails_to(app, address)[-1]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return "\n".join(str(body.get_content()).splitlines())


def link_in(mail: EmailMessage, word: str = "") -> str:
    """The path of the first link that contains `word`."""
    for link in re.findall(r"https?://[^/\s]+(/\S+)", text_of(mail)):
        if word in link:
            return str(link)
    raise AssertionError(f"no link with {word!r} in {text_of(mail)}")
