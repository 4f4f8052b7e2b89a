"""Rows of docs/examples.md that today's purchases and rewards can say, played through the verbs."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotFound
from nxloy_web.imports import undo
from nxloy_web.purchases import recording, voiding
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.redemptions import asking, taking_back
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.imports import ImportKind, ImportOptions, ImportRun, UploadedFile
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramSettings
from nxloy_web.tables.points import CustomerBalance, PointReversal
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.books import DAY, books_of


class Desk:
    """What happens at the counter, at a moment of the test's choosing."""

    def __init__(self, app: Flask, **settings: bool) -> None:
        self.app = app
        self.shop: Shop = make_shop(app, settings=BusinessSettings(**settings))
        self.customer = make_customer(app, self.shop)
        self.reward = make_reward(app, self.shop, points_cost=100)
        self.at: datetime = NOON

    def points_end_after(self, days: int) -> None:
        with inside(self.app, self.shop):
            settings = ProgramSettings(expiry="days", expiry_after=days)
            db.session.execute(update(LoyaltyProgram).values(settings=settings))
            db.session.commit()

    def buy(
        self, amount: int = 100, receipt: str | None = None, again_of: str | None = None
    ) -> str:
        with inside(self.app, self.shop):
            id_ = new_id()
            recording.record(
                id=id_,
                customer_id=self.customer,
                amount_minor=amount * 100,
                order_ref=receipt,
                again_of=again_of,
                by=self.shop.actor(),
                at=self.at,
            )
            db.session.commit()
        return id_

    def void(self, purchase_id: str) -> None:
        with inside(self.app, self.shop):
            voiding.void(purchase_id, reason="Back", by=self.shop.actor(), at=self.at)
            db.session.commit()

    def ask(self) -> str:
        with inside(self.app, self.shop):
            id_ = new_id()
            asking.ask(
                id=id_,
                customer_id=self.customer,
                reward_id=self.reward,
                by=self.shop.actor(),
                at=self.at,
            )
            db.session.commit()
        return id_

    def cancel(self, redemption_id: str) -> None:
        with inside(self.app, self.shop):
            by = self.shop.actor()
            taking_back.cancel(redemption_id, by=by, at=self.at, reason="Called off")
            db.session.commit()

    @property
    def balance(self) -> CustomerBalance:
        with inside(self.app, self.shop):
            balance = db.session.scalars(select(CustomerBalance)).one()
        assert books_of(self.app, self.shop) == []
        return balance


def test_13_what_is_owed_is_paid_first(app: Flask) -> None:
    desk = Desk(app, balance_may_go_negative=True)
    bought = desk.buy()
    desk.ask()
    desk.void(bought)
    assert (desk.balance.balance, desk.balance.owed) == (-100, 100)
    desk.buy(150)
    assert (desk.balance.balance, desk.balance.owed) == (50, 0)


@pytest.mark.parametrize("order", ["void, cancel", "cancel, void"])
def test_24_void_and_cancel_in_either_order(app: Flask, order: str) -> None:
    desk = Desk(app)
    bought, asked = desk.buy(), desk.ask()
    for verb in order.split(", "):
        desk.void(bought) if verb == "void" else desk.cancel(asked)
    assert (desk.balance.balance, desk.balance.let_off) == (0, 0)


def test_24_as_often_as_one_likes(app: Flask) -> None:
    """P1: 100, 200, 300 … for nothing, from the phone."""
    desk = Desk(app)
    for _ in range(3):
        bought, asked = desk.buy(), desk.ask()
        desk.void(bought)
        desk.cancel(asked)
    assert desk.balance.balance == 0


def test_25_another_purchase_does_not_pay_what_was_let_off(app: Flask) -> None:
    desk = Desk(app)
    bought = desk.buy(receipt="R-1")
    desk.ask()
    desk.void(bought)
    desk.buy(receipt="R-2")
    assert (desk.balance.balance, desk.balance.let_off) == (100, 100)


def test_the_same_receipt_come_again_pays_what_it_left(app: Flask) -> None:
    desk = Desk(app)
    bought = desk.buy(receipt="R-1")
    desk.ask()
    desk.void(bought)
    desk.buy(receipt="R-1")
    assert (desk.balance.balance, desk.balance.let_off) == (0, 0)


def test_a_purchase_recorded_in_place_of_a_voided_one_pays_what_it_left(app: Flask) -> None:
    desk = Desk(app)
    bought = desk.buy()
    desk.ask()
    desk.void(bought)
    desk.buy(120, again_of=bought)
    assert (desk.balance.balance, desk.balance.let_off) == (20, 0)


