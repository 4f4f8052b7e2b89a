"""The mail server named by SMTP_URL: `smtp://user:pass@host:587?starttls=1` or `smtps://…`."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT = 20.0


class BadSmtpUrl(ValueError):
    def __init__(self) -> None:
        super().__init__("SMTP_URL is not like smtp://user:password@host:587?starttls=1.")


@dataclass(frozen=True)
class SmtpServer:
    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        try:
            parsed = urlsplit(url)
            port = parsed.port
        except ValueError:
            raise BadSmtpUrl from None
        if parsed.scheme not in ("smtp", "smtps") or not parsed.hostname:
            raise BadSmtpUrl
        tls = parsed.scheme == "smtps"
        return cls(
            host=parsed.hostname,
            port=port or (465 if tls else 25),
            user=unquote(parsed.username or ""),
            password=unquote(parsed.password or ""),
            tls=tls,
            starttls=parse_qs(parsed.query).get("starttls", [""])[0] == "1",
        )

    def send(self, message: EmailMessage) -> None:
        with self._connect() as server:
            if self.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        if self.tls:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
