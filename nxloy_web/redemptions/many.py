"""Deciding about many at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import BusinessRule, Refusal
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import deciding, taking_back
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _


class ChooseVerb(BusinessRule):
    message = _("Choose what to do with the selected redemptions.")


@dataclass(frozen=True)
class Line:
    """What became of one redemption in a bulk."""

    redemption_id: str
    code: str
    ok: bool
    message: str


def do(ids: Iterable[str], verb: str, *, by: Actor, at: datetime, reason: str = "") -> list[Line]:
    """Do one thing to many: what is refused for one does not hold up the others."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    verbs: dict[str, tuple[Callable[[str], RewardRedemption], str]] = {
        "approve": (lambda row_id: deciding.approve(row_id, by=by, at=at), "Approved"),
        "fulfil": (lambda row_id: deciding.fulfil(row_id, by=by, at=at), "Handed over"),
        "undo": (lambda row_id: deciding.undo_handover(row_id, by=by, at=at), "Undone"),
        "cancel": (
            lambda row_id: taking_back.cancel(row_id, by=by, at=at, reason=reason),
            "Cancelled",
        ),
    }
    if verb not in verbs:
        raise ChooseVerb
    decide, done = verbs[verb]
    code_of = lock_all(ids, with_holds=verb == "cancel")
    lines = []
    for row_id in sorted(set(ids)):
        try:
            with db.session.begin_nested():
                decide(row_id)
            line = Line(row_id, code_of[row_id], True, done)
        except Refusal as refusal:
            line = Line(row_id, code_of.get(row_id, ""), False, str(refusal))
        lines.append(line)
    return lines


def lock_all(ids: Iterable[str], *, with_holds: bool) -> dict[str, str]:
    """Lock many in the order that everybody keeps; code by id.

    One after the other would hold the reward of the first while waiting for the balance of the
    second, whose owner may be waiting for that reward.
    """
    rows = db.session.scalars(
        select(RewardRedemption)
        .where(RewardRedemption.id.in_(set(ids)))
        .order_by(RewardRedemption.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if with_holds:
        owners = {(row.customer_id, row.program_id) for row in rows if row.program_id}
        db.session.scalars(
            select(CustomerBalance.id)
            .where(tuple_(CustomerBalance.customer_id, CustomerBalance.program_id).in_(owners))
            .order_by(CustomerBalance.id)
            .with_for_update()
        ).all()
        rewards = select(Reward.id).where(Reward.id.in_({row.reward_id for row in rows}))
        db.session.scalars(history(rewards.order_by(Reward.id).with_for_update())).all()
    return {row.id: row.code for row in rows}
