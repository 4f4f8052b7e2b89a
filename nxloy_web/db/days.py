"""Days of a business as conditions over instants."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

Column = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def within(
    column: Column, since: date | None, until: date | None, zone: ZoneInfo
) -> Iterator[ColumnElement[bool]]:
    """From the first moment of `since` to the last of `until`; nothing where no day is given."""
    if since is not None:
        yield column >= _start(since, zone)
    if until is not None:
        yield column < _start(until + timedelta(days=1), zone)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
