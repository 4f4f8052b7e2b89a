"""Reads made for the redemption screens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db, paging
from nxloy_web.db.session import history
from nxloy_web.redemptions.many import ChooseVerb
from nxloy_web.tables.auth import User
from nxloy_web.tables.redemptions import (
    RedemptionEvent,
    RedemptionStatus,
    RewardRedemption,
    in_state,
)

PENDING = paging.counted(select(RewardRedemption.id).where(in_state(RedemptionStatus.PENDING)))
"""Requests waiting for a decision: a column, to be read with what else a page needs."""


def steps(redemption_id: str) -> Sequence[tuple[RedemptionEvent, str | None]]:
    """What happened to it, oldest first, with the name of who did it."""
    rows = db.session.execute(
        select(RedemptionEvent, User.name)
        .outerjoin(User, User.id == RedemptionEvent.by_user_id)
        .where(RedemptionEvent.redemption_id == redemption_id)
        .order_by(RedemptionEvent.occurred_at, RedemptionEvent.id)
    ).all()
    return [(event, name) for event, name in rows]


ASKED_ABOUT = {
    "approve": (RedemptionStatus.PENDING,),
    "fulfil": (RedemptionStatus.APPROVED,),
}
"""What is done to many after a question only, and the states it can be done in."""


@dataclass(frozen=True)
class Kind:
    """So many of one reward, each for so much money."""

    name: str
    icon: str
    count: int
    money: int
    """What has to be taken for all of them, in minor units."""


@dataclass(frozen=True)
class Question:
    verb: str
    ids: Sequence[str]
    kinds: Sequence[Kind]
    people: int
    money: int
    left_out: int
    """Ticked ones that this cannot be done to: they are in another state."""


def question(ids: Sequence[str], verb: str) -> Question:
    """What is asked before many are decided about: how much it is. Raises ChooseVerb."""
    if verb not in ASKED_ABOUT:
        raise ChooseVerb
    rows = db.session.scalars(
        history(
            select(RewardRedemption)
            .where(RewardRedemption.id.in_(ids), in_state(*ASKED_ABOUT[verb]))
            .options(joinedload(RewardRedemption.reward))
            .order_by(RewardRedemption.requested_at, RewardRedemption.id)
        )
    ).all()
    counted = Counter(
        (row.reward.name, row.reward.icon or "gift", row.money_cost or 0) for row in rows
    )
    return Question(
        verb=verb,
        ids=[row.id for row in rows],
        kinds=[Kind(name, icon, n, money * n) for (name, icon, money), n in counted.most_common()],
        people=len({row.customer_id for row in rows}),
        money=sum(row.money_cost or 0 for row in rows),
        left_out=len(set(ids)) - len(rows),
    )
