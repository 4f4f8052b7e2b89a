"""The points ledger."""

from nxloy_web.ledger import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    blueprints=(routes.bp,),
    desk=(DeskPage("Program", "Points ledger", "coins", "ledger.index", Permission.LEDGER_VIEW),),
)
