"""Keeping a filtered list under a name, and forgetting it."""

from dataclasses import dataclass

from sqlalchemy import func, select

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.refusals import refusing
from nxloy_web.db.rows import insert_once
from nxloy_web.errors import BusinessRule, NotAllowed
from nxloy_web.permissions import Permission
from nxloy_web.tables.views import ListName, SavedView
from nxloy_web.texts import _
from nxloy_web.views import addresses

MOST_VIEWS = 8
"""Of one list: as many as stand side by side, and each is counted when the list is opened."""


class ViewNameTaken(BusinessRule):
    message = _("You have a view of this name already.")


class TooManyViews(BusinessRule):
    message = _(
        "You keep %(most)s views of this list already. Delete one of them first.", most=MOST_VIEWS
    )


class NothingToKeep(BusinessRule):
    message = _("Filter or sort the list first: a view is what you see then.")


@dataclass(frozen=True)
class ViewFacts:
    of_list: ListName
    name: str
    query: str


def save(id: str, facts: ViewFacts, *, by: Actor) -> SavedView:
    """Keep a view for whoever asks. Pressed twice, the first one is returned."""
    by.needs(Permission.VIEWS_KEEP)
    if by.user_id is None:
        raise NotAllowed
    query = addresses.written(facts.query)
    if not query:
        raise NothingToKeep
    view = SavedView(id=id, user_id=by.user_id, of_list=facts.of_list, name=facts.name, query=query)
    if _others(view) >= MOST_VIEWS:
        raise TooManyViews
    with refusing({"uq_saved_views_name": ViewNameTaken()}):
        return insert_once(view)[0]


def delete(view_id: str, *, by: Actor) -> ListName | None:
    """Forget a view of one's own; which list it was of. Pressed twice, the second finds nothing."""
    by.needs(Permission.VIEWS_KEEP)
    view = db.session.scalar(
        select(SavedView).where(SavedView.id == view_id, SavedView.user_id == by.user_id)
    )
    if view is None:
        return None
    of_list = view.of_list
    db.session.delete(view)
    return of_list


def _others(view: SavedView) -> int:
    rows = select(func.count()).where(
        SavedView.user_id == view.user_id,
        SavedView.of_list == view.of_list,
        SavedView.id != view.id,
    )
    return db.session.scalar(rows) or 0
