"""What a program's customers collect, one and many: 1 leaf, 60 leaves."""

from typing import Protocol

_ONE_OF = {"leaves": "leaf", "loaves": "loaf", "cookies": "cookie", "brownies": "brownie"}
"""Whose one is not made by the rules below."""


def unit(count: int, many: str, one: str | None = None) -> str:
    """The word behind a figure. Where nobody has said what one is called, English says it."""
    word = many if abs(count) != 1 else one or one_of(many)
    return word.lower()


class Collecting(Protocol):
    """What knows how a program calls its points."""

    @property
    def points_name(self) -> str: ...
    @property
    def point_name(self) -> str | None: ...


class HasUnit:
    """Mixin of what is `Collecting`."""

    def unit(self: Collecting, count: int) -> str:
        """The word behind a figure: 1 bean, 2 beans."""
        return unit_of(self, count)


def unit_of(program: Collecting | None, count: int) -> str:
    """The same where no program may be known."""
    if program is None:
        return unit(count, "Points")
    return unit(count, program.points_name, program.point_name)


def one_of(many: str) -> str:
    """Beans -> bean. What English does not know stays as it is."""
    small = many.lower()
    if small in _ONE_OF:
        return _ONE_OF[small]
    if small.endswith("ies") and len(small) > 4:
        return small[:-3] + "y"
    if small.endswith(("ses", "xes", "zes", "ches", "shes")):
        return small[:-2]
    return small[:-1] if small.endswith("s") and not small.endswith(("ss", "us")) else small
