"""The counter."""

from nxloy_web.counter import routes
from nxloy_web.permissions import Permission
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes,),
    desk=(DeskPage("", "Counter", "scan-line", "counter.index", Permission.POINTS_GIVE),),
    deeds=(Deed("Enrol a customer", "user-plus", "counter.enrol_form", Permission.CUSTOMERS_EDIT),),
)
