"""The words of a mail: written once as plain text, drawn a second time as HTML."""

import re
from dataclasses import dataclass
from typing import Any

from nxloy_web import host
from nxloy_web.mail.colours import accent

LONGEST_SUBJECT = 150
HUE = 285

_BUTTON = re.compile(r"^(?P<label>[^\n]{1,60}?):\s+(?P<url>https?://\S+)$")
_CODE = re.compile(r"^[A-Z0-9][A-Z0-9 -]{3,18}[A-Z0-9]$")


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


def write(
    subject: str, text_template: str, html_template: str | None, context: dict[str, Any]
) -> Letter:
    """Render a letter outside any page: none of a request's context reaches it."""
    line = one_line(subject)
    text = host.draw(text_template, context).strip() + "\n"
    around = {
        "subject": line,
        "accent": accent(context.get("hue", HUE)),
        "sender": context.get("business_name", "NxLoy"),
    }
    html = host.draw(html_template or "mail/letter.html", around | context | {"parts": parts(text)})
    return Letter(line, text, html)


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
