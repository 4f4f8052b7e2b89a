"""What an owner types about the business and its shops."""

from dataclasses import dataclass

from nxloy_web.tables.businesses import BusinessSettings


@dataclass(frozen=True)
class BusinessFacts:
    name: str
    timezone: str
    locale: str
    currency: str
    settings: BusinessSettings


@dataclass(frozen=True)
class LocationFacts:
    name: str
    address: str
