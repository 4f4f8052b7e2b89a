"""The points ledger, entry by entry: a page and its export."""

from nxloy_web.entries import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(DeskPage("Program", "Points ledger", "coins", "ledger.index", Permission.LEDGER_VIEW),),
    jobs={
        "ledger.settle": "Let points become ready, and expire",
        "ledger.end_tiers": "End tiers that were set by hand",
    },
)
