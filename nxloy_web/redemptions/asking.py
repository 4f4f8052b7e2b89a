"""Asking for a reward takes points and stock at once: the entry and the movement are the hold, so
what was promised is there.
"""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.rows import already
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import expiry, limits
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import codes, steps
from nxloy_web.rewards import stock
from nxloy_web.rewards.availability import facts_with, judge
from nxloy_web.tables.points import TransactionType, Why
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _

Status = RedemptionStatus


class NotToBeHad(BusinessRule):
    message = _("This reward is not to be had now.")


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
    redemption = _insert(reward, customer_id, program_id, books, id=id, by=by, at=at)
    if reward.points_cost and program_id is not None:
        _hold_points(redemption, reward, books, by, at)
    stock.take(reward, redemption_id=redemption.id, by=by)
    steps.remember(redemption, None, "redemption.asked", by, at)
    if not reward.needs_approval:
        steps.move(redemption, Status.APPROVED, by=SYSTEM, at=at)
    return redemption


def _default_program_id(books: Books) -> str | None:
    program = books.set_up.default_program
    return None if program is None else program.id


def _refuse_unavailable(
    reward: Reward, customer_id: str, program_id: str | None, books: Books, at: datetime
) -> None:
    standing = None if program_id is None else books.standing(customer_id)
    figures = (standing.spendable, books.ladder.threshold(standing, at)) if standing else (0, None)
    facts = facts_with(customer_id, [reward], {reward.id: figures})[reward.id]
    answer = judge(reward, facts, at, current_wording())
    if answer.missing:
        raise ledger.NotEnoughPoints(answer.missing, books.unit(answer.missing))
    if not answer.ok:
        raise NotToBeHad(answer.reason)


def _insert(
    reward: Reward,
    customer_id: str,
    program_id: str | None,
    books: Books,
    *,
    id: str,
    by: Actor,
    at: datetime,
) -> RewardRedemption:
    """Save it under a code that no other has."""
    days = books.set_up.business.settings.redemption_days
    facts = {
        "business_id": current_business_id(),
        "id": id,
        "customer_id": customer_id,
        "reward_id": reward.id,
        "program_id": program_id,
        "location_id": by.location_id,
        "status": Status.PENDING,
        "points_cost": reward.points_cost,
        "money_cost": reward.money_cost,
        "currency": reward.currency,
        "requested_at": at,
        "expires_at": expiry.days_on(at, days, books.set_up.zone),
    }
    while True:
        statement = (
            insert(RewardRedemption)
            .values(code=codes.new_code(), **facts)
            .on_conflict_do_nothing(index_elements=["business_id", "code"])
            .returning(RewardRedemption)
        )
        made = db.session.scalar(statement)
        if made is not None:
            return made


def _hold_points(
    redemption: RewardRedemption, reward: Reward, books: Books, by: Actor, at: datetime
) -> None:
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
    ledger.debit(books, redemption.customer_id, reward.points_cost, cause)
    books.write(by=by)
