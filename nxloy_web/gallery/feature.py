"""The gallery of components."""

from nxloy_web.gallery import routes
from nxloy_web.web.features import Feature

FEATURE = Feature(
    pages=(routes,),
)
