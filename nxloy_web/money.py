"""Amounts of money as people see them; they are kept as whole minor units."""

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency, get_currency_precision, get_decimal_symbol

MOST_MINOR = 10**12


def amount_text(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50': the same in every locale, for files."""
    digits = get_currency_precision(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def typed_amount(amount_minor: int, currency: str, locale: str) -> str:
    """1250, EUR -> '12.50', in German '12,50': as a form shows it and people type it."""
    return amount_text(amount_minor, currency).replace(".", get_decimal_symbol(locale))


def same_figure(amount_minor: int, old: str, new: str) -> int:
    """1250 EUR -> 1250 USD, 13 JPY: the figure that people have typed, in another currency.

    What was more than nothing does not become nothing.
    """
    figure = Decimal(amount_minor).scaleb(-get_currency_precision(old))
    minor = figure.scaleb(get_currency_precision(new)).to_integral_value(ROUND_HALF_UP)
    return max(int(minor), min(amount_minor, 1))


def coded_amount(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50 EUR': the same in every locale, for what is kept or compared."""
    return f"{amount_text(amount_minor, currency)} {currency}"


def shown_amount(amount_minor: int, currency: str, locale: str) -> str:
    """1250, EUR -> '€12.50': as people of this locale read it."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale)
