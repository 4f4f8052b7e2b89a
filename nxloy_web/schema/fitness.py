"""Whether the database has what this version of the application needs."""

from functools import cache

from sqlalchemy.engine import Connection

from nxloy_web.schema import history
from nxloy_web.schema.history import EXPAND, Revision
from nxloy_web.schema.refusals import DatabaseIsAhead, Refused


def lacks(connection: Connection) -> list[str]:
    """What this version's code needs and the database does not have yet, by title.

    Code needs the expand steps, no others: it is deployed after them, and data and contract come
    when it runs. A database that is ahead lacks nothing; whether it still bears this version is
    asked by `db.floors`.
    """
    try:
        pending = history.following(_known(str(history.folder())), history.current(connection))
    except DatabaseIsAhead:
        return []
    except Refused as refusal:
        return [refusal.message]
    return [revision.title for revision in pending if revision.phase == EXPAND]


@cache
def _known(_folder: str) -> tuple[Revision, ...]:
    """Read once: the files change only together with the code that is running."""
    return tuple(history.revisions())
