"""A business with its team and its locations."""

from nxloy_web.businesses import location_routes, routes, team_routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(
        routes,
        team_routes,
        location_routes,
    ),
    desk=(
        DeskPage(
            "Business", "Settings", "settings", "businesses.settings", Permission.BUSINESS_EDIT
        ),
        DeskPage("Business", "Team", "user", "team.index", Permission.TEAM_EDIT),
        DeskPage("Business", "Locations", "store", "locations.index", Permission.LOCATIONS_EDIT),
    ),
)
