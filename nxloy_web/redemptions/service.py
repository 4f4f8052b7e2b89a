"""Asking for a reward, deciding about it, handing it over, taking it back.

Asking takes points and stock at once: the entry and the movement are the hold, so what was
promised is there. Approving moves neither. Cancelling, lapsing and refunding give both back.

Locks are taken in one order: the redemption, the balance, the reward, then inserts. Whoever
comes second reads what the first one did.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from nxloy_web import events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import already, find
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.errors import BusinessRule, NotFound, Refusal
from nxloy_web.events import EventName
from nxloy_web.ledger import expiry, limits
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import codes, who_was_first
from nxloy_web.redemptions.who_was_first import AlreadyDecided
from nxloy_web.rewards import stock
from nxloy_web.rewards.availability import facts_with, judge
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import CustomerBalance, TransactionType, Why
from nxloy_web.tables.redemptions import (
    OPEN,
    RedemptionEvent,
    RedemptionStatus,
    RewardRedemption,
)
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _

Status = RedemptionStatus

CHANGED_MIND = "Cancelled by the customer"

_HAPPENED: dict[Status, EventName] = {
    Status.PENDING: "redemption.asked",
    Status.APPROVED: "redemption.approved",
    Status.FULFILLED: "redemption.fulfilled",
    Status.CANCELLED: "redemption.cancelled",
    Status.REFUNDED: "redemption.refunded",
    Status.EXPIRED: "redemption.expired",
}


class NotToBeHad(BusinessRule):
    message = _("This reward is not to be had now.")


class NotApproved(BusinessRule):
    message = _("This has not been approved yet. Approve it first, then hand it over.")


class Lapsed(BusinessRule):
    message = _("This request has lapsed.")


class OnlyWaiting(BusinessRule):
    message = _("The shop has said yes already. Ask at the counter if you do not want it any more.")


class ChooseVerb(BusinessRule):
    message = _("Choose what to do with the selected redemptions.")


@dataclass(frozen=True)
class Line:
    """What became of one redemption in a bulk."""

    redemption_id: str
    code: str
    ok: bool
    message: str


def ask(*, id: str, customer_id: str, reward_id: str, by: Actor, at: datetime) -> RewardRedemption:
    """Ask for a reward: takes its points and one of its stock. Pressed twice, the first is
    returned. A reward that needs no approval is approved by itself."""
    by.needs(Permission.REDEMPTIONS_DECIDE, own=customer_id)
    books = Books(None, [customer_id], at=at)
    reward = stock.lock(reward_id, joinedload(Reward.program), joinedload(Reward.tier))
    # Of two presses at once the second has waited for a lock: by now the first is there.
    pressed = already(RewardRedemption, id, customer_id=customer_id, reward_id=reward_id)
    if pressed is not None:
        return pressed
    limits.refuse_blocked(books.person(customer_id))
    program_id = reward.program_id or _default_program_id(books)
    if program_id is not None:
        books.choose(program_id)
    _refuse_unavailable(reward, customer_id, program_id, books, at)

    settings = books.set_up.business.settings
    redemption = _insert(
        {
            "id": id,
            "customer_id": customer_id,
            "reward_id": reward_id,
            "program_id": program_id,
            "location_id": by.location_id,
            "status": Status.PENDING,
            "points_cost": reward.points_cost,
            "money_cost": reward.money_cost,
            "currency": reward.currency,
            "requested_at": at,
            "expires_at": expiry.days_on(at, settings.redemption_days, books.set_up.zone),
        }
    )
    if reward.points_cost and program_id is not None:
        cause = Cause(
            type=TransactionType.REDEEMED,
            source_kind="redemption",
            source_id=redemption.id,
            by=by,
            at=at,
            why=Why(
                inputs={"reward": reward.id, "points_cost": reward.points_cost},
                steps=[f"{reward.name} costs {reward.points_cost:,}"],
            ),
            description=reward.name,
            redemption_id=redemption.id,
        )
        ledger.debit(books, customer_id, reward.points_cost, cause)
        books.write(by=by)
    stock.take(reward, redemption_id=redemption.id, by=by)
    _remember(redemption, None, by, at)
    if not reward.needs_approval:
        _move(redemption, Status.APPROVED, by=SYSTEM, at=at)
    return redemption


def approve(
    redemption_id: str, *, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Promise the reward. Points and stock were taken when the customer asked."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption = _lock(redemption_id)
    if _was_pressed(redemption, Status.APPROVED, by):
        return redemption
    _refuse_second(redemption, (Status.PENDING,), version, at)
    _refuse_lapsed(redemption, at)
    _move(redemption, Status.APPROVED, by=by, at=at)
    return redemption


def fulfil(
    redemption_id: str, *, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Hand the reward over; its code is used up."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption = _lock(redemption_id)
    if _was_pressed(redemption, Status.FULFILLED, by):
        return redemption
    if redemption.is_pending:
        raise NotApproved
    _refuse_second(redemption, (Status.APPROVED,), version, at)
    _refuse_lapsed(redemption, at)
    redemption.location_id = by.location_id or redemption.location_id
    _move(redemption, Status.FULFILLED, by=by, at=at)
    return redemption


def cancel(
    redemption_id: str, *, by: Actor, at: datetime, reason: str, version: int | None = None
) -> RewardRedemption:
    """Call it off before it is handed over."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption = _lock(redemption_id)
    if _was_pressed(redemption, Status.CANCELLED, by):
        return redemption
    _refuse_second(redemption, OPEN, version, at)
    _end(redemption, Status.CANCELLED, by=by, at=at, reason=_said(reason))
    return redemption


