"""The currencies, timezones and languages a business can have, and a first guess at them."""

from functools import cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_name, get_territory_currencies

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
_NOT_PLACES = ("Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico")


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
    names = sorted(
        name
        for name in available_timezones()
        if "/" in name and name.split("/")[0] not in _NOT_PLACES
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


@cache
def locales() -> list[tuple[str, str]]:
    return [(code, Locale.parse(code).get_display_name("en") or code) for code in LOCALES]


def guess(languages: list[str]) -> tuple[str, str]:
    """Currency and timezone for a browser that asks for these languages (`de-AT`, `de`)."""
    for language in languages:
        territory = language.replace("_", "-").partition("-")[2].upper()[-2:]
        known = get_territory_currencies(territory) if len(territory) == 2 else []
        if known:
            return known[0], _zone_of(territory)
    return "EUR", "Europe/Berlin"


def _zone_of(territory: str) -> str:
    if territory in _USUAL_ZONES:
        return _USUAL_ZONES[territory]
    zones = get_global("zone_territories")
    ours = {name for name, _ in timezones()}
    return min(
        (name for name, where in zones.items() if where == territory and name in ours),
        default="Europe/Berlin",
    )
