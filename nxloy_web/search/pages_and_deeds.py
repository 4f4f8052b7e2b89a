"""Pages and deeds the palette offers, to those who may."""

from dataclasses import dataclass

from flask import g, url_for

from nxloy_web.customers.names import words
from nxloy_web.web.features import Deed, DeskPage, installed


@dataclass(frozen=True)
class Command:
    label: str
    icon: str
    href: str


def matching(text: str) -> list[Command]:
    """Pages and deeds in whose name every word that is typed begins one; all for an empty text."""
    starts = words(text)
    if text and not starts:
        return []
    pages: list[DeskPage | Deed] = [page for feature in installed() for page in feature.desk]
    deeds: list[DeskPage | Deed] = [deed for feature in installed() for deed in feature.deeds]
    return [
        Command(found.label, found.icon, url_for(found.endpoint))
        for found in pages + deeds
        if g.place.may(found.permission)
        and all(any(word.startswith(start) for word in words(found.label)) for start in starts)
    ]
