"""Rewards."""

from nxloy_web.permissions import Permission
from nxloy_web.rewards import picture_routes, routes, stock_routes
from nxloy_web.web.features import Deed, DeskPage, Feature

FEATURE = Feature(
    pages=(
        routes,
        stock_routes,
        picture_routes,
    ),
    desk=(
        DeskPage("Program", "Rewards", "gift", "rewards.index", Permission.REWARDS_VIEW, tab=True),
    ),
    deeds=(Deed("New reward", "gift", "rewards.new", Permission.REWARDS_EDIT),),
)
