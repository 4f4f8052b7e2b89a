"""Amounts as people type them."""

import pytest

from nxloy_web.money import NotAnAmount, amount_text, parse_amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "EUR", 1250),
        ("12,5", "EUR", 1250),
        ("1 250", "EUR", 125_000),
        ("0", "EUR", 0),
        ("1250", "JPY", 1250),
        ("1.234", "KWD", 1234),
    ],
)
def test_an_amount_becomes_minor_units(typed: str, currency: str, minor: int) -> None:
    assert parse_amount(typed, currency) == minor
    assert parse_amount(amount_text(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "sentence"),
    [
        ("", "EUR", "Write an amount like 12.50."),
        ("-1", "EUR", "Write an amount like 12.50."),
        ("1e9", "EUR", "Write an amount like 12.50."),
        ("1,250.00", "EUR", "Write an amount like 12.50."),
        ("1.234", "EUR", "EUR has at most 2 decimals"),
        ("1.5", "JPY", "JPY has no decimals: write an amount like 12."),
        ("9999999999999", "EUR", "This amount is too large."),
    ],
)
def test_what_is_no_amount_is_refused(typed: str, currency: str, sentence: str) -> None:
    with pytest.raises(NotAnAmount, match=sentence):
        parse_amount(typed, currency)
