"""Reads made for the redemption screens."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
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


MOST_LOW = 20
"""So many rewards that run low are counted one by one."""
MOST_DECIDED = 1_000
"""How long people wait is read from so many requests of a week: the latest ones."""
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """How the queue stands."""

    waiting: int
    oldest: datetime | None
    """When the request that waits longest was made."""
    handed_over: int
    """Since midnight, and by this time of the day a week ago."""
    handed_over_before: int
    wait: timedelta | None
    """Half of those decided within the last seven days waited longer; in the seven before."""
    wait_before: timedelta | None


def figures(at: datetime, zone: ZoneInfo) -> Figures:
    """One statement, which reads no more of a long history than a week or two."""
    row = RewardRedemption
    today = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def handed_over(since: datetime, until: datetime) -> ColumnElement[int]:
        within = and_(row.fulfilled_at >= since, row.fulfilled_at <= until)
        return select(func.count()).where(within).scalar_subquery()

    def wait(until: datetime) -> ColumnElement[timedelta | None]:
        # What is approved by itself does not wait for anybody.
        some = (
            select((row.approved_at - row.requested_at).label("long"))
            .where(
                row.requested_at > until - WEEK,
                row.requested_at <= until,
                row.approved_at > row.requested_at,
            )
            .order_by(row.requested_at.desc())
            .limit(MOST_DECIDED)
            .subquery()
        )
        return select(func.percentile_cont(0.5).within_group(some.c.long)).scalar_subquery()

    oldest = select(func.min(row.requested_at)).where(in_state(RedemptionStatus.PENDING))
    found = db.session.execute(
        select(
            PENDING,
            oldest.scalar_subquery(),
            handed_over(today, at),
            handed_over(today - WEEK, at - WEEK),
            wait(at),
            wait(at - WEEK),
        )
    ).one()
    return Figures(*found)


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
class One:
    """One of those that are asked about, to be left out by itself."""

    id: str
    code: str
    customer: str
    reward: str
    money: int


@dataclass(frozen=True)
class Question:
    verb: str
    ones: Sequence[One]
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
            .options(joinedload(RewardRedemption.reward), joinedload(RewardRedemption.customer))
            .order_by(RewardRedemption.requested_at, RewardRedemption.id)
        )
    ).all()
    counted = Counter(
        (row.reward.name, row.reward.icon or "gift", row.money_cost or 0) for row in rows
    )
    return Question(
        verb=verb,
        ones=[
            One(row.id, row.code, row.customer.name, row.reward.name, row.money_cost or 0)
            for row in rows
        ],
        kinds=[Kind(name, icon, n, money * n) for (name, icon, money), n in counted.most_common()],
        people=len({row.customer_id for row in rows}),
        money=sum(row.money_cost or 0 for row in rows),
        left_out=len(set(ids)) - len(rows),
    )
