"""The setup checklist: computed from what is there, never from flags."""

from typing import Any

from flask import url_for
from sqlalchemy import exists, select

from nxloy_web.businesses.models import Location, Membership
from nxloy_web.customers.models import Customer
from nxloy_web.db import db
from nxloy_web.programs.models import EarningRule, LoyaltyProgram, ProgramStatus
from nxloy_web.rewards.models import Reward, RewardStatus


def checklist() -> dict[str, Any] | None:
    """What is left to do before the first customer can be served; None when all is done."""
    another = select(Membership.id).offset(1).limit(1)
    program, rule, reward, customer, location, team = db.session.execute(
        select(
            exists().where(LoyaltyProgram.status == ProgramStatus.ACTIVE),
            exists().where(EarningRule.ended_at.is_(None)),
            exists().where(Reward.status == RewardStatus.ACTIVE),
            exists(select(Customer.id)),
            exists(select(Location.id)),
            exists(another),
        )
    ).one()
    steps = [
        _step("Start a program", "programs.index", "layers", program),
        _step("Say what earns points", "programs.index", "coins", rule),
        _step("Offer a reward", "rewards.index", "gift", reward),
        _step("Name your shop", "locations.index", "store", location),
        _step("Add or import customers", "customers.index", "users", customer),
        _step("Invite your team", "team.index", "user-plus", team),
    ]
    done = sum(step["done"] for step in steps)
    if done == len(steps):
        return None
    return {"done": done, "total": len(steps), "steps": steps}


def _step(label: str, endpoint: str, icon: str, done: bool) -> dict[str, Any]:
    return {"label": label, "href": url_for(endpoint), "icon": icon, "done": done}
