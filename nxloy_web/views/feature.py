"""Views: filtered lists under a name."""

from nxloy_web.views import routes
from nxloy_web.web.features import Feature

FEATURE = Feature(pages=(routes,))
