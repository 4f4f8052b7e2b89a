"""What the portal calls things: in the customer's words, not the ledger's."""

from typing import Any

from flask import g

from nxloy_web import units
from nxloy_web.programs import units as programs
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.points import PointTransaction, TransactionType
from nxloy_web.tables.redemptions import RedemptionStatus
from nxloy_web.tables.rewards import Reward, RewardType
from nxloy_web.web.filters import money, points

STEPS = ("Request", "Approval", "Pick-up")

_TITLES = {
    "purchase": "Purchase",
    "adjustment": "Correction",
    "import": "Brought over",
    "lot": "Expired",
}
_BY_TYPE = {
    TransactionType.EARNED: ("Purchase", "shopping-bag"),
    TransactionType.REDEEMED: ("Reward", "gift"),
    TransactionType.REFUNDED: ("Given back", "undo-2"),
    TransactionType.EXPIRED: ("Expired", "timer"),
    TransactionType.ADJUSTED: ("Correction", "pencil"),
}
_STATES = {
    RedemptionStatus.PENDING: "Waiting for the shop",
    RedemptionStatus.APPROVED: "Ready to collect",
    RedemptionStatus.FULFILLED: "Collected",
    RedemptionStatus.CANCELLED: "Cancelled",
    RedemptionStatus.REFUNDED: "Taken back",
    RedemptionStatus.EXPIRED: "Expired",
}
_KINDS = {
    RedemptionStatus.PENDING: "warn",
    RedemptionStatus.APPROVED: "ok",
    RedemptionStatus.FULFILLED: "ok",
}
_REWARD_ICONS = {
    RewardType.DISCOUNT_PERCENTAGE: "percent",
    RewardType.DISCOUNT_FIXED: "ticket",
    RewardType.FREE_ITEM: "gift",
    RewardType.FREE_SHIPPING: "package",
    RewardType.GIFT_CARD: "credit-card",
    RewardType.EXPERIENCE: "sparkles",
    RewardType.NFT: "image",
}


def amount(count: int, program: LoyaltyProgram | None = None) -> str:
    """120 points; 1 point; 12 beans, where a program calls them so."""
    return f"{points(count)} {unit(count, program)}"


def unit(count: int, program: LoyaltyProgram | None = None) -> str:
    """Of the program, else of the one that is paid with where nothing else is said."""
    program = program or _programs().get(None)
    return program.unit(count) if program else units.unit(count, "Points")


def _programs() -> dict[str | None, LoyaltyProgram]:
    """The programs of this request's business, read once."""
    if "programs_by_id" not in g:
        g.programs_by_id = programs.by_id()
    found: dict[str | None, LoyaltyProgram] = g.programs_by_id
    return found


def amount_of(priced: Any) -> str:
    """What a reward or a redemption costs of its program's points."""
    return amount(priced.points_cost, _programs().get(priced.program_id))


def cost(priced: Any) -> str:
    """What a reward or a redemption costs: points, money or both."""
    parts = [amount_of(priced)] if priced.points_cost else []
    if priced.money_cost:
        parts.append(money(priced.money_cost, priced.currency or g.place.currency))
    return " + ".join(parts)


def title_of(entry: PointTransaction) -> str:
    """A reward by its name, anything else by what happened."""
    if entry.type is TransactionType.REDEEMED and entry.description:
        return entry.description
    return _TITLES.get(entry.source_kind) or _BY_TYPE[entry.type][0]


def text_of(entry: PointTransaction) -> str:
    return "" if title_of(entry) == entry.description else entry.description or ""


def icon_of(entry: PointTransaction) -> str:
    return _BY_TYPE[entry.type][1]


def icon_of_reward(reward: Reward) -> str:
    return reward.icon or _REWARD_ICONS[reward.type]


def state(status: RedemptionStatus) -> str:
    return _STATES[status]


def state_kind(status: RedemptionStatus) -> str:
    return _KINDS.get(status, "")


def in_templates() -> dict[str, Any]:
    """For the blueprint's context: templates say `cost(reward)`."""
    return {
        "amount": amount,
        "unit": unit,
        "amount_of": amount_of,
        "cost": cost,
        "title_of": title_of,
        "text_of": text_of,
        "icon_of": icon_of,
        "icon_of_reward": icon_of_reward,
        "state": state,
        "state_kind": state_kind,
    }