def change_mind(
    redemption_id: str, *, customer_id: str, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Customers take back what they asked for, while the shop has not said yes."""
    by.needs_to_be(customer_id)
    redemption = _lock(redemption_id)
    if redemption.customer_id != customer_id:
        raise NotFound
    if _was_pressed(redemption, Status.CANCELLED, by):
        return redemption
    if redemption.is_approved:
        raise OnlyWaiting
    _refuse_second(redemption, (Status.PENDING,), version, at)
    _end(redemption, Status.CANCELLED, by=by, at=at, reason=CHANGED_MIND)
    return redemption


def refund(
    redemption_id: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    version: int | None = None,
    restock: bool = True,
) -> RewardRedemption:
    """Take a reward back that was handed over. `restock` False when it cannot go on the shelf."""
    by.needs(Permission.REDEMPTIONS_REFUND)
    redemption = _lock(redemption_id)
    if _was_pressed(redemption, Status.REFUNDED, by):
        return redemption
    _refuse_second(redemption, (Status.FULFILLED,), version, at)
    owner = db.session.scalar(history(select(Customer).filter_by(id=redemption.customer_id)))
    assert owner is not None
    limits.refuse_own(owner, by)
    _end(redemption, Status.REFUNDED, by=by, at=at, reason=_said(reason), restock=restock)
    return redemption


def expire(redemption_id: str, *, at: datetime) -> RewardRedemption:
    """Let an open request lapse when its time is over; else nothing happens."""
    redemption = _lock(redemption_id)
    if redemption.is_open and redemption.expires_at <= at:
        _end(redemption, Status.EXPIRED, by=SYSTEM, at=at, reason=None)
    return redemption


def by_code(code: str) -> RewardRedemption | None:
    """The redemption of a code, however it is typed."""
    return db.session.scalar(
        select(RewardRedemption).where(RewardRedemption.code == codes.as_stored(code))
    )


def bulk(ids: Iterable[str], verb: str, *, by: Actor, at: datetime, reason: str = "") -> list[Line]:
    """Do one thing to many: what is refused for one does not hold up the others."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    verbs: dict[str, tuple[Callable[[str], RewardRedemption], str]] = {
        "approve": (lambda row_id: approve(row_id, by=by, at=at), "Approved"),
        "fulfil": (lambda row_id: fulfil(row_id, by=by, at=at), "Handed over"),
        "cancel": (lambda row_id: cancel(row_id, by=by, at=at, reason=reason), "Cancelled"),
    }
    if verb not in verbs:
        raise ChooseVerb
    do, done = verbs[verb]
    code_of = lock_all(ids, with_holds=verb == "cancel")
    lines = []
    for row_id in sorted(set(ids)):
        try:
            with db.session.begin_nested():
                do(row_id)
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


def _default_program_id(books: Books) -> str | None:
    program = books.set_up.default_program
    return None if program is None else program.id


