"""The customer's side, the poster that leads there, and everybody's cards."""

from nxloy_web.permissions import Permission
from nxloy_web.portal import routes
from nxloy_web.portal.routes import my_cards, poster
from nxloy_web.web.features import Deed, Feature, PortalPage

FEATURE = Feature(
    blueprints=(
        routes.bp,
        poster.bp,
        my_cards.bp,
    ),
    portal=(
        PortalPage("Card", "wallet", "portal.card"),
        PortalPage("Rewards", "gift", "portal.rewards"),
        PortalPage("History", "history", "portal.history"),
        PortalPage("Profile", "user", "portal.profile"),
    ),
    deeds=(Deed("Print the poster", "printer", "poster.index", Permission.HOME),),
)
