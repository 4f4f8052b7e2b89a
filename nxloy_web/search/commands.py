"""Pages and deeds the palette offers, to those who may."""

from dataclasses import dataclass

from flask import g, url_for

from nxloy_web.chrome import DESK_NAV
from nxloy_web.customers.names import words
from nxloy_web.permissions import Permission


@dataclass(frozen=True)
class Command:
    label: str
    icon: str
    endpoint: str
    permission: Permission

    @property
    def href(self) -> str:
        return url_for(self.endpoint)


DEEDS = (
    Command("Enrol a customer", "user-plus", "counter.enrol_form", Permission.CUSTOMERS_EDIT),
    Command("Deleted customers", "archive", "customers.deleted", Permission.CUSTOMERS_MANAGE),
    Command("Export customers", "download", "customers.export", Permission.CUSTOMERS_EXPORT),
    Command("Scan a redemption code", "scan-line", "redemptions.find", Permission.REDEMPTIONS_VIEW),
    Command("New reward", "gift", "rewards.new", Permission.REWARDS_EDIT),
    Command("New program", "layers", "programs.new", Permission.PROGRAMS_EDIT),
    Command("New segment", "list-filter", "segments.new", Permission.SEGMENTS_EDIT),
    Command("Import a file", "upload", "imports.new", Permission.IMPORTS_EDIT),
    Command("Print the poster", "printer", "poster.index", Permission.HOME),
)


def matching(text: str) -> list[Command]:
    """Pages and deeds in whose name every word that is typed begins one; all for an empty text."""
    pages = tuple(
        Command(item.label, item.icon, item.endpoint, item.permission) for item in DESK_NAV
    )
    starts = words(text)
    if text and not starts:
        return []
    return [
        command
        for command in pages + DEEDS
        if g.place.may(command.permission)
        and all(any(word.startswith(start) for word in words(command.label)) for start in starts)
    ]
