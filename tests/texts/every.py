"""Everything that speaks: each class of refusals, each command of the application."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import click

import nxloy_web
from nxloy_web.errors import Refusal


def refusals() -> list[type[Refusal]]:
    """Every class, of every module there is."""
    for module in pkgutil.walk_packages(nxloy_web.__path__, "nxloy_web."):
        import_module(module.name)
    return [Refusal, *_below(Refusal)]


def commands(group: click.Group) -> Iterator[click.Command]:
    """Ours, at every depth; Flask's own read their help from docstrings."""
    for command in group.commands.values():
        if command.callback is not None and command.callback.__module__.startswith("nxloy_web."):
            yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
