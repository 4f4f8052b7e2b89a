"""Clocks by their names: which country goes by one, and what an old name is called today."""

from functools import lru_cache
from zoneinfo import available_timezones

from babel.core import get_global

_NOWHERE = "ZZ"
_NOT_YET_KNOWN = {"America/Coyhaique": "CL"}
"""Newer than the table of countries."""


def present_name(zone: str) -> str:
    """Asia/Calcutta -> Asia/Kolkata; a name that is still in use stays."""
    today: str | None = get_global("zone_aliases").get(zone)
    return today if today and country_of(today) else zone


@lru_cache(maxsize=1024)
def country_of(zone: str) -> str | None:
    """Europe/Berlin -> DE, Asia/Calcutta -> IN; None where a clock belongs to no country."""
    territories = get_global("zone_territories")
    today = get_global("zone_aliases").get(zone, zone)
    found: str | None = territories.get(zone) or territories.get(today)
    found = found or _NOT_YET_KNOWN.get(zone)
    return found if found and found.isalpha() and found != _NOWHERE else None  # no 001, no ZZ


@lru_cache(maxsize=1)
def zones_of_countries() -> tuple[str, ...]:
    """Every clock that some country goes by, under its present name."""
    known = (name for name in available_timezones() if "/" in name)
    return tuple(sorted(name for name in known if country_of(name) and present_name(name) == name))
