"""The audit log."""

from nxloy_web.audit import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(DeskPage("Business", "Audit log", "history", "audit.index", Permission.AUDIT_VIEW),),
)
