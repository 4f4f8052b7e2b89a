"""Customers."""

from nxloy_web.customers import (
    correction_routes,
    editing_routes,
    profile_routes,
    routes,
    tier_routes,
)
from nxloy_web.permissions import Permission
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes, editing_routes, profile_routes, correction_routes, tier_routes),
    desk=(
        DeskPage("", "Customers", "users", "customers.index", Permission.CUSTOMERS_VIEW, tab=True),
    ),
    deeds=(
        Deed("Deleted customers", "archive", "customers.deleted", Permission.CUSTOMERS_MANAGE),
        Deed("Export customers", "download", "customers.export", Permission.CUSTOMERS_EXPORT),
    ),
    jobs={"customers.greet": "Write a welcome letter"},
)
