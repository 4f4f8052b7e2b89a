"""When points stop being good.

"Valid through 31 March" means the end of that day on the business's clock. The instant kept is
the beginning of the next day: points are good while it is earlier than that.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nxloy_web.tables.loyalty import ProgramSettings


def expires_at(settings: ProgramSettings, earned_at: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of points earned at `earned_at`; None when they never expire."""
    last = _last_day(settings, earned_at.astimezone(zone).date())
    return None if last is None else end_of_day(last, zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` on the clock of `zone`, in UTC.

    Where the clock jumps over midnight this is the jump itself; where it passes midnight twice,
    the first time.
    """
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def days_on(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end of the day that comes `days` after the day of `at`."""
    return end_of_day(at.astimezone(zone).date() + timedelta(days=days), zone)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the last of the month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _last_day(settings: ProgramSettings, earned_on: date) -> date | None:
    match settings.expiry:
        case "days":
            return earned_on + timedelta(days=settings.expiry_after)
        case "months":
            return add_months(earned_on, settings.expiry_after)
        case "end_of_month":
            return add_months(earned_on.replace(day=1), 1) - timedelta(days=1)
        case "end_of_year":
            return earned_on.replace(month=12, day=31)
        case _:
            return None
