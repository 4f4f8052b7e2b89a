"""Do the points add up? Asked for each business apart, in the worker's name: inside the policies,
and without the short time limit of pages."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.ledger import check
from nxloy_web.schema.doctor.complaint import some


def business_ids(connection: Connection) -> list[str]:
    """Every business, through the door."""
    return list(connection.scalars(text("SELECT nx.door_business_ids('', 2147483647)")))


def complaints(connection: Connection, ids: Iterable[str]) -> Iterator[str]:
    """Only figures and ids: what stands here ends in logs and tickets."""
    for business_id in ids:
        for kind, found in groupby(_problems(connection, business_id), attrgetter("kind")):
            wrong = [problem.subject_id for problem in found]
            count = f"{len(wrong)}{' or more' if len(wrong) == check.MOST else ''}"
            yield (
                f"In the business {business_id} {count} answer{'s' if len(wrong) > 1 else ''} to "
                f"the question `{kind}` should not be there ({some(wrong)}). Stop what "
                "writes points there, and compare with the last good backup."
            )


def _problems(connection: Connection, business_id: str) -> list[check.Problem]:
    enter = sql.SQL("SET LOCAL app.business_id TO {}").format(sql.Literal(business_id))
    connection.exec_driver_sql("BEGIN READ ONLY")
    try:
        connection.exec_driver_sql(enter.as_string(None))
        return list(check.answers(connection))
    finally:
        connection.exec_driver_sql("ROLLBACK")