def test_only_a_voided_purchase_is_recorded_again_and_once(app: Flask) -> None:
    desk = Desk(app)
    bought = desk.buy()
    with pytest.raises(recording.NotVoided):
        desk.buy(again_of=bought)
    desk.void(bought)
    again = desk.buy(again_of=bought)
    with pytest.raises(recording.RecordedAgain):
        desk.buy(again_of=bought)
    desk.void(again)
    desk.buy(again_of=bought)
    desk.customer = make_customer(app, desk.shop)
    with pytest.raises(NotFound):
        desk.buy(again_of=bought)


def bring_in(desk: Desk) -> str:
    """The one line of a file, as an import of its own."""
    run_id = new_id()
    with inside(desk.app, desk.shop):
        db.session.add(UploadedFile(id=run_id, filename="x.csv", sha256="", size=1, content=b"x"))
        db.session.flush()
        options = ImportOptions(program_id=desk.shop.program_id)
        db.session.add(
            ImportRun(id=run_id, kind=ImportKind.PURCHASES, file_id=run_id, options=options)
        )
        db.session.flush()
        record_many(
            [NewPurchase(desk.customer, 100_00, NOON, import_key="line:1")],
            currency="EUR",
            program_id=desk.shop.program_id,
            at=NOON,
            import_run_id=run_id,
            by_user_id=desk.shop.owner_id,
        )
        db.session.commit()
    return run_id


def test_26_an_undone_import_that_comes_again_pays_what_it_left(app: Flask) -> None:
    desk = Desk(app)
    run_id = bring_in(desk)
    desk.ask()
    with inside(app, desk.shop):
        run = db.session.get_one(ImportRun, (desk.shop.business_id, run_id))
        undo.take_back(run, NOON)
    assert (desk.balance.balance, desk.balance.let_off) == (0, 100)
    bring_in(desk)
    assert (desk.balance.balance, desk.balance.let_off) == (0, 0)


def test_27_what_has_expired_goes_first(app: Flask) -> None:
    """P2: another purchase's points were taken instead."""
    desk = Desk(app)
    desk.points_end_after(10)
    ended = desk.buy()
    desk.at += 19 * DAY
    desk.buy()
    desk.at += DAY
    desk.void(ended)
    assert desk.balance.balance == 100


@pytest.mark.parametrize("order", ["void, cancel", "cancel, void"])
def test_29_a_reward_that_comes_back_pays_for_another(app: Flask, order: str) -> None:
    desk = Desk(app)
    first = desk.buy()
    desk.ask()
    desk.buy()
    second = desk.ask()
    for verb in order.split(", "):
        desk.void(first) if verb == "void" else desk.cancel(second)
    assert (desk.balance.balance, desk.balance.let_off) == (0, 0)


def test_30_a_moved_use_comes_back_where_it_sits(app: Flask) -> None:
    desk = Desk(app)
    desk.points_end_after(30)
    first = desk.buy()
    asked = desk.ask()
    desk.at += 20 * DAY
    desk.buy()
    end = desk.balance.next_change_at
    desk.void(first)
    assert desk.balance.balance == 0
    desk.cancel(asked)
    assert (desk.balance.balance, desk.balance.next_change_at) == (100, end)


def test_38_seven_days_more_once(app: Flask) -> None:
    """P1a: asking and calling off kept points good for ever."""
    desk = Desk(app)
    desk.points_end_after(10)
    desk.buy()
    desk.at += 9 * DAY
    asked = desk.ask()
    desk.at += 3 * DAY
    desk.cancel(asked)
    assert desk.balance.spendable == 100
    desk.at += 5 * DAY
    asked = desk.ask()
    desk.at += 8 * DAY
    desk.cancel(asked)
    assert desk.balance.balance == 0


def test_a_raised_threshold_takes_a_tier_from_nobody_at_the_next_return(app: Flask) -> None:
    """P3: Gold raised from 100 to 300, then any purchase of a Gold customer was voided."""
    desk = Desk(app)
    gold = make_tier(app, desk.shop, "Gold", 100)
    desk.buy(100)
    small = desk.buy(20)
    with inside(app, desk.shop):
        db.session.execute(update(LoyaltyTier).values(required_points=300))
        db.session.commit()
    desk.void(small)
    assert desk.balance.tier_id == gold


def test_a_return_that_takes_nothing_is_said(app: Flask) -> None:
    """P7: nothing was written, and nobody could tell what had become of it."""
    desk = Desk(app)
    bought, _ = desk.buy(), desk.ask()
    desk.void(bought)
    with inside(app, desk.shop):
        (said,) = db.session.scalars(select(PointReversal)).all()
    assert (said.wanted, said.moved, said.let_off, said.entry_id) == (100, 0, 100, None)
    assert said.why.steps[-1] == "taken back: 0"
