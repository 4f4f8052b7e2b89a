"""Which program is meant when none is named: the same one wherever it is asked."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

import nxloy_web
from nxloy_web.counter import queries as counter
from nxloy_web.customers import queries as customers
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.earning.programs import (
    DEFAULT_PROGRAM_ID,
    default_program,
    program_paying_for,
    running_programs,
)
from nxloy_web.purchases import recording
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus, ProgramType
from nxloy_web.tables.rewards import Reward
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def younger_program(app: Flask, shop: Shop, status: ProgramStatus = ProgramStatus.ACTIVE) -> str:
    program_id = new_id()
    with inside(app, shop):
        first = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
        db.session.add(
            LoyaltyProgram(
                id=program_id,
                name=f"Stamps {program_id}",
                type=ProgramType.POINTS,
                status=status,
                currency="EUR",
                created_at=first.created_at + timedelta(days=1),
            )
        )
        db.session.commit()
    return program_id


def test_the_oldest_that_runs_is_meant(app: Flask, shop: Shop) -> None:
    younger = younger_program(app, shop)
    younger_program(app, shop, ProgramStatus.DRAFT)
    with inside(app, shop):
        assert [program.id for program in running_programs()] == [shop.program_id, younger]
        paused = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
        paused.status = ProgramStatus.PAUSED
        db.session.flush()
        program = default_program()
        assert program is not None
        assert program.id == younger


def test_a_deleted_program_is_not_meant_where_deleted_rows_are_read_too(
    app: Flask, shop: Shop
) -> None:
    younger = younger_program(app, shop)
    with inside(app, shop):
        first = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
        first.deleted_at = NOON
        db.session.flush()
        assert db.session.scalar(history(select(DEFAULT_PROGRAM_ID))) == younger


def test_every_place_means_the_same_program(app: Flask, shop: Shop) -> None:
    """The counter showed whichever program the customer had points in; the purchase earned in
    the default one."""
    younger = younger_program(app, shop)
    customer_id = make_customer(app, shop)
    reward_id = make_reward(app, shop, program_id=None)
    with inside(app, shop):
        at_the_counter = {"customer_id": customer_id, "by": shop.actor(), "at": NOON}
        recording.record(id=new_id(), amount_minor=500, program_id=younger, **at_the_counter)
        assert counter.card(customer_id, NOON).balance is None
        purchase = recording.record(id=new_id(), amount_minor=700, **at_the_counter)
        card = counter.card(customer_id, NOON)
        listed = customers.default_program()
        reward = db.session.get_one(Reward, (shop.business_id, reward_id))
        assert card.balance is not None
        assert listed is not None
        assert (card.spendable, card.balance.program_id) == (7, shop.program_id)
        assert purchase.program_id == shop.program_id
        assert listed.id == shop.program_id
        assert program_paying_for(reward) == shop.program_id


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (r"LoyaltyProgram\.created_at", "earning/programs.py"),
        (r"\.ended_at\.is_", "earning/rules.py"),
    ],
)
def test_the_order_of_programs_and_which_rules_are_in_force_stand_in_one_place(
    rule: str, place: str
) -> None:
    package = Path(nxloy_web.__file__).parent
    places = [
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if re.search(rule, file.read_text())
    ]
    assert places == [place]
