"""Redemptions: rewards asked for and handed over."""

from nxloy_web.permissions import Permission
from nxloy_web.redemptions import queries, routes
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(
        DeskPage(
            "",
            "Redemptions",
            "inbox",
            "redemptions.index",
            Permission.REDEMPTIONS_VIEW,
            tab=True,
            count=queries.PENDING,
        ),
    ),
    deeds=(
        Deed(
            "Scan a redemption code", "scan-line", "redemptions.find", Permission.REDEMPTIONS_VIEW
        ),
    ),
    jobs={
        "redemptions.tell": "Write about a redemption",
        "redemptions.remind": "Remind of rewards that are about to lapse",
        "redemptions.lapse": "Let redemptions lapse",
    },
)
