"""Approvals: what waits above a limit."""

from nxloy_web.approvals import queries, routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(
        DeskPage(
            "Business",
            "Approvals",
            "shield-check",
            "approvals.index",
            Permission.APPROVALS_VIEW,
            count=queries.WAITING,
        ),
    ),
    jobs={"approvals.tell": "Write to who may decide"},
)
