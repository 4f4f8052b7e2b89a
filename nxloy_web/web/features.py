"""What a feature brings to the application: its pages, its places in the menus, its commands."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import click
from flask import Blueprint, Flask, current_app
from sqlalchemy import ColumnElement

from nxloy_web.permissions import Permission


@dataclass(frozen=True)
class DeskPage:
    """A page in the team's menu, for those who have the permission. The palette finds it too."""

    section: str
    label: str
    icon: str
    endpoint: str
    permission: Permission
    tab: bool = False
    """Whether it stands in the bar at the foot of a phone."""
    count: ColumnElement[Any] | None = None
    """A figure to show beside it, read with what else stands around a page."""


@dataclass(frozen=True)
class PortalPage:
    """A page in the customers' menu."""

    label: str
    icon: str
    endpoint: str


@dataclass(frozen=True)
class OperatorPage:
    """A page in the menu of whoever runs this installation."""

    section: str
    label: str
    icon: str
    endpoint: str


@dataclass(frozen=True)
class Deed:
    """Something to do that the palette offers besides the pages of the menu."""

    label: str
    icon: str
    endpoint: str
    permission: Permission


class Pages(Protocol):
    """A module with pages. Some modules share one blueprint."""

    @property
    def bp(self) -> Blueprint: ...


@dataclass(frozen=True)
class Feature:
    """Declared in a `feature.py`, and listed in `features.py` in the order of the menu."""

    pages: tuple[Pages, ...] = ()
    desk: tuple[DeskPage, ...] = ()
    portal: tuple[PortalPage, ...] = ()
    operator: tuple[OperatorPage, ...] = ()
    deeds: tuple[Deed, ...] = ()
    commands: tuple[click.Command, ...] = ()
    """For `flask`."""
    jobs: dict[str, str] = field(default_factory=dict)
    """What people call its background work, by the task's name."""


_KEY = "nxloy_features"


def install(app: Flask, features: tuple[Feature, ...]) -> None:
    app.extensions[_KEY] = features
    for feature in features:
        for blueprint in dict.fromkeys(module.bp for module in feature.pages):
            app.register_blueprint(blueprint)
        for command in feature.commands:
            app.cli.add_command(command)


def title_of(kind: str) -> str:
    """What people call background work; work without a title is shown by its name, spelled out."""
    kind = kind.removeprefix("each.")
    titles = {kind: title for feature in installed() for kind, title in feature.jobs.items()}
    return titles.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()


def installed() -> tuple[Feature, ...]:
    """The features of the application at work, in the order of the menu."""
    features: tuple[Feature, ...] = current_app.extensions[_KEY]
    return features
