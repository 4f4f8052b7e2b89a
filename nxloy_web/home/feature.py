"""Home: how the shop is doing."""

from nxloy_web.home import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(DeskPage("", "Home", "house", "home.index", Permission.HOME, tab=True),),
)
