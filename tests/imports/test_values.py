"""Cells: read as the person said, or refused; never guessed."""

from datetime import UTC, date, datetime

import pytest

from nxloy_web.customers.spelling import NotPossible
from nxloy_web.imports import values
from nxloy_web.imports.values import Wrong

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("11.77", ".", 1177),
        ("12", ".", 1200),
        ("0.00", ".", 0),
        ("52,620", ".", 5_262_000),
        ("1,234,567.8", ".", 123_456_780),
        ("1.234,50", ",", 123_450),
        ("1 234,5", ",", 123_450),
        ("1'234.50", ".", 123_450),
        ("€12.50", ".", 1250),
        ("12,50 €", ",", 1250),
        ("12.50 EUR", ".", 1250),
        ("12.5000", ".", 1250),
        ("52,620", ",", 5262),  # only because somebody has said so: it is asked
        ("1,23,456.00", ".", 12_345_600),  # as in India
    ],
)
def test_amounts_are_read_as_told(text: str, decimals: values.Decimals, minor: int) -> None:
    assert values.amount(text, "EUR", "en", decimals) == minor


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("52,62", "."),
        ("12.345", "."),
        ("-5.00", "."),
        ("(5.00)", "."),
        ("", "."),
        ("abc", "."),
        ("$12.00", "."),
        ("12.00 USD", "."),
        ("1e5", "."),
        ("99999999999.00", "."),
    ],
)
def test_amounts_that_could_mean_something_else_are_refused(
    text: str, decimals: values.Decimals
) -> None:
    with pytest.raises(Wrong):
        values.amount(text, "EUR", "en", decimals)


def test_a_currency_without_decimals_has_none() -> None:
    assert values.amount("1,200", "JPY", "en", ".") == 1200
    with pytest.raises(Wrong, match="JPY has no decimals"):
        values.amount("1200.5", "JPY", "en", ".")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("1997-01-01", "ymd", datetime(1996, 12, 31, 23, tzinfo=UTC)),
        ("2026-06-15T14:30:05Z", "ymd", datetime(2026, 6, 15, 14, 30, 5, tzinfo=UTC)),
        ("2026-06-15 14:30:05 +0200", "ymd", datetime(2026, 6, 15, 12, 30, 5, tzinfo=UTC)),
        ("15/06/2026 14:30", "dmy", datetime(2026, 6, 15, 12, 30, tzinfo=UTC)),
        ("3.4.2026", "dmy", datetime(2026, 4, 2, 22, tzinfo=UTC)),
        ("3/4/2026 2:05 PM", "mdy", datetime(2026, 3, 4, 13, 5, tzinfo=UTC)),
    ],
)
def test_dates_are_read_in_the_order_told(
    text: str, order: values.DateOrder, expected: datetime
) -> None:
    assert values.instant(text, order, BERLIN) == expected


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("13/25/2026", "dmy"),
        ("2026-02-30", "ymd"),
        ("03/04/26", "dmy"),
        ("3/4/2026", "ymd"),
        ("yesterday", "ymd"),
        ("", "ymd"),
        ("2026-06-15 25:00", "ymd"),
        ("2026-06-15 13:00 PM", "ymd"),
        ("1815-06-18", "ymd"),
        ("2026-06/15", "ymd"),
    ],
)
def test_dates_that_are_none_are_refused(text: str, order: values.DateOrder) -> None:
    with pytest.raises(Wrong):
        values.instant(text, order, BERLIN)


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_a_date_with_its_year_in_front_needs_no_order(order: values.DateOrder) -> None:
    """I7."""
    assert values.day("1990-05-17", order) == date(1990, 5, 17)
    assert values.likely_date_order(["1990-05-17", "17.05.1990"]) is None


def test_a_birthday_is_a_day() -> None:
    assert values.day("31/12/1987", "dmy") == date(1987, 12, 31)


def test_an_order_is_proposed_only_when_no_other_fits() -> None:
    assert values.likely_date_order(["1997-01-01", ""]) == "ymd"
    assert values.likely_date_order(["03/04/2026", "25/12/2026"]) == "dmy"
    assert values.likely_date_order(["03/04/2026", "05/06/2026"]) is None
    assert values.likely_date_order(["soon"]) is None


@pytest.mark.parametrize(
    ("samples", "currency", "expected"),
    [
        (["11.77", "12.00"], "EUR", "."),
        (["1.234,50"], "EUR", ","),
        (["12.500", "8.99"], "USD", "."),
        (["52,620", "8.99"], "USD", "."),
        (["12.500", "8.990", "101.250"], "USD", None),
        (["52,620"], "EUR", None),
        (["52,620"], "BHD", None),
        (["52.625"], "EUR", ","),
        (["1,000"], "JPY", "."),
        (["12", "40"], "EUR", "."),
        ([], "EUR", "."),
        (["12.50", "12,50"], "EUR", None),
    ],
)
def test_amounts_with_two_readings_are_asked_about(
    samples: list[str], currency: str, expected: str | None
) -> None:
    """M3. Three decimals were thousands without a question."""
    assert values.likely_decimals(samples, currency, "en") == expected


def test_yes_no_numbers_and_tags() -> None:
    assert [values.yes_or_no(text) for text in ("Yes", "1", "", "no")] == [True, True, False, False]
    with pytest.raises(Wrong):
        values.yes_or_no("perhaps")
    assert values.whole_number("5") == 5
    assert values.whole_number("5.0") == 5
    assert values.whole_number("") is None
    with pytest.raises(Wrong):
        values.whole_number("1.5")
    assert values.tags("vip, regular,vip") == ["vip", "regular"]
    assert values.tags("vip;regular") == ["vip", "regular"]
    with pytest.raises(NotPossible):
        values.tags("x" * 41)
