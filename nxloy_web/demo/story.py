"""Six months of a café, told stretch by stretch through the same services people use."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select, text

from nxloy_web.actors import Actor
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.demo import cast
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Role
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.redemptions import asking, deciding, taking_back
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward

WEEKS = 26
CUSTOMERS = 280
ASKS_A_WEEK = 5
DAILY_WEEKS = 5
"""The last weeks are told day by day: the charts show them."""
OPEN_ASKS = 16
"""Requests of the last two days, so that the desk has something to decide."""


@dataclass
class Regular:
    """A customer of the story: when they came first, and how often they come."""

    id: str
    joined_at: datetime
    visits_a_week: float
    usual_minor: int


@dataclass
class Story:
    business_id: str
    program_id: str
    location_ids: list[str]
    reward_ids: list[str]
    staff: Actor
    now: datetime
    amara_user_id: str
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311
    regulars: list[Regular] = field(default_factory=list)
    lapsing: list[tuple[datetime, str]] = field(default_factory=list)

    def tell(self) -> None:
        """Everything until now; the caller commits."""
        self._enrol_everybody()
        for begin, end in self._stretches():
            self._sell(begin, end)
            self._redeem(end - timedelta(minutes=5), last=end == self.now)
            db.session.flush()
            db.session.expunge_all()
        self._forget_the_mail()

    def _stretches(self) -> Iterator[tuple[datetime, datetime]]:
        begin = self.now - timedelta(weeks=WEEKS)
        while begin < self.now:
            daily = self.now - begin <= timedelta(weeks=DAILY_WEEKS)
            end = begin + (timedelta(days=1) if daily else timedelta(weeks=1))
            yield begin, end
            begin = end

    def _enrol_everybody(self) -> None:
        start = self.now - timedelta(weeks=WEEKS)
        names = self._names()
        for number, (first, last) in enumerate(names):
            # Half of them were there at the opening, the others came over the months.
            weeks = 0.0 if number < CUSTOMERS // 2 else self.chance.uniform(0, WEEKS - 0.2)
            joined = start + timedelta(days=7 * weeks, minutes=self.chance.randrange(600))
            is_amara = number == 0
            customer = customers.enrol(
                new_id(),
                replace(
                    NEWCOMER,
                    first_name=first,
                    last_name=last,
                    email=cast.CUSTOMER[2] if is_amara else f"guest{number:03d}@harbour.example",
                    phone=f"+3519120{number:05d}" if number % 3 else None,
                    email_opt_in=self.chance.random() < 0.7,
                    sms_opt_in=self.chance.random() < 0.2,
                    date_of_birth=date(
                        self.chance.randint(1955, 2006),
                        self.chance.randint(1, 12),
                        self.chance.randint(1, 28),
                    )
                    if self.chance.random() < 0.6
                    else None,
                    tags=self._tags(),
                ),
                user_id=self.amara_user_id if is_amara else None,
                by=self.staff,
                at=joined,
            )
            self.regulars.append(
                Regular(
                    customer.id,
                    joined,
                    visits_a_week=2.4 if is_amara else self.chance.expovariate(1.6),
                    usual_minor=self.chance.choice((380, 450, 620, 890, 1240)),
                )
            )

    def _names(self) -> list[tuple[str, str]]:
        made = [(cast.CUSTOMER[0], cast.CUSTOMER[1]), *cast.PLAIN_NAMES]
        seen = set(made)
        while len(made) < CUSTOMERS:
            name = (self.chance.choice(cast.FIRST_NAMES), self.chance.choice(cast.LAST_NAMES))
            if name not in seen:
                seen.add(name)
                made.append(name)
        return made

    def _tags(self) -> list[str]:
        return [
            tag for tag in ("vegan", "student", "local", "events") if self.chance.random() < 0.1
        ]

    def _sell(self, begin: datetime, end: datetime) -> None:
        bought = []
        for regular in self.regulars:
            days = (end - begin).days
            visits = int(min(regular.visits_a_week, 7) * days / 7 + self.chance.random())
            for _ in range(visits):
                at = begin + timedelta(minutes=self.chance.randrange(days * 24 * 60))
                if regular.joined_at <= at < end - timedelta(minutes=10):
                    amount = int(regular.usual_minor * self.chance.uniform(0.7, 1.8)) // 10 * 10
                    bought.append(
                        NewPurchase(
                            regular.id,
                            amount,
                            at,
                            location_id=self.chance.choice(self.location_ids),
                            by_user_id=self.staff.user_id,
                        )
                    )
        if bought:
            record_many(
                bought,
                currency="EUR",
                program_id=self.program_id,
                at=end - timedelta(minutes=10),
                by_user_id=self.staff.user_id,
            )

    def _redeem(self, at: datetime, *, last: bool) -> None:
        """Some ask; of the last week's requests some are still open, as a desk looks at noon."""
        self._lapse(at)
        rich = db.session.execute(
            select(CustomerBalance.customer_id, CustomerBalance.spendable)
            .where(CustomerBalance.spendable >= 300)
            .order_by(CustomerBalance.customer_id)
        ).all()
        asks = min(len(rich), OPEN_ASKS if last else self._asks(at))
        chosen = self.chance.sample(list(rich), asks)
        # Who tries the portal as Amara finds something collected and something open.
        amara = [row for row in rich if row.customer_id == self.regulars[0].id]
        if last:
            chosen = amara + chosen
        elif (self.now - at).days == 20:
            chosen = chosen + amara
        for number, (customer_id, spendable) in enumerate(chosen):
            asked_at = at - timedelta(minutes=(asks - number) * (150 if last else 180))
            redemption = self._ask(customer_id, spendable, asked_at if last else at)
            if redemption is not None:
                self._carry_on(redemption, at, number, last)

    def _asks(self, at: datetime) -> int:
        if self.now - at > timedelta(weeks=DAILY_WEEKS):
            return ASKS_A_WEEK
        return self.chance.randrange(3)

    def _ask(self, customer_id: str, spendable: int, at: datetime) -> RewardRedemption | None:
        rewards = db.session.scalars(
            select(Reward)
            .where(Reward.id.in_(self.reward_ids), Reward.points_cost <= spendable)
            .order_by(Reward.points_cost, Reward.id)
        ).all()
        if not rewards:
            return None
        # People save up for something: mostly the dearest they can have, sometimes a coffee.
        reward = rewards[-1] if self.chance.random() < 0.35 else self.chance.choice(rewards)
        try:
            return asking.ask(
                id=new_id(),
                customer_id=customer_id,
                reward_id=reward.id,
                by=Actor(kind="team", user_id=self.staff.user_id, role=Role.STAFF),
                at=at,
            )
        except BusinessRule:
            return None

    def _carry_on(
        self, redemption: RewardRedemption, at: datetime, number: int, last: bool
    ) -> None:
        if last and number % 3 == 0:
            return
        if not last and number == 0 and self.chance.random() < 0.5:
            self.lapsing.append((redemption.expires_at, redemption.id))
            return
        # Not `is_pending`: that is by the clock of today, and this is told of days long past.
        if redemption.status is RedemptionStatus.PENDING:
            if self.chance.random() < 0.1:
                reason = self.chance.choice(cast.CANCEL_REASONS)
                taking_back.cancel(redemption.id, by=self.staff, at=at, reason=reason)
                return
            deciding.approve(redemption.id, by=self.staff, at=at)
        if last and number % 3 == 1:
            return
        deciding.fulfil(redemption.id, by=self.staff, at=at)
        if self.chance.random() < 0.03:
            manager = Actor(kind="team", user_id=self.staff.user_id, role=Role.MANAGER)
            taking_back.refund(redemption.id, by=manager, at=at, reason="Coffee was cold")

    def _lapse(self, at: datetime) -> None:
        due = [entry for entry in self.lapsing if entry[0] <= at]
        self.lapsing = [entry for entry in self.lapsing if entry[0] > at]
        for _, redemption_id in due:
            taking_back.expire(redemption_id, at=at)

    def _forget_the_mail(self) -> None:
        """History is told, not lived: nobody gets a letter about a coffee of last spring."""
        db.session.flush()
        db.session.execute(
            text("DELETE FROM procrastinate_jobs WHERE args ->> 'business_id' = :business_id"),
            {"business_id": self.business_id},
        )
