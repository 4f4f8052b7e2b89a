"""The customer's side, the poster that leads there, and everybody's cards."""

from nxloy_web.permissions import Permission
from nxloy_web.portal.routes import entrance, my_cards, poster, profile, redeeming, wallet
from nxloy_web.web.features import Deed, Feature, PortalPage

FEATURE = Feature(
    pages=(entrance, profile, redeeming, wallet, poster, my_cards),
    portal=(
        PortalPage("Card", "wallet", "portal.card"),
        PortalPage("Rewards", "gift", "portal.rewards"),
        PortalPage("History", "history", "portal.history"),
        PortalPage("Profile", "user", "portal.profile"),
    ),
    deeds=(Deed("Print the poster", "printer", "poster.index", Permission.HOME),),
)