def _refuse_unavailable(
    reward: Reward, customer_id: str, program_id: str | None, books: Books, at: datetime
) -> None:
    standing = None if program_id is None else books.standing(customer_id)
    figures = (standing.spendable, books.ladder.threshold(standing)) if standing else (0, None)
    facts = facts_with(customer_id, [reward], {reward.id: figures})[reward.id]
    answer = judge(reward, facts, at, current_wording())
    if answer.missing:
        raise ledger.NotEnoughPoints(answer.missing)
    if not answer.ok:
        raise NotToBeHad(answer.reason)


def _insert(values: dict[str, object]) -> RewardRedemption:
    """Save it under a code that no other has."""
    while True:
        statement = (
            insert(RewardRedemption)
            .values(business_id=current_business_id(), code=codes.new_code(), **values)
            .on_conflict_do_nothing(index_elements=["business_id", "code"])
            .returning(RewardRedemption)
        )
        made = db.session.scalar(statement)
        if made is not None:
            return made


def _lock(redemption_id: str) -> RewardRedemption:
    return find(RewardRedemption, redemption_id, lock=True)


def _was_pressed(redemption: RewardRedemption, to: Status, by: Actor) -> bool:
    """Whether this very person did this already: the button was pressed twice."""
    if redemption.status is not to or by.user_id is None:
        return False
    event = who_was_first.last_event(redemption)
    return event is not None and event.by_user_id == by.user_id


def _refuse_second(
    redemption: RewardRedemption, allowed: Iterable[Status], version: int | None, at: datetime
) -> None:
    if redemption.status not in allowed or version not in (None, redemption.version):
        raise AlreadyDecided(who_was_first.what_happened(redemption, at))


def _refuse_lapsed(redemption: RewardRedemption, at: datetime) -> None:
    if redemption.expires_at <= at:
        last_day = current_wording().last_day(redemption.expires_at)
        raise Lapsed(
            _(
                "This request lapsed at the end of %(day)s; its points go back to the customer.",
                day=last_day,
            )
        )


def _said(reason: str) -> str:
    if not reason.strip():
        raise ledger.ReasonNeeded
    return reason.strip()


def _end(
    redemption: RewardRedemption,
    to: Status,
    *,
    by: Actor,
    at: datetime,
    reason: str | None,
    restock: bool = True,
) -> None:
    """Close it and give back what was held."""
    if redemption.points_cost and redemption.program_id is not None:
        _give_back(redemption, redemption.program_id, by, at)
    if restock:
        reward = stock.lock(redemption.reward_id)
        stock.put_back(reward, redemption_id=redemption.id, by=by)
    _move(redemption, to, by=by, at=at, reason=reason)


def _give_back(redemption: RewardRedemption, program_id: str, by: Actor, at: datetime) -> None:
    """The points come back as far as they were paid for."""
    books = Books(program_id, [redemption.customer_id], at=at)
    taken = ledger.entry_of(redemption.customer_id, program_id, "redemption", redemption.id)
    assert taken is not None
    cause = Cause(
        type=TransactionType.REFUNDED,
        source_kind="redemption_back",
        source_id=redemption.id,
        by=by,
        at=at,
        why=Why(inputs={"entry": taken.id}),
        description=taken.description or "",
        redemption_id=redemption.id,
    )
    books.give_back(redemption.customer_id, taken.id, cause)
    books.write(by=by)


def _move(
    redemption: RewardRedemption,
    to: Status,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    before = redemption.status
    redemption.status = to
    if to is Status.APPROVED:
        redemption.approved_at = at
    elif to is Status.FULFILLED:
        redemption.fulfilled_at = at
    else:
        redemption.closed_at = at
    _remember(redemption, before, by, at, reason)


def _remember(
    redemption: RewardRedemption,
    before: Status | None,
    by: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    """The step for the redemption's story, and for everybody who wants to hear of it."""
    db.session.add(
        RedemptionEvent(
            id=new_id(),
            redemption_id=redemption.id,
            from_status=before,
            to_status=redemption.status,
            by_user_id=by.user_id,
            reason=reason,
            occurred_at=at,
        )
    )
    db.session.flush()
    events.happened(
        _HAPPENED[redemption.status],
        redemption,
        by=by,
        before=None if before is None else {"status": before},
        after={"status": redemption.status} | ({"reason": reason} if reason else {}),
        at=at,
    )
