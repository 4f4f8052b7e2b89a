"""The words of a mail: written once as plain text, drawn a second time as HTML."""

import re
from dataclasses import asdict, dataclass

from nxloy_web import host
from nxloy_web.mail.colours import accent

LONGEST_SUBJECT = 150
HUE = 285
PRODUCT = "NxLoy"

_BUTTON = re.compile(r"^(?P<label>[^\n]{1,60}?):\s+(?P<url>https?://\S+)$")
_CODE = re.compile(r"^[A-Z0-9][A-Z0-9 -]{3,18}[A-Z0-9]$")


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a letter says: `mail/<kind>.txt` knows the fields of its kind and nothing else."""

    kind: str
    subject: str
    business_name: str = PRODUCT
    """Stands at the head of the letter, and in its From."""
    hue: int = HUE
    reply_to: str = ""
    """Where an answer goes; empty for nowhere."""
    footer: str = ""
    """Why somebody gets it, and how to stop it."""
    is_private: bool = False
    """Whether even the business it is sent for may not know that it waits: it lets somebody in."""


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Part:
    """One paragraph of the text, and what the HTML makes of it."""

    kind: str
    text: str
    url: str = ""


def write(words: Words) -> Letter:
    """Render a letter outside any page: none of a request's context reaches it."""
    line = one_line(words.subject)
    body = host.draw(f"mail/{words.kind}.txt", asdict(words)).strip() + "\n"
    text = f"{body}\n-- \n{words.footer}\n" if words.footer else body
    around = {
        "subject": line,
        "accent": accent(words.hue),
        "sender": words.business_name,
        "parts": parts(body),
        "footer": words.footer,
    }
    return Letter(line, text, host.draw("mail/letter.html", around))


def one_line(subject: str) -> str:
    """Names come from people: a line break in one must not begin another header."""
    return " ".join(subject.split())[:LONGEST_SUBJECT]


def parts(text: str) -> list[Part]:
    """The paragraphs: `Label: address` becomes a button, capitals and figures alone a code."""
    return [_part(paragraph.strip()) for paragraph in re.split(r"\n\s*\n", text.strip())]


def _part(paragraph: str) -> Part:
    button = _BUTTON.match(paragraph)
    if button:
        return Part("button", button["label"], button["url"])
    if _CODE.match(paragraph):
        return Part("code", paragraph)
    return Part("words", paragraph)
