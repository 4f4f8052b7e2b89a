"""Programs with their tiers and earning rules."""

from nxloy_web.permissions import Permission
from nxloy_web.programs import earning_routes, routes, tier_routes
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes, earning_routes, tier_routes),
    desk=(
        DeskPage(
            "Program", "Programs & tiers", "layers", "programs.index", Permission.PROGRAMS_VIEW
        ),
    ),
    deeds=(Deed("New program", "layers", "programs.new", Permission.PROGRAMS_EDIT),),
    jobs={"tiers.place": "Move customers to their tiers"},
)
