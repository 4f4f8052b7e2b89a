"""The setup checklist: computed from what is there, never from flags."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, exists, select

from nxloy_web.earning import programs, rules
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.rewards import Reward, RewardStatus

_STEPS: tuple[tuple[str, str, str, ColumnElement[bool]], ...] = (
    (
        "Start a program",
        "programs.index",
        "layers",
        exists().where(programs.IS_RUNNING),
    ),
    (
        "Say what earns points",
        "programs.index",
        "coins",
        exists().where(rules.IS_IN_FORCE),
    ),
    (
        "Offer a reward",
        "rewards.index",
        "gift",
        exists().where(Reward.status == RewardStatus.ACTIVE),
    ),
    ("Name your shop", "locations.index", "store", exists(select(Location.id))),
    ("Add or import customers", "customers.index", "users", exists(select(Customer.id))),
)
DONE = tuple(done for *_, done in _STEPS)
"""Columns that say of each step whether it is done, to be read with what else a page needs."""


def checklist(done: Sequence[bool]) -> dict[str, Any] | None:
    """What is left to do before the first customer can be served; None when all is done."""
    if all(done):
        return None
    steps = [
        {"label": label, "href": url_for(endpoint), "icon": icon, "done": is_done}
        for (label, endpoint, icon, _), is_done in zip(_STEPS, done, strict=True)
    ]
    return {"done": sum(done), "total": len(steps), "steps": steps}
