"""Reads for the reward screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db, paging
from nxloy_web.db.paging import NumberedPage
from nxloy_web.db.session import WITH_DELETED, history
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.errors import NotFound
from nxloy_web.tables.auth import User
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType, StockMovement
from nxloy_web.tables.segments import CustomerSegment
from nxloy_web.web.arguments import Arguments

LOW_STOCK = 0.2
"""A reward with at most this part of its stock left is shown as low."""
SORTS: dict[str, Any] = {
    "name": Reward.name,
    "points": Reward.points_cost,
    "stock": Reward.current_stock,
    "added": Reward.created_at,
}


@dataclass(frozen=True)
class Filter:
    """What the address of the catalogue says."""

    text: str = ""
    status: str = "all"
    type: RewardType | None = None
    category: str = ""
    program_id: str = ""
    sort: str = "name"
    page: int = 1

    @classmethod
    def from_args(cls, args: Arguments) -> Self:
        """Read the query string; what makes no sense does not filter."""
        status = args.text("status").lower()
        return cls(
            text=args.text("q"),
            status=status if status in TABS else "all",
            type=args.member("type", RewardType),
            category=args.text("category"),
            program_id=args.row_id("program"),
            sort=args.ordered(SORTS, "name"),
            page=args.page(),
        )

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.type or self.category or self.program_id)


TABS = ("all", *(status.value.lower() for status in RewardStatus), "deleted")


def catalogue(filter_: Filter) -> NumberedPage[Reward]:
    """One page of rewards with their program and tier."""
    column = SORTS[filter_.sort.removeprefix("-")]
    order = column.desc() if filter_.sort.startswith("-") else column.asc()
    statement = (
        _matching(select(Reward), filter_)
        .options(joinedload(Reward.program), joinedload(Reward.tier))
        .order_by(order.nulls_last(), Reward.id)
    )
    total = paging.count(_matching(select(Reward.id), filter_))
    return paging.numbered_page(statement, filter_.page, total=total)


def counts() -> dict[str, int]:
    """How many rewards each tab has."""
    gone = Reward.deleted_at.is_not(None)
    statement = select(Reward.status, gone, func.count()).group_by(Reward.status, gone)
    rows = db.session.execute(statement, execution_options={WITH_DELETED: True}).all()
    found = dict.fromkeys(TABS, 0)
    for status, deleted, count in rows:
        found["deleted" if deleted else status.value.lower()] += count
        if not deleted and status is not RewardStatus.ARCHIVED:
            found["all"] += count
    return found


def tabs_of(numbers: dict[str, int], chosen: str) -> list[str]:
    """The tabs worth showing: those with something in them, and the one that is open."""
    return [tab for tab in TABS if tab in ("all", "active", chosen) or numbers[tab]]


def categories() -> Sequence[str]:
    return db.session.scalars(
        select(Reward.category)
        .where(Reward.category.is_not(None))
        .distinct()
        .order_by(Reward.category)
        .limit(100)
    ).all()  # type: ignore[return-value]


def programs(also: str | None = None) -> Sequence[LoyaltyProgram]:
    """Programs that can pay for rewards: all that are not archived, and the one that does."""
    return db.session.scalars(
        select(LoyaltyProgram)
        .where(
            or_(
                LoyaltyProgram.status != ProgramStatus.ARCHIVED,
                LoyaltyProgram.id == (also or ""),
            )
        )
        .order_by(LoyaltyProgram.status, *OLDEST_FIRST)
        .limit(100)
    ).all()


def tiers() -> Sequence[LoyaltyTier]:
    return db.session.scalars(
        select(LoyaltyTier).order_by(LoyaltyTier.program_id, LoyaltyTier.required_points)
    ).all()


def with_everything(reward_id: str) -> Reward:
    """One reward with its program and tier, deleted or not. Raises NotFound."""
    reward = db.session.scalar(
        history(
            select(Reward)
            .where(Reward.id == reward_id)
            .options(joinedload(Reward.program), joinedload(Reward.tier))
        )
    )
    if reward is None:
        raise NotFound
    return reward


def segment_name(segment_id: str | None) -> str | None:
    if segment_id is None:
        return None
    return db.session.scalar(
        history(select(CustomerSegment.name).where(CustomerSegment.id == segment_id))
    )


def movements(reward_id: str, limit: int = 20) -> Sequence[tuple[StockMovement, str | None]]:
    """What happened to the stock, newest first, with the name of who did it."""
    rows = db.session.execute(
        select(StockMovement, User.name)
        .outerjoin(User, User.id == StockMovement.by_user_id)
        .where(StockMovement.reward_id == reward_id)
        .order_by(StockMovement.created_at.desc(), StockMovement.id.desc())
        .limit(limit)
    ).all()
    return [(movement, name) for movement, name in rows]


def redemptions(reward_id: str, limit: int = 10) -> Sequence[RewardRedemption]:
    """The newest requests for a reward, with customers, deleted ones too."""
    return db.session.scalars(
        history(
            select(RewardRedemption)
            .where(RewardRedemption.reward_id == reward_id)
            .options(joinedload(RewardRedemption.customer))
            .order_by(RewardRedemption.requested_at.desc(), RewardRedemption.id.desc())
            .limit(limit)
        )
    ).all()


def redemption_counts(reward_id: str) -> dict[RedemptionStatus, int]:
    rows = db.session.execute(
        select(RewardRedemption.status, func.count())
        .where(RewardRedemption.reward_id == reward_id)
        .group_by(RewardRedemption.status)
    ).all()
    return dict.fromkeys(RedemptionStatus, 0) | {row[0]: row[1] for row in rows}


def _matching(statement: Select[Any], filter_: Filter) -> Select[Any]:
    if filter_.status == "deleted":
        statement = history(statement.where(Reward.deleted_at.is_not(None)))
    elif filter_.status == "all":
        statement = statement.where(Reward.status != RewardStatus.ARCHIVED)
    else:
        statement = statement.where(Reward.status == RewardStatus(filter_.status.upper()))
    if filter_.text:
        # The beginning of the name or of any word in it. A catalogue is small: no index needed.
        statement = statement.where(
            or_(
                Reward.name.istartswith(filter_.text, autoescape=True),
                Reward.name.icontains(f" {filter_.text}", autoescape=True),
            )
        )
    if filter_.type is not None:
        statement = statement.where(Reward.type == filter_.type)
    if filter_.category:
        statement = statement.where(Reward.category == filter_.category)
    if filter_.program_id:
        statement = statement.where(Reward.program_id == filter_.program_id)
    return statement


def low_stock(limit: int) -> list[Reward]:
    """Rewards on offer that are about to run out, the emptiest first."""
    return list(
        db.session.scalars(
            select(Reward)
            .where(
                Reward.status.in_((RewardStatus.ACTIVE, RewardStatus.OUT_OF_STOCK)),
                Reward.total_stock > 0,
                Reward.current_stock <= Reward.total_stock * LOW_STOCK,
            )
            .order_by(Reward.current_stock, Reward.id)
            .limit(limit)
        )
    )
