"""What a request says after its question mark or in its form, as a page may use it.

Anybody can write anything there. What cannot be read counts as not said, so that an address that
was cut off still shows its page, and nothing that PostgreSQL would refuse goes any further.
"""

from collections.abc import Collection, Iterable
from datetime import date
from enum import Enum
from typing import Any, Self, TypeVar, cast
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from nxloy_web.bidi import without_borders
from nxloy_web.db.ids import is_id

LONGEST = 254
"""As long as an e-mail address may be: nobody searches for more."""
GREATEST = 2**63 - 1
"""The greatest number a column has room for."""
LONGEST_CURSOR = 500
LONGEST_QUERY = 2_000
"""The address of a list behind its question mark, as a form or a link sends it along."""
NO_ROW = "-"
FURTHEST_PAGE = 10_000

Member = TypeVar("Member", bound=Enum)


class Arguments(ImmutableMultiDict[str, str]):
    """Named texts, none of them with a NUL: PostgreSQL keeps no NUL, and nobody types one.

    Nor with the invisible borders that our own pages put around names. A part of a form that has no
    name is none of ours.
    """

    def __init__(self, mapping: Iterable[tuple[str, Any]] | None = None) -> None:
        pairs = mapping.items(multi=True) if isinstance(mapping, ImmutableMultiDict) else mapping
        super().__init__(
            [(_plain(name), _plain(value)) for name, value in pairs or () if name is not None]
        )

    @classmethod
    def of_query(cls, query: str) -> Self:
        """From the part of an address behind its question mark."""
        return cls(parse_qsl(query, keep_blank_values=True))

    def text(self, name: str, longest: int = LONGEST) -> str:
        """What was typed, without the spaces around it."""
        return self.get(name, "").strip()[:longest]

    def row_id(self, name: str) -> str:
        """The id of a row; empty when none is named. What is no id names a row there is not, so
        a list that is filtered by it is empty."""
        value = self.get(name, "")
        return value if not value or is_id(value) else NO_ROW

    def row_ids(self, name: str, most: int) -> list[str]:
        """The ids of ticked rows, the first `most` of them."""
        return [value for value in self.getlist(name) if is_id(value)][:most]

    def number(self, name: str, *, least: int = 0, most: int = GREATEST) -> int | None:
        """A whole number; one that lies outside is brought to the nearer end."""
        typed = self.get(name, "").strip()
        if not typed.isdecimal() or not typed.isascii():
            return None
        # Numbers with more digits than these lie beyond `most` whatever they are.
        return min(max(int(typed[:20]), least), most)

    def page(self) -> int:
        """Which page of a list that is counted by pages; the first is 1."""
        return self.number("page", least=1, most=FURTHEST_PAGE) or 1

    def day(self, name: str) -> date | None:
        try:
            day = date.fromisoformat(self.get(name, ""))
        except ValueError:
            return None
        # The years a clock of any zone can be asked about.
        return day if 1900 <= day.year <= 2999 else None

    def member(self, name: str, kind: type[Member]) -> Member | None:
        """A member of an enum by its name, in small letters or in capitals."""
        return kind.__members__.get(self.get(name, "").upper())

    def ordered(self, orders: Collection[str], default: str) -> str:
        """The order of a list: one of these, or `-` and one of these, as `sort` says."""
        sort = self.get("sort", default)
        return sort if sort.removeprefix("-") in orders else default

    def cursor(self, name: str) -> str:
        """Where a page of a list begins or ends, as `db.paging` wrote it; empty for the first."""
        return self.text(name, LONGEST_CURSOR)


def arguments() -> Arguments:
    """What the address of this request says."""
    return cast(Arguments, request.args)


def posted() -> Arguments:
    """What the form of this request says, for the few that are no Form."""
    return cast(Arguments, request.form)


def _plain(value: Any) -> Any:
    if isinstance(value, FileStorage):
        value.filename = _plain(value.filename)
        return value
    return without_borders(value.replace("\0", "")) if isinstance(value, str) else value
