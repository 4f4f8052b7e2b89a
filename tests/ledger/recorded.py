"""Five hundred made-up histories, and what the books said after each.

A history is played through the verbs people use, one purchase at a time or as an import, in a
transaction that is thrown away.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import Refusal
from nxloy_web.imports import undo
from nxloy_web.ledger import service as ledger
from nxloy_web.purchases import recording, voiding
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.redemptions import asking, deciding, taking_back
from nxloy_web.tables.businesses import Business, BusinessSettings
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.imports import ImportKind, ImportOptions, ImportRun, UploadedFile
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramSettings
from nxloy_web.tables.points import CustomerBalance, PointLot, PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType
from tests.factories import NOON, Shop, inside, make_shop, make_tier

FILE = Path(__file__).with_name("histories.jsonl")
DECIDED_FILE = Path(__file__).with_name("histories_decided.jsonl")
COUNT = 500
EXPIRY = ("never", "days", "end_of_month")
COSTS = (20, 50, 100)
Event = list[Any]


def history(seed: int) -> dict[str, Any]:
    """What happens in the history of this number: the same at every call."""
    chance = random.Random(seed)
    return {
        "seed": seed,
        "expiry": chance.choice(EXPIRY),
        "negative": chance.random() < 0.25,
        "writer": chance.choice(["one", "batch"]),
        "events": [_event(chance) for _ in range(chance.randrange(5, 15))],
    }


def _event(chance: random.Random) -> Event:
    roll, who, which = chance.random(), chance.randrange(2), chance.randrange(6)
    if roll < 0.26:
        return ["buy", who, chance.choice([20, 50, 80, 100, 120]), chance.choice([0, 0, 0, 5, 40])]
    if roll < 0.44:
        return ["ask", who, chance.randrange(len(COSTS))]
    if roll < 0.54:
        return ["cancel", which]
    if roll < 0.64:
        return ["hand over", which]
    if roll < 0.70:
        return ["refund", which]
    if roll < 0.84:
        return ["void", which]
    if roll < 0.88:
        return ["adjust", who, chance.choice([-30, -10, 15, 40])]
    if roll < 0.92:
        return ["import", [[chance.randrange(2), chance.choice([30, 60, 90]), chance.choice([0, 3, 60])] for _ in range(3)]]  # fmt: skip  # noqa: E501
    if roll < 0.95:
        return ["undo import", which]
    return ["wait", chance.choice([3, 12, 20])]


@dataclass
class Setting:
    """The shop all histories are played in: its tiers, its rewards."""

    shop: Shop
    reward_ids: list[str]


def a_setting(app: Flask) -> Setting:
    shop = make_shop(app)
    make_tier(app, shop, "Silver", 100, "1.5")
    make_tier(app, shop, "Gold", 300, "2")
    rewards = [new_id() for _ in COSTS]
    with inside(app, shop):
        for reward_id, cost in zip(rewards, COSTS, strict=True):
            db.session.add(
                Reward(
                    id=reward_id,
                    name=f"Reward {cost}",
                    type=RewardType.FREE_ITEM,
                    status=RewardStatus.ACTIVE,
                    points_cost=cost,
                    currency="EUR",
                    program_id=shop.program_id,
                )
            )
        db.session.commit()
    return Setting(shop, rewards)


@dataclass
class Player:
    """Plays one history; what is refused happens to nobody and is written down as such."""

    setting: Setting
    writer: str
    at: datetime = NOON
    people: list[str] = field(default_factory=list)
    bought: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What a source is called in the file, by its id."""

    def begin(self, expiry: str, negative: bool) -> None:
        settings = ProgramSettings(expiry=expiry, expiry_after=10)  # type: ignore[arg-type]
        db.session.execute(update(LoyaltyProgram).values(settings=settings))
        business = db.session.scalars(select(Business)).one()
        business.settings = BusinessSettings(balance_may_go_negative=negative)
        for number in range(2):
            customer = Customer(
                id=new_id(),
                member_code=new_id(),
                first_name=f"Nr{number}",
                email="a@b.c",
                email_norm=new_id(),
                status=CustomerStatus.ACTIVE,
            )
            db.session.add(customer)
            self.people.append(customer.id)
        db.session.flush()

    def play(self, event: Event) -> str | None:
        name, *arguments = event
        try:
            with db.session.begin_nested():
                getattr(self, name.replace(" ", "_"))(*arguments)
        except Refusal as refusal:
            return type(refusal).__name__
        return None

    def buy(self, who: int, amount: int, days_ago: int) -> None:
        occurred_at = self.at - timedelta(days=days_ago)
        purchase_id = self.named(f"purchase {len(self.bought)}")
        if self.writer == "batch":
            self.bring_in([(who, amount, occurred_at, purchase_id)], None)
        else:
            recording.record(
                id=purchase_id,
                customer_id=self.people[who],
                amount_minor=amount * 100,
                by=self.setting.shop.actor(),
                at=self.at,
                occurred_at=occurred_at,
            )
        self.bought.append(purchase_id)

    def bring_in(self, lines: list[tuple[int, int, datetime, str]], run_id: str | None) -> None:
        record_many(
            [
                NewPurchase(self.people[who], amount * 100, occurred_at, import_key=new_id(), id=id)
                for who, amount, occurred_at, id in lines
            ],
            currency="EUR",
            program_id=self.setting.shop.program_id,
            at=self.at,
            import_run_id=run_id,
            by_user_id=self.setting.shop.owner_id,
        )

    def ask(self, who: int, which: int) -> None:
        redemption_id = self.named(f"redemption {len(self.asked)}")
        asking.ask(
            id=redemption_id,
            customer_id=self.people[who],
            reward_id=self.setting.reward_ids[which],
            by=self.setting.shop.actor(),
            at=self.at,
        )
        self.asked.append(redemption_id)

    def cancel(self, which: int) -> None:
        if self.asked:
            redemption_id = self.asked[which % len(self.asked)]
            by = self.setting.shop.actor()
            taking_back.cancel(redemption_id, by=by, at=self.at, reason="Changed their mind")

    def hand_over(self, which: int) -> None:
        if self.asked:
            redemption_id, by = self.asked[which % len(self.asked)], self.setting.shop.actor()
            deciding.approve(redemption_id, by=by, at=self.at)
            deciding.fulfil(redemption_id, by=by, at=self.at)

    def refund(self, which: int) -> None:
        if self.asked:
            redemption_id = self.asked[which % len(self.asked)]
            by = self.setting.shop.actor()
            taking_back.refund(redemption_id, by=by, at=self.at, reason="Broken")

    def void(self, which: int) -> None:
        if self.bought:
            purchase_id = self.bought[which % len(self.bought)]
            by = self.setting.shop.actor()
            voiding.void(purchase_id, reason="Wrong till", by=by, at=self.at)

    def adjust(self, who: int, amount: int) -> None:
        ledger.adjust(
            self.people[who],
            self.setting.shop.program_id,
            amount,
            id=self.named("adjustment"),
            reason="Because",
            by=self.setting.shop.actor(),
            at=self.at,
        )

    def import_(self, lines: list[list[int]]) -> None:
        run_id = self.named(f"import {len(self.runs)}")
        db.session.add(UploadedFile(id=run_id, filename="x.csv", sha256="", size=1, content=b"x"))
        db.session.flush()
        options = ImportOptions(program_id=self.setting.shop.program_id)
        db.session.add(
            ImportRun(id=run_id, kind=ImportKind.PURCHASES, file_id=run_id, options=options)
        )
        db.session.flush()
        bought = [self.named(f"line {number} of {self.names[run_id]}") for number in range(3)]
        self.bring_in(
            [
                (who, amount, self.at - timedelta(days=ago), purchase_id)
                for (who, amount, ago), purchase_id in zip(lines, bought, strict=True)
            ],
            run_id,
        )
        self.runs.append(run_id)
        self.bought += bought

    def undo_import(self, which: int) -> None:
        if self.runs:
            run = db.session.get_one(ImportRun, (self.setting.shop.business_id, self.runs[which % len(self.runs)]))  # fmt: skip  # noqa: E501
            left = select(Purchase.id).where(
                Purchase.import_run_id == run.id, Purchase.undone_at.is_(None)
            )
            undo.void_purchases(run, db.session.scalars(left).all(), self.at)

    def wait(self, days: int) -> None:
        self.at += timedelta(days=days)
        for redemption_id in self.asked:
            taking_back.expire(redemption_id, at=self.at)

    def named(self, name: str) -> str:
        made = new_id()
        self.names[made] = name
        return made

    def __getattr__(self, name: str) -> Any:
        if name == "import":
            return self.import_
        raise AttributeError(name)

    def books(self) -> list[dict[str, Any]]:
        """Entries, lots and standing of each of the two people, without ids."""
        program_id = self.setting.shop.program_id
        there = [one for one in self.people if ledger.balance_of(one, program_id).last_seq]
        ledger.settle(program_id, there, self.at)
        db.session.flush()
        db.session.expire_all()
        return [self._book(customer_id) for customer_id in self.people]

    def _book(self, customer_id: str) -> dict[str, Any]:
        balance = db.session.scalar(
            select(CustomerBalance).where(CustomerBalance.customer_id == customer_id)
        )
        if balance is None:
            return {}
        entries = db.session.scalars(
            select(PointTransaction)
            .where(PointTransaction.balance_id == balance.id)
            .order_by(PointTransaction.seq)
        ).all()
        lots = db.session.scalars(select(PointLot).where(PointLot.balance_id == balance.id)).all()
        source = {entry.id: self.names.get(entry.source_id, "?") for entry in entries}
        tier = db.session.get(LoyaltyTier, (balance.business_id, balance.tier_id or ""))
        return {
            "standing": [balance.balance, balance.spendable, _days(balance.next_change_at),
                         balance.lifetime_points, tier.name if tier else None],
            "entries": [[e.type.value, e.amount, e.balance, self.names.get(e.source_id, "lot"),
                         _days(e.occurred_at)] for e in entries],
            "lots": sorted([source[lot.transaction_id], lot.amount, lot.remaining,
                            _days(lot.available_at), _days(lot.expires_at)] for lot in lots),
        }  # fmt: skip


def _days(at: datetime | None) -> float | None:
    """Days since the history began."""
    return None if at is None else round((at - NOON) / timedelta(days=1), 4)


def played(setting: Setting, told: dict[str, Any]) -> dict[str, Any]:
    """Play one history in the open transaction, throw it away; what it left behind."""
    player = Player(setting, told["writer"])
    player.begin(told["expiry"], told["negative"])
    refused = [player.play(event) for event in told["events"]]
    books = player.books()
    db.session.rollback()
    return {"refused": refused, "books": books}


def recorded(first: int, end: int) -> Iterator[dict[str, Any]]:
    with FILE.open() as lines:
        yield from map(json.loads, islice(lines, first, end))


def decided() -> Iterator[dict[str, Any]]:
    with DECIDED_FILE.open() as lines:
        yield from map(json.loads, lines)
