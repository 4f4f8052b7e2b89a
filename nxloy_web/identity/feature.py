"""People: coming in, invitations, their account."""

from nxloy_web.identity import invitation_routes, routes
from nxloy_web.web.features import Feature, OperatorPage

FEATURE = Feature(
    blueprints=(
        routes.bp,
        invitation_routes.bp,
    ),
    operator=(
        OperatorPage("You", "Businesses", "store", "identity.places"),
        OperatorPage("You", "Account", "user", "identity.account"),
    ),
)
