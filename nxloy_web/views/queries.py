"""Which views somebody keeps of a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.views import ListName, SavedView
from nxloy_web.views import addresses


@dataclass(frozen=True)
class Views:
    """The views of one list, and which of them is on screen."""

    of_list: ListName
    rows: Sequence[SavedView]
    here: str
    """What of this address could be kept."""

    @property
    def current(self) -> SavedView | None:
        return next((row for row in self.rows if row.query == self.here), None)

    @property
    def can_be_kept(self) -> bool:
        return bool(self.here) and self.current is None

    def counted(
        self, counts: Callable[[Sequence[str]], Sequence[int]]
    ) -> list[tuple[SavedView, int]]:
        """The views with how many rows each shows, counted from their addresses."""
        return list(zip(self.rows, counts([row.query for row in self.rows]), strict=True))


def views(of_list: ListName, user_id: str | None, arguments: Mapping[str, str]) -> Views:
    rows = db.session.scalars(
        select(SavedView)
        .where(SavedView.user_id == user_id, SavedView.of_list == of_list)
        .order_by(SavedView.created_at, SavedView.id)
    ).all()
    return Views(of_list, rows, addresses.written_of(arguments))
