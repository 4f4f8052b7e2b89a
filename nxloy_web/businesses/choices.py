"""The currencies, timezones and languages a business can have, and a first guess at them."""

from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies

from nxloy_web.zones import country_of, present_name, zones_of_countries

LOCALES = (
    "en",
    "en_GB",
    "cs",
    "da",
    "de",
    "el",
    "es",
    "fi",
    "fr",
    "hu",
    "it",
    "nb",
    "nl",
    "pl",
    "pt",
    "pt_BR",
    "ro",
    "sv",
    "tr",
    "uk",
)
_USUAL_CURRENCIES = ("EUR", "USD", "GBP", "CHF")
_NOWHERE = ("EUR", "Europe/Berlin")
_USUAL_ZONES = {
    "US": "America/New_York",
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "CA": "America/Toronto",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "MX": "America/Mexico_City",
    "UA": "Europe/Kyiv",
}


@cache
def currencies() -> list[tuple[str, str]]:
    """Every currency somebody pays with today; the most usual first."""
    in_use = {
        code
        for territory in get_global("territory_currencies")
        for code in get_territory_currencies(territory)
    }
    rest = sorted(in_use - set(_USUAL_CURRENCIES))
    return [
        (code, f"{code} – {get_currency_name(code, locale='en')}")
        for code in (*_USUAL_CURRENCIES, *rest)
    ]


@cache
def timezones() -> list[tuple[str, str]]:
    """Every clock of a country: the country says how people there type their phone numbers."""
    return [(name, name.replace("_", " ")) for name in zones_of_countries()]


@cache
def locales() -> list[tuple[str, str]]:
    return [(code, Locale.parse(code).get_display_name("en") or code) for code in LOCALES]


def guess(languages: list[str], zone: str = "") -> tuple[str, str]:
    """Currency and timezone for a browser that asks for these languages (`de-AT`, `de`).

    Where the clock of its device is known, that says more than a language: many people abroad
    read English as Americans write it.
    """
    if country := country_of(zone):
        today = get_territory_currencies(country)
        return (today[0] if today else _NOWHERE[0]), present_name(zone)
    for language in languages:
        territory = language.replace("_", "-").partition("-")[2].upper()[-2:]
        known = get_territory_currencies(territory) if len(territory) == 2 else []
        if known:
            return known[0], _zone_of(territory)
    return _NOWHERE


def _zone_of(territory: str) -> str:
    if territory in _USUAL_ZONES:
        return _USUAL_ZONES[territory]
    return min(
        (name for name in zones_of_countries() if country_of(name) == territory),
        default=_NOWHERE[1],
    )
