"""Amounts as people type them. Rows M1 and M2."""

import pytest
from babel import localedata
from hypothesis import example, given
from hypothesis import strategies as st

from nxloy_web.amounts import (
    Amount,
    NoAmount,
    NotAnAmount,
    TwoAmounts,
    WhichAmount,
    amount_meant,
    read_amount,
)
from nxloy_web.businesses import choices
from nxloy_web.money import MOST_MINOR, amount_text, shown_amount, typed_amount

CURRENCIES = [code for code, _name in choices.currencies()]
LOCALES = [code for code, _name in choices.locales()]
EVERY_LOCALE = sorted(localedata.locale_identifiers())


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "minor"),
    [
        ("12.50", "EUR", "en", 1250),
        ("12,5", "EUR", "en", 1250),
        ("12,50", "EUR", "de", 1250),
        ("1 250", "EUR", "en", 125_000),
        ("1 250,50", "EUR", "fr", 125_050),
        ("1'250.50", "CHF", "de", 125_050),
        ("1,234.56", "USD", "en", 123_456),
        ("1.234,56", "USD", "en", 123_456),
        ("1,234,567", "USD", "en", 123_456_700),
        ("12,34,567.50", "INR", "en", 123_456_750),
        ("1,234", "USD", "en", 123_400),
        ("1.234", "EUR", "de", 123_400),
        ("0", "EUR", "en", 0),
        ("0.500", "EUR", "en", 50),
        (".50", "USD", "en", 50),
        ("5.", "USD", "en", 500),
        ("+5", "USD", "en", 500),
        ("12,-", "EUR", "de", 1200),
        ("1250", "JPY", "en", 1250),
        ("1,000", "JPY", "en", 1000),
        ("1.000", "JPY", "en", 1000),
        ("10.000", "CLP", "es", 10_000),
        ("10.000", "CLP", "en", 10_000),
        ("10.00", "JPY", "en", 10),
        ("1.234", "KWD", "en", 1234),
        ("1,234", "TND", "fr", 1234),
        ("€12", "EUR", "en", 1200),
        ("12€", "EUR", "en", 1200),
        ("12 eur", "EUR", "en", 1200),
        ("12 euros", "EUR", "en", 1200),
        ("US$ 12.50", "USD", "en", 1250),
        ("$12.50", "USD", "en", 1250),
        ("$10.000", "CLP", "en", 10_000),
        ("1000円", "JPY", "en", 1000),
        ("\uff11\uff12\uff0e\uff15\uff10", "EUR", "en", 1250),
        ("\u0661\u0662\u066b\u0665\u0660", "EUR", "en", 1250),
        ("12.50 kr.", "DKK", "da", 1250),
    ],
)  # fmt: skip
def test_an_amount_is_read(typed: str, currency: str, locale: str, minor: int) -> None:
    """Rows M1 and M2."""
    assert read_amount(typed, currency, locale) == Amount(minor)


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "minors"),
    [
        ("1,250", "USD", "en", (125_000, 125)),
        ("1,250", "EUR", "de", (125, 125_000)),
        ("1.250", "USD", "en", (125, 125_000)),
        ("1.250", "EUR", "de", (125_000, 125)),
        ("12.000", "EUR", "de", (1_200_000, 1200)),
        ("$1,000", "USD", "en", (100_000, 100)),
        ("1,250", "KWD", "en", (1_250_000, 1250)),
    ],
)
def test_what_can_be_two_amounts_is_asked(
    typed: str, currency: str, locale: str, minors: tuple[int, int]
) -> None:
    """Row M1: never a thousandth. The likelier reading stands first."""
    assert read_amount(typed, currency, locale) == TwoAmounts(minors)
    with pytest.raises(WhichAmount, match="can be two amounts"):
        amount_meant(typed, currency, locale)
    assert [amount_meant(typed, currency, locale, str(minor)) for minor in minors] == list(minors)


def test_an_answer_to_another_text_does_not_count() -> None:
    with pytest.raises(WhichAmount):
        amount_meant("1,250", "USD", "en", "777")
    assert amount_meant("12", "USD", "en", "125") == 1200


