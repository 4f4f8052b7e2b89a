"""Background work."""

from nxloy_web.background import operator_routes, routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature, OperatorPage

FEATURE = Feature(
    pages=(routes, operator_routes),
    desk=(
        DeskPage(
            "Business", "Background work", "activity", "background.index", Permission.JOBS_VIEW
        ),
    ),
    operator=(OperatorPage("Installation", "Work", "activity", "upkeep.index"),),
    jobs={
        "mail.deliver": "Send a mail",
        "mail.forget": "Delete what is left of old mail",
        "jobs.go_on": "Take up what a stopped worker left",
        "jobs.tidy": "Forget old work",
    },
)
