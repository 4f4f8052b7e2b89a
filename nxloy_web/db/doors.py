"""The few ways to read across businesses: SECURITY DEFINER functions, and nothing else.

Each runs in autocommit on a connection of its own, never on `db.session`: the session's
transaction must not begin before a business has been entered. The functions belong to
`nx_doors`, have a pinned search_path, and are made by the revision `add_doors`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, text

from nxloy_web.db import db
from nxloy_web.permissions import Role


@dataclass(frozen=True)
class Person:
    """Who is signed in, and, when a business was asked for, what they are in it."""

    user_id: str
    name: str
    email: str
    email_verified: bool
    session_epoch: int
    is_operator: bool
    business_id: str | None = None
    role: Role | None = None
    customer_id: str | None = None


@dataclass(frozen=True)
class Front:
    """The public face of a business."""

    business_id: str
    slug: str
    business_name: str
    timezone: str
    currency: str
    locale: str
    hue: int
    is_confirmed: bool = True
    """Whether an owner has proved an address. Asked for strangers alone: whoever has a part in a
    business came in after that."""


@dataclass(frozen=True)
class PlaceOf:
    """A business a person can go to: as team (role), as customer, or both."""

    slug: str
    name: str
    hue: int
    role: Role | None
    customer_id: str | None


def enter(user_id: str, slug: str | None) -> tuple[Person, Front | None] | None:
    """The person, and the business with their part in it. None when the person is unknown.

    The business is None when the slug is unknown *or* the person has no part in it.
    """
    row = _one("SELECT * FROM nx.door_enter(:user_id, :slug)", user_id=user_id, slug=slug)
    if row is None:
        return None
    person = Person(
        user_id=row.user_id,
        name=row.user_name,
        email=row.email,
        email_verified=row.email_verified,
        session_epoch=row.session_epoch,
        is_operator=row.is_operator,
        business_id=row.business_id,
        role=None if row.role is None else Role(row.role),
        customer_id=row.customer_id,
    )
    return person, _front(row)


def places_of(user_id: str) -> list[PlaceOf]:
    """Every business the person works in or is a customer of, by name."""
    rows = _all("SELECT * FROM nx.door_places_of(:user_id)", user_id=user_id)
    return [
        PlaceOf(
            row.slug,
            row.name,
            row.hue,
            None if row.role is None else Role(row.role),
            row.customer_id,
        )
        for row in rows
    ]


def front(slug: str) -> Front | None:
    """What anybody may see of a business, once it is confirmed: the head of its portal."""
    row = _one("SELECT * FROM nx.door_front(:slug)", slug=slug)
    found = _front(row)
    return found if found is None or row is None else replace(found, is_confirmed=row.is_confirmed)


def invited_to(token_hash: str) -> str | None:
    """The business an invitation's link belongs to."""
    row = _one("SELECT nx.door_invited_to(:token_hash) AS business_id", token_hash=token_hash)
    return None if row is None else row.business_id


def business_ids(batch: int = 500) -> Iterator[str]:
    """Every business, in id order: for periodic jobs, which queue one job each."""
    after = ""
    while True:
        rows = _all("SELECT * FROM nx.door_business_ids(:after, :batch)", after=after, batch=batch)
        yield from (row.business_id for row in rows)
        if len(rows) < batch:
            return
        after = rows[-1].business_id


def _front(row: Row[Any] | None) -> Front | None:
    if row is None or row.business_id is None:
        return None
    return Front(
        business_id=row.business_id,
        slug=row.slug,
        business_name=row.business_name,
        timezone=row.timezone,
        currency=row.currency,
        locale=row.locale,
        hue=row.hue,
    )


def _one(sql: str, **arguments: str | int | None) -> Row[Any] | None:
    rows = _all(sql, **arguments)
    return rows[0] if rows else None


def _all(sql: str, **arguments: str | int | None) -> list[Row[Any]]:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return list(connection.execute(text(sql), arguments))
