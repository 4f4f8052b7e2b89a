"""Letters about how a redemption is getting on: one for what was done at one go.

Each waits until nothing is taken back any more, and goes only if it is then the newest news. So a
reward that is asked for, agreed to and handed over at the counter brings one letter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import inspect, select, update

from nxloy_web import clock
from nxloy_web.current_business import current_business, current_wording
from nxloy_web.customers import letters
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.events import Event, EventName
from nxloy_web.jobs import enqueue_for, every, pause_if_stopping, task
from nxloy_web.ledger.limits import UNDO_WITHIN
from nxloy_web.programs.units import unit
from nxloy_web.redemptions import reads
from nxloy_web.redemptions.steps import UNDONE
from nxloy_web.tables.redemptions import OPEN, RedemptionEvent, RedemptionStatus, RewardRedemption

BEFORE_LAPSING = timedelta(days=2)
YOUNG = timedelta(days=1)
"""Whoever asked within this time needs no reminder."""
BATCH = 100
SETTLES = UNDO_WITHIN + timedelta(seconds=10)
"""So long news waits: a slip can be taken back until then."""

_SUBJECTS = {
    RedemptionStatus.APPROVED: "{reward} is ready for you",
    RedemptionStatus.FULFILLED: "You collected {reward}",
    RedemptionStatus.CANCELLED: "{reward} was cancelled",
    RedemptionStatus.REFUNDED: "{reward} was taken back",
    RedemptionStatus.EXPIRED: "{reward} was not collected in time",
}

_NEWS: dict[EventName, RedemptionStatus] = {
    "redemption.approved": RedemptionStatus.APPROVED,
    "redemption.fulfilled": RedemptionStatus.FULFILLED,
    "redemption.cancelled": RedemptionStatus.CANCELLED,
    "redemption.refunded": RedemptionStatus.REFUNDED,
    "redemption.expired": RedemptionStatus.EXPIRED,
}


@dataclass(frozen=True, kw_only=True)
class RedemptionWords(letters.CustomerWords):
    reward: str
    code: str
    cost: str
    points: str
    """Empty for a reward that costs none."""
    last_day: str
    link: str
    card_link: str
    reason: str | None = None


def write_about(event: Event) -> None:
    """Queue the letter for what has just happened; it goes only if the change is saved."""
    if event.name in _NEWS:
        status, at = _NEWS[event.name].value, event.at.isoformat()
        enqueue_for(
            clock.now() + SETTLES, tell, redemption_id=event.subject.id, status=status, at=at
        )


@task("redemptions.tell")
def tell(redemption_id: str, status: str, at: str) -> None:
    """Write about a change that is still how things are: old news confuses."""
    redemption = reads.with_everything(redemption_id)
    if redemption.status.value != status or not letters.is_reachable(redemption.customer):
        return
    last = _last_step_to(redemption)
    if last is None or last.occurred_at != datetime.fromisoformat(at):
        return  # it was undone and done again: that one is told of
    if last.by_user_id == (redemption.customer.user_id or ""):
        return  # they did it themselves and have seen it
    _send(
        redemption,
        f"redemption_{status.lower()}",
        _SUBJECTS[redemption.status],
        reason=last.reason,
    )


@every("41 * * * *")
@task("redemptions.remind")
def remind() -> None:
    """Once per redemption, remind of what is about to lapse."""
    while rows := _about_to_lapse(clock.now()):
        for redemption in rows:
            if letters.is_reachable(redemption.customer):
                _send(redemption, "redemption_lapsing", "Collect {reward} by {last_day}")
        _mark_reminded([redemption.id for redemption in rows], clock.now())
        db.session.commit()
        pause_if_stopping()


def _send(redemption: RewardRedemption, kind: str, subject: str, reason: str | None = None) -> None:
    reward = redemption.reward.name
    last_day = current_wording().last_day(redemption.expires_at)
    words = RedemptionWords(
        kind=kind,
        subject=subject.format(reward=reward, last_day=last_day),
        reward=reward,
        code=redemption.code,
        cost=_cost(redemption),
        points=_points(redemption) if redemption.points_cost else "",
        last_day=last_day,
        link=letters.link("portal.redemption", redemption_id=redemption.id),
        card_link=letters.link("portal.card"),
        reason=reason,
    )
    letters.write(redemption.customer, words)


def _about_to_lapse(at: datetime) -> list[RewardRedemption]:
    """Locked, so that two workers remind nobody twice."""
    ids = db.session.scalars(
        select(RewardRedemption.id)
        .where(
            RewardRedemption.status.in_(OPEN),
            RewardRedemption.expires_at > at,
            RewardRedemption.expires_at <= at + BEFORE_LAPSING,
            RewardRedemption.requested_at <= at - YOUNG,
            RewardRedemption.reminded_at.is_(None),
        )
        .order_by(RewardRedemption.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    return [reads.with_everything(redemption_id) for redemption_id in ids]


def _mark_reminded(ids: list[str], at: datetime) -> None:
    """Through the table: a reminder is no edit, so nobody's open form becomes stale."""
    table = inspect(RewardRedemption).local_table
    db.session.execute(
        update(table).where(table.c.id.in_(ids)).values(reminded_at=at)  # type: ignore[arg-type]
    )


def _last_step_to(redemption: RewardRedemption) -> RedemptionEvent | None:
    """The step by which it became what it is; a hand-over that was undone changes nothing."""
    return db.session.scalar(
        history(
            select(RedemptionEvent)
            .where(
                RedemptionEvent.redemption_id == redemption.id,
                RedemptionEvent.to_status == redemption.status,
                RedemptionEvent.reason.is_distinct_from(UNDONE),
            )
            .order_by(RedemptionEvent.occurred_at.desc(), RedemptionEvent.id.desc())
            .limit(1)
        )
    )


def _points(redemption: RewardRedemption) -> str:
    count = redemption.points_cost
    return f"{current_wording().number(count)} {unit(count, redemption.program_id)}"


def _cost(redemption: RewardRedemption) -> str:
    parts = [_points(redemption)] if redemption.points_cost else []
    if redemption.money_cost:
        currency = redemption.currency or current_business().currency
        parts.append(current_wording().money(redemption.money_cost, currency))
    return " and ".join(parts)
