"""The end of a day on the business's clock, also on the days the clock is changed."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from nxloy_web.ledger.expiry import add_months, days_on, end_of_day, expires_at
from nxloy_web.tables.loyalty import ProgramSettings

BERLIN = ZoneInfo("Europe/Berlin")


def end(policy: str, after: int, earned: str, zone: ZoneInfo = BERLIN) -> str:
    settings = ProgramSettings(expiry=policy, expiry_after=after)  # type: ignore[arg-type]
    found = expires_at(settings, datetime.fromisoformat(earned), zone)
    assert found is not None
    assert found.tzinfo is UTC
    return found.isoformat()


def test_never_has_no_end() -> None:
    assert expires_at(ProgramSettings(), datetime(2026, 6, 15, tzinfo=UTC), BERLIN) is None


def test_days_end_with_the_day_on_the_clock_of_the_business() -> None:
    assert end("days", 30, "2026-06-15T12:00+00:00") == "2026-07-15T22:00:00+00:00"
    # Half past midnight in Berlin is still the evening before in UTC.
    assert end("days", 1, "2026-06-15T22:30+00:00") == "2026-06-17T22:00:00+00:00"


def test_months_end_on_the_last_day_a_short_month_has() -> None:
    assert end("months", 1, "2027-01-31T12:00+00:00") == "2027-02-28T23:00:00+00:00"
    assert end("months", 12, "2024-02-29T12:00+00:00") == "2025-02-28T23:00:00+00:00"
    assert add_months(date(2026, 12, 31), 2) == date(2027, 2, 28)


def test_end_of_month_and_year_are_those_of_earning() -> None:
    assert end("end_of_month", 12, "2026-02-28T22:59+00:00") == "2026-02-28T23:00:00+00:00"
    assert end("end_of_month", 12, "2026-02-28T23:00+00:00") == "2026-03-31T22:00:00+00:00"
    assert end("end_of_year", 12, "2026-06-15T12:00+00:00") == "2026-12-31T23:00:00+00:00"


def test_the_night_the_clock_goes_forward_is_an_hour_shorter() -> None:
    # 29 March 2026 has 23 hours in Berlin.
    before, after = end_of_day(date(2026, 3, 28), BERLIN), end_of_day(date(2026, 3, 29), BERLIN)
    assert (after - before).total_seconds() == 23 * 3600


def test_the_night_the_clock_goes_back_is_an_hour_longer() -> None:
    before, after = end_of_day(date(2026, 10, 24), BERLIN), end_of_day(date(2026, 10, 25), BERLIN)
    assert (after - before).total_seconds() == 25 * 3600


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        # Cairo jumps from 23:59:59 to 01:00: the new day begins with the jump.
        ("Africa/Cairo", date(2026, 4, 23), "2026-04-23T22:00:00+00:00"),
        # Havana passes midnight twice: the new day begins the first time.
        ("America/Havana", date(2026, 10, 31), "2026-11-01T04:00:00+00:00"),
        ("Asia/Kathmandu", date(2026, 6, 15), "2026-06-15T18:15:00+00:00"),
        ("Pacific/Kiritimati", date(2026, 6, 15), "2026-06-15T10:00:00+00:00"),
    ],
)
def test_midnights_that_are_missing_or_come_twice(zone: str, day: date, expected: str) -> None:
    assert end_of_day(day, ZoneInfo(zone)).isoformat() == expected


def test_days_on_counts_days_of_the_business() -> None:
    at = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)  # the 16th in Berlin
    assert days_on(at, 7, BERLIN).isoformat() == "2026-06-23T22:00:00+00:00"
