"""Pages and deeds the palette offers, to those who may."""

from dataclasses import dataclass

from flask import g, url_for

from nxloy_web.permissions import Permission
from nxloy_web.web.chrome import DESK_NAV


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
    Command("Scan a redemption code", "scan-line", "redemptions.find", Permission.REDEMPTIONS_VIEW),
    Command("New reward", "gift", "rewards.new", Permission.REWARDS_EDIT),
    Command("New program", "layers", "programs.new", Permission.PROGRAMS_EDIT),
    Command("New segment", "list-filter", "segments.new", Permission.SEGMENTS_EDIT),
    Command("Import a file", "upload", "imports.new", Permission.IMPORTS_EDIT),
    Command("Print the poster", "printer", "poster.index", Permission.HOME),
)


def matching(text: str) -> list[Command]:
    """Every page and deed with a word that begins so; all of them for an empty text."""
    pages = tuple(
        Command(item.label, item.icon, item.endpoint, item.permission) for item in DESK_NAV
    )
    start = text.lower()
    return [
        command
        for command in pages + DEEDS
        if g.place.may(command.permission)
        and any(word.startswith(start) for word in command.label.lower().split())
    ]
