"""What is written down about a customer, in the one spelling in which it is kept."""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.names import fold
from nxloy_web.customers.reach import email_columns, phone_columns
from nxloy_web.errors import BusinessRule
from nxloy_web.tables.customers import CustomerPreferences
from nxloy_web.texts import Text, _

LONGEST_NAME = 80
LONGEST_NOTES = 2_000
LONGEST_NUMBER = 100
MOST_TAGS = 20
LONGEST_TAG = 40


class NotPossible(BusinessRule):
    message = _("One of the details cannot be saved like this.")

    def __init__(self, message: Text, field: str) -> None:
        super().__init__(message)
        self.field = field


def cleaned(facts: CustomerFacts) -> CustomerFacts:
    """The facts as they are kept. Raises NotPossible, which names the field."""
    notes = _without_controls(facts.notes).strip()
    if len(notes) > LONGEST_NOTES:
        raise NotPossible(_("Notes have at most %(most)s characters.", most=LONGEST_NOTES), "notes")
    return replace(
        facts,
        first_name=_name(facts.first_name, "first_name"),
        last_name=_name(facts.last_name, "last_name"),
        email=(facts.email or "").strip() or None,
        phone=" ".join((facts.phone or "").split()) or None,
        external_id=(facts.external_id or "").strip() or None,
        tags=clean_tags(facts.tags),
        notes=notes,
        referred_by=facts.referred_by or None,
    )


def columns_of(
    facts: CustomerFacts, names: Collection[str], preferences: CustomerPreferences
) -> dict[str, Any]:
    """What these facts fill in the table: an address is kept as typed and as compared."""
    values: dict[str, Any] = {}
    for name in names:
        match name:
            case "email":
                values |= email_columns(facts.email)
            case "phone":
                values |= phone_columns(facts.phone)
            case "notes":
                values["preferences"] = preferences.model_copy(update={"notes": facts.notes})
            case _:
                values[name] = getattr(facts, name)
    return values


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Tags as they are kept: trimmed, each once however it is spelled, in the order given."""
    found: dict[str, str] = {}
    for tag in tags:
        text = _one_line(tag)
        if text:
            found.setdefault(fold(text), text)
    if len(found) > MOST_TAGS:
        raise NotPossible(_("A customer has at most %(most)s tags.", most=MOST_TAGS), "tags")
    if any(len(tag) > LONGEST_TAG for tag in found.values()):
        raise NotPossible(_("A tag has at most %(most)s characters.", most=LONGEST_TAG), "tags")
    return list(found.values())


def _name(typed: str | None, field: str) -> str | None:
    name = _one_line(typed or "")
    if len(name) > LONGEST_NAME:
        raise NotPossible(_("A name has at most %(most)s characters.", most=LONGEST_NAME), field)
    return name or None


def _one_line(text: str) -> str:
    return " ".join(_without_controls(unicodedata.normalize("NFC", text)).split())


def _without_controls(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