@pytest.mark.parametrize(
    ("typed", "currency", "sentence"),
    [
        ("", "EUR", "Write an amount like 12.50."),
        ("-5", "EUR", "An amount cannot be below 0."),
        ("−5", "EUR", "An amount cannot be below 0."),
        ("-€5", "EUR", "An amount cannot be below 0."),
        ("€-5", "EUR", "An amount cannot be below 0."),
        ("(5.00)", "EUR", "An amount cannot be below 0."),
        ("5-", "EUR", "An amount cannot be below 0."),
        ("7K3M 9QXW", "EUR", "This is a card, not an amount."),
        ("7k3m9qxw", "EUR", "This is a card, not an amount."),
        ("£12", "EUR", "“£12” is in another currency. Amounts here are in EUR."),
        ("12 USD", "EUR", "“12 USD” is in another currency. Amounts here are in EUR."),
        ("twelve", "EUR", "“twelve” is not an amount. Write it like 12.50."),
        ("1e9", "EUR", "“1e9” is not an amount."),
        ("12²", "EUR", "“12²” is not an amount."),
        ("1 5", "EUR", "“1 5” is not an amount."),
        ("1,2,3", "EUR", "“1,2,3” is not an amount."),
        ("1.23.4", "EUR", "“1.23.4” is not an amount."),
        (".", "EUR", "“.” is not an amount."),
        ("€", "EUR", "“€” is not an amount."),
        ("1.234", "EUR", "“1.234” has too many decimals. EUR has 2: write an amount like 12.50."),
        ("1,234.567", "EUR", "“1,234.567” has too many decimals."),
        ("1.5", "JPY", "JPY has no decimals: write an amount like 12."),
        ("9999999999999", "EUR", "This amount is too large."),
        ("1" * 500, "EUR", "This is too long for an amount."),
    ],
)
def test_what_is_no_amount_says_what_is_wrong_with_it(
    typed: str, currency: str, sentence: str
) -> None:
    """Row M2."""
    read = read_amount(typed, currency, "en")
    assert isinstance(read, NoAmount)
    assert str(read.reason).startswith(sentence)
    with pytest.raises(NotAnAmount):
        amount_meant(typed, currency, "en")


@pytest.mark.parametrize(
    ("typed", "mark", "minor"),
    [
        ("12.500", ".", 1250),
        ("8.990", ".", 899),
        ("101.250", ".", 10_125),
        ("12.500", ",", 1_250_000),
        ("1,250", ".", 125_000),
        ("1,250", ",", 125),
        ("12", ",", 1200),
    ],
)
def test_a_column_whose_decimal_mark_is_known_asks_nothing(
    typed: str, mark: str, minor: int
) -> None:
    """Row M3."""
    assert read_amount(typed, "USD", "en", decimal_mark=mark) == Amount(minor)


@pytest.mark.parametrize(("typed", "mark"), [("1.234", "."), ("1.234.567", "."), ("1,5", ".")])
def test_what_does_not_fit_the_decimal_mark_is_no_amount(typed: str, mark: str) -> None:
    assert isinstance(read_amount(typed, "USD", "en", decimal_mark=mark), NoAmount)


minors = st.integers(0, MOST_MINOR)


@given(minors, st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
@example(1250, "KWD", "en")
@example(1250, "TND", "fr")
def test_what_a_form_shows_is_read_as_the_same(minor: int, currency: str, locale: str) -> None:
    assert read_amount(typed_amount(minor, currency, locale), currency, locale) == Amount(minor)


@given(minors, st.sampled_from(CURRENCIES), st.sampled_from(EVERY_LOCALE))
def test_what_a_page_shows_is_read_as_the_same(minor: int, currency: str, locale: str) -> None:
    assert read_amount(shown_amount(minor, currency, locale), currency, locale) == Amount(minor)


@given(minors, st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_a_file_is_read_as_it_was_written(minor: int, currency: str, locale: str) -> None:
    text = amount_text(minor, currency)
    assert read_amount(text, currency, locale, decimal_mark=".") == Amount(minor)


@given(st.text(), st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_every_text_has_an_answer(typed: str, currency: str, locale: str) -> None:
    read_amount(typed, currency, locale)


@given(
    st.from_regex(r"[0-9]{1,4}([., ][0-9]{1,4}){0,2}", fullmatch=True),
    st.sampled_from(CURRENCIES),
    st.sampled_from(LOCALES),
)
def test_a_reading_never_changes_the_figures(typed: str, currency: str, locale: str) -> None:
    """Only the place of the decimals is to be found out; two readings differ by 1000 exactly."""
    figures = "".join(sign for sign in typed if sign.isdecimal()).strip("0")
    for minor in _minors_of(typed, currency, locale):
        assert str(minor).strip("0") == figures
    if isinstance(read := read_amount(typed, currency, locale), TwoAmounts):
        small, large = sorted(read.minors)
        assert large == small * 1000


def _minors_of(typed: str, currency: str, locale: str) -> tuple[int, ...]:
    match read_amount(typed, currency, locale):
        case Amount(minor):
            return (minor,)
        case TwoAmounts(minors):
            return minors
    return ()
