"""The palette."""

from nxloy_web.search import routes
from nxloy_web.web.features import Feature

FEATURE = Feature(
    pages=(routes,),
)
