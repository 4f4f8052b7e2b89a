"""Programs with their tiers and earning rules."""

from nxloy_web.permissions import Permission
from nxloy_web.programs import routes
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    blueprints=(routes.bp,),
    desk=(
        DeskPage(
            "Program", "Programs & tiers", "layers", "programs.index", Permission.PROGRAMS_VIEW
        ),
    ),
    deeds=(Deed("New program", "layers", "programs.new", Permission.PROGRAMS_EDIT),),
)
