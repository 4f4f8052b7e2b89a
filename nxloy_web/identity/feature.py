"""People: coming in, invitations, their account."""

from nxloy_web.identity import invitation_routes
from nxloy_web.identity.routes import account, coming_in, passwords, signing_up
from nxloy_web.web.features import Feature, OperatorPage

FEATURE = Feature(
    pages=(account, coming_in, passwords, signing_up, invitation_routes),
    operator=(
        OperatorPage("You", "Businesses", "store", "identity.places"),
        OperatorPage("You", "Account", "user", "identity.account"),
    ),
    jobs={"identity.forget_unconfirmed": "Forget a sign-up that nobody confirmed"},
)
