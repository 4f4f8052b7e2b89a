"""Amounts of money as people see them; they are kept as whole minor units."""

from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, get_decimal_symbol

MOST_MINOR = 10**12


def amount_text(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50': the same in every locale, for files."""
    digits = get_currency_precision(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def typed_amount(amount_minor: int, currency: str, locale: str) -> str:
    """1250, EUR -> '12.50', in German '12,50': as a form shows it and people type it."""
    return amount_text(amount_minor, currency).replace(".", get_decimal_symbol(locale))


def coded_amount(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50 EUR': the same in every locale, for what is kept or compared."""
    return f"{amount_text(amount_minor, currency)} {currency}"


def shown_amount(amount_minor: int, currency: str, locale: str) -> str:
    """1250, EUR -> '€12.50': as people of this locale read it."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale)
