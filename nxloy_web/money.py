"""Amounts as people type and read them, kept as whole minor units."""

import re
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from nxloy_web.errors import NotUsable
from nxloy_web.texts import Text, _

MOST_MINOR = 10**12
_TYPED = re.compile(r"^\d{1,13}(?:[.,]\d{1,4})?$")


class NotAnAmount(NotUsable):
    """What was typed is not an amount of this currency."""


def parse_amount(text: str, currency: str) -> int:
    """'12.50' or '12,50' -> 1250. Raises NotAnAmount with a sentence."""
    digits = get_currency_precision(currency)
    typed = re.sub(r"[\s\u202f\u00a0]", "", text)
    if not _TYPED.match(typed):
        raise NotAnAmount(_("Write an amount like %(example)s.", example=_sample(digits)))
    amount = Decimal(typed.replace(",", "."))
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        raise NotAnAmount(_too_many_decimals(currency, digits))
    if minor > MOST_MINOR:
        raise NotAnAmount(_("This amount is too large."))
    return int(minor)


def amount_text(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50': as a form shows it."""
    digits = get_currency_precision(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def coded_amount(amount_minor: int, currency: str) -> str:
    """1250, EUR -> '12.50 EUR': the same in every locale, for what is kept or compared."""
    return f"{amount_text(amount_minor, currency)} {currency}"


def shown_amount(amount_minor: int, currency: str, locale: str) -> str:
    """1250, EUR -> '€12.50': as people of this locale read it."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale)


def _too_many_decimals(currency: str, digits: int) -> Text:
    if digits == 0:
        return _(
            "%(currency)s has no decimals: write an amount like %(example)s.",
            currency=currency,
            example=_sample(digits),
        )
    return _(
        "%(currency)s has at most %(digits)s decimals: write an amount like %(example)s.",
        currency=currency,
        digits=digits,
        example=_sample(digits),
    )


def _sample(digits: int) -> str:
    return f"{Decimal('12.5'):.{digits}f}" if digits else "12"
