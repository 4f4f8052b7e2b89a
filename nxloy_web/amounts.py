"""Reading amounts of money as people type them, in a currency and the way a business writes.

One text can mean two amounts: "1,250" is 1,250.00 to one person and 1.25 to another. A reading
that is wrong by a factor of a thousand is worse than a question, so both are given back.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    get_currency_name,
    get_currency_precision,
    get_currency_symbol,
    get_decimal_symbol,
    list_currencies,
)

from nxloy_web import member_codes
from nxloy_web.errors import NotUsable
from nxloy_web.money import MOST_MINOR, typed_amount
from nxloy_web.texts import Text, _


@dataclass(frozen=True)
class Amount:
    """The text means this amount, in minor units."""

    minor: int


@dataclass(frozen=True)
class TwoAmounts:
    """The text means one of two amounts; the likelier one in this locale stands first."""

    minors: tuple[int, int]


@dataclass(frozen=True)
class NoAmount:
    """The text is no amount, for this reason."""

    reason: Text


class NotAnAmount(NotUsable):
    """What was typed is not an amount of this currency."""


class WhichAmount(NotAnAmount):
    """What was typed can be two amounts, and nobody has said which."""

    def __init__(self, typed: str, minors: tuple[int, int]) -> None:
        super().__init__(_("“%(typed)s” can be two amounts. Choose the one you mean.", typed=typed))
        self.minors = minors


def read_amount(
    text: str, currency: str, locale: str, *, decimal_mark: str | None = None
) -> Amount | TwoAmounts | NoAmount:
    """What a text says in this currency. "€12", "1,234.56", "1.234,56" and "1 250" are understood.

    `decimal_mark` is the sign before decimals where somebody has said it, as for a column of a
    file: then nothing is left to ask, and what does not fit it is no amount.
    """
    try:
        bare = _without_marks(_plain(text), text, currency, locale)
        found = _readings(bare, text, currency, locale, decimal_mark)
    except NotAnAmount as problem:
        return NoAmount(problem.message)
    if max(found) > MOST_MINOR:
        return NoAmount(_("This amount is too large."))
    return Amount(found[0]) if len(found) == 1 else TwoAmounts((found[0], found[1]))


def amount_meant(text: str, currency: str, locale: str, chosen: str = "") -> int:
    """The amount in minor units. Raises NotAnAmount, or WhichAmount as long as nobody has chosen.

    `chosen` is the answer to that question, in minor units. It counts only if the text can mean
    it: somebody may have typed another amount since.
    """
    match read_amount(text, currency, locale):
        case Amount(minor):
            return minor
        case NoAmount(reason):
            raise NotAnAmount(reason)
        case TwoAmounts(minors):
            for minor in minors:
                if str(minor) == chosen:
                    return minor
            raise WhichAmount(text.strip(), minors)


_EITHER = ".,"
_ARABIC_DECIMAL = "\N{ARABIC DECIMAL SEPARATOR}"
_BETWEEN_THOUSANDS = " '\N{ARABIC THOUSANDS SEPARATOR}\N{ARABIC COMMA}\N{REVERSED COMMA}"
_APOSTROPHES = "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{PRIME}"
_FULL_WIDTH = 0xFF00 - 0x20
"""How far the wide signs of Asian keyboards stand from the usual ones."""
_IN_THOUSANDS = re.compile(
    rf"[1-9]\d{{0,2}}(?P<by>[{_EITHER}{_BETWEEN_THOUSANDS}])\d{{3}}(?:(?P=by)\d{{3}})*"
    r"|[1-9]\d?(?:,\d\d)+,\d{3}"  # 12,34,567 as in India
)
_WITH_DECIMALS = re.compile(rf"(?P<whole>.*)(?P<mark>[{_EITHER}{_ARABIC_DECIMAL}])(?P<part>\d*)")
_LONGEST = 40


def _readings(
    bare: str, typed: str, currency: str, locale: str, decimal_mark: str | None
) -> list[int]:
    digits = get_currency_precision(currency)
    whole = _whole(bare, digits)
    if whole is not None and bare.isdecimal():
        return [whole]
    match = _WITH_DECIMALS.fullmatch(bare)
    mark = match["mark"] if match else ""
    exact = _decimal(match, digits) if match else None
    if decimal_mark is not None and mark and digits:
        whole, exact = (None, exact) if mark == decimal_mark else (whole, None)
    if exact is not None and whole is not None and digits:
        return _of_two(exact, whole, mark, currency, locale)
    if exact is not None and whole is None:
        return [exact]
    usual = decimal_mark or get_decimal_symbol(locale)
    if whole is not None and not (digits and mark == usual and bare.count(mark) == 1):
        return [whole]
    if match is not None and _has_too_many_decimals(match, digits):
        raise NotAnAmount(_too_many_decimals(typed.strip(), currency, locale))
    raise NotAnAmount(_not_an_amount(typed, currency, locale))


def _of_two(exact: int, whole: int, mark: str, currency: str, locale: str) -> list[int]:
    is_usual = mark == get_decimal_symbol(locale)
    if is_usual and get_currency_precision(currency) == 3:
        return [exact]  # 1.250 KWD, as this locale writes it
    return [exact, whole] if is_usual else [whole, exact]


def _whole(bare: str, digits: int) -> int | None:
    """The amount if every separator stands between thousands."""
    if bare.isdecimal() or _IN_THOUSANDS.fullmatch(bare):
        return int(re.sub(r"\D", "", bare)) * 10**digits
    return None


def _decimal(match: re.Match[str], digits: int) -> int | None:
    """The amount if the last separator stands before decimals."""
    whole, part = match["whole"], match["part"].rstrip("0")
    if not (whole or match["part"]) or not _is_whole_part(whole, match["mark"]):
        return None
    if len(part) > digits:
        return None
    return int(re.sub(r"\D", "", whole) + part.ljust(digits, "0") or "0")


def _has_too_many_decimals(match: re.Match[str], digits: int) -> bool:
    return len(match["part"].rstrip("0")) > digits and _is_whole_part(match["whole"], match["mark"])


def _is_whole_part(whole: str, mark: str) -> bool:
    if not whole or whole.isdecimal():
        return True
    return mark not in whole and _IN_THOUSANDS.fullmatch(whole) is not None


def _plain(text: str) -> str:
    """Digits of every script as 0 to 9, one kind of space, and no invisible signs."""
    return "".join(_plain_sign(sign) for sign in text.strip()[: _LONGEST + 1]).strip()


def _plain_sign(sign: str) -> str:
    if 0xFF01 <= ord(sign) <= 0xFF5E:
        sign = chr(ord(sign) - _FULL_WIDTH)
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    if sign in _APOSTROPHES:
        return "'"
    match unicodedata.category(sign):
        case "Zs" | "Cc":
            return " "
        case "Cf":
            return ""
        case "Pd":
            return "-"
    return "-" if sign == "\N{MINUS SIGN}" else sign


def _without_marks(plain: str, typed: str, currency: str, locale: str) -> str:
    """The figures without sign and currency. Raises NotAnAmount when something else is left."""
    if not plain:
        raise NotAnAmount(
            _("Write an amount like %(example)s.", example=_example(currency, locale))
        )
    if len(plain) > _LONGEST:
        raise NotAnAmount(_("This is too long for an amount."))
    bare = _without_currency(plain, currency, locale)
    negative = bare.startswith("-") or re.fullmatch(r"\(.+\)|.*\d ?-", bare) is not None
    bare = bare.strip("+-()").strip()  # also of "12,-", which is no minus
    bare = _without_currency(bare, currency, locale)
    if any(not (sign.isdecimal() or sign in _SEPARATORS) for sign in bare) or not bare:
        raise NotAnAmount(_what_it_is(plain, typed.strip(), bare, currency, locale))
    if negative:
        raise NotAnAmount(_("An amount cannot be below 0. Write it without a minus."))
    return bare


_SEPARATORS = _EITHER + _ARABIC_DECIMAL + _BETWEEN_THOUSANDS


def _without_currency(plain: str, currency: str, locale: str) -> str:
    for mark in _marks_of(currency, locale):
        folded = plain.casefold()
        if folded.startswith(mark):
            plain = plain[len(mark) :].strip()
        elif folded.endswith(mark):
            plain = plain[: -len(mark)].strip()
    return plain


@lru_cache(512)
def _marks_of(currency: str, locale: str) -> list[str]:
    """What people write for a currency, the longest first: US$, $, USD, US dollars."""
    marks = {currency}
    for each in {locale, "en", "en_GB", _locale_of(currency)}:
        symbol = get_currency_symbol(currency, locale=each)
        names = {get_currency_name(currency, count=count, locale=each) for count in (None, 1, 2)}
        marks |= {symbol, symbol.strip("."), *names}
        if not symbol[-1].isalnum() and symbol[-1] != ".":
            marks.add(symbol[-1])
    plain = {"".join(_plain_sign(sign) for sign in mark).strip().casefold() for mark in marks}
    return sorted(plain - {""}, key=len, reverse=True)


def _locale_of(currency: str) -> str:
    """A locale of where the currency is at home: its code begins with the country's."""
    try:
        return str(Locale.parse(f"und_{currency[:2]}"))
    except (UnknownLocaleError, ValueError):
        return "en"


