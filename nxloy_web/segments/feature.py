"""Segments: groups of customers."""

from nxloy_web.permissions import Permission
from nxloy_web.segments import member_routes, routes
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(routes, member_routes),
    desk=(DeskPage("", "Segments", "list-filter", "segments.index", Permission.SEGMENTS_VIEW),),
    deeds=(Deed("New segment", "list-filter", "segments.new", Permission.SEGMENTS_EDIT),),
    jobs={
        "segments.refresh": "Count who fits the segments",
        "segments.refresh_one": "Count who fits a segment",
    },
)
