"""Forms as they stand on a page, filled in as somebody would who means well."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, SoupStrainer

from tests.fuzz.sending import Fields, File, Value

_numbers = count(1)
_ONLY_FORMS = SoupStrainer("form")
_BY_TYPE: dict[str, str] = {
    "date": "2026-11-01",
    "datetime-local": "2026-11-01T12:00",
    "number": "3",
    "color": "#aabbcc",
    "password": "a long secret sentence",
    "tel": "+4930123456",
    "url": "https://shop.example",
}


@dataclass(frozen=True)
class Form:
    """Where a form goes, and everything that it would send."""

    page: str
    method: str
    action: str
    fields: Fields

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _value in self.fields)

    def sending(self, name: str, value: Value) -> "Form":
        """The same with another value in one field."""
        others = [field for field in self.fields if field[0] != name]
        return replace(self, fields=[*others, (name, value)])


def forms_in(html: str, page: str) -> Iterator[Form]:
    for element in BeautifulSoup(html, "html.parser", parse_only=_ONLY_FORMS).find_all("form"):
        if element.get("method") == "dialog":
            continue  # closes itself; nothing is sent
        action = urlsplit(urljoin(page, element.get("action") or page)).path
        method = (element.get("method") or "get").upper()
        yield Form(page, method, action, list(_fields(element)))


def _fields(form: Any) -> Iterator[tuple[str, Value]]:
    pressed = False
    for element in form.find_all(["input", "select", "textarea", "button"]):
        name, kind = element.get("name"), element.get("type", "")
        if not name or element.has_attr("disabled"):
            continue
        if element.name == "select":
            yield name, _chosen(element)
        elif element.name == "textarea":
            yield name, element.get_text() or "Something"
        elif element.name == "button" or kind == "submit":
            if not pressed:  # one is pressed
                pressed = True
                yield name, element.get("value", "")
        elif kind in ("checkbox", "radio"):
            if element.has_attr("checked") or name == "id":
                yield name, element.get("value", "on")
        elif kind == "file":
            yield name, File("people.csv", b"email,first name\nkim@example.com,Kim\n")
        else:
            yield name, element.get("value") or _plausible(name, kind)


def _chosen(select: Any) -> str:
    options = select.find_all("option")
    chosen = [option for option in options if option.has_attr("selected")] or options
    return str(chosen[0].get("value", chosen[0].get_text())) if chosen else ""


def _plausible(name: str, kind: str) -> str:
    if kind == "hidden":
        return ""
    if kind == "email" or "email" in name:
        return f"fuzz{next(_numbers)}@example.com"
    if any(part in name for part in ("amount", "points", "price", "cost", "value")):
        return "12"
    return _BY_TYPE.get(kind, f"Something {next(_numbers)}")