def _what_it_is(plain: str, typed: str, bare: str, currency: str, locale: str) -> Text:
    if member_codes.is_code(plain):
        return _("This is a card, not an amount.")
    words = set(re.findall(r"[A-Z]+", bare.upper()))
    if words & list_currencies() or any(unicodedata.category(sign) == "Sc" for sign in bare):
        return _(
            "“%(typed)s” is in another currency. Amounts here are in %(currency)s.",
            typed=typed,
            currency=currency,
        )
    return _not_an_amount(typed, currency, locale)


def _not_an_amount(typed: str, currency: str, locale: str) -> Text:
    return _(
        "“%(typed)s” is not an amount. Write it like %(example)s.",
        typed=typed[:_LONGEST].strip(),
        example=_example(currency, locale),
    )


def _too_many_decimals(typed: str, currency: str, locale: str) -> Text:
    digits = get_currency_precision(currency)
    if digits == 0:
        return _(
            "%(currency)s has no decimals: write an amount like %(example)s.",
            currency=currency,
            example=_example(currency, locale),
        )
    return _(
        "“%(typed)s” has too many decimals. %(currency)s has %(digits)s: write an amount like"
        " %(example)s.",
        typed=typed,
        currency=currency,
        digits=digits,
        example=_example(currency, locale),
    )


def _example(currency: str, locale: str) -> str:
    digits = get_currency_precision(currency)
    return typed_amount(int(Decimal("12.5").scaleb(digits)), currency, locale)
