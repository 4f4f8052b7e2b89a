"""Background work."""

from nxloy_web.background import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(
        DeskPage(
            "Business", "Background work", "activity", "background.index", Permission.JOBS_VIEW
        ),
    ),
)
