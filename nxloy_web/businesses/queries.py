"""Reads about the business in scope that several features need."""

from collections.abc import Sequence

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.businesses import Location


def locations() -> Sequence[Location]:
    """The shops of the business, by name."""
    return db.session.scalars(select(Location).order_by(Location.name, Location.id)).all()
