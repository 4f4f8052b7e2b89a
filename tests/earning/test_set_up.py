"""What is read of a business before points move: what lives, of this business, in its order."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.earning.rules import rule_of, rules_of
from nxloy_web.earning.set_up import SetUp, read_set_up
from nxloy_web.errors import NotFound
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.loyalty import (
    EarningRule,
    EarningTerms,
    LoyaltyProgram,
    LoyaltyTier,
    ProgramStatus,
)
from tests.factories import NOON, Shop, inside, make_program, make_shop, make_tier


@pytest.fixture
def shop(app: Flask) -> Shop:
    """Another shop stands beside it, with a program, a rule and a tier of its own."""
    make_tier(app, make_shop(app), "Theirs", 100)
    return make_shop(app)


def set_up_of(app: Flask, shop: Shop) -> SetUp:
    with inside(app, shop):
        return read_set_up()


def make_location(app: Flask, shop: Shop, **values: Any) -> str:
    location_id = new_id()
    with inside(app, shop):
        db.session.add(Location(id=location_id, name=f"Place {location_id}", **values))
        db.session.commit()
    return location_id


def make_version(
    app: Flask, shop: Shop, program_id: str, rule_id: str, version: int, day: int, **values: Any
) -> None:
    """A version of a rule that came on this day."""
    with inside(app, shop):
        db.session.add(
            EarningRule(
                program_id=program_id,
                rule_id=rule_id,
                version=version,
                name=f"Version {version}",
                terms=EarningTerms(points=version, per_minor=100),
                created_at=NOON + timedelta(days=day),
                **values,
            )
        )
        db.session.commit()


def test_the_business_is_the_one_of_the_scope(app: Flask, shop: Shop) -> None:
    set_up = set_up_of(app, shop)
    assert set_up.business.id == shop.business_id
    assert [program.id for program in set_up.programs] == [shop.program_id]
    assert [rule.rule_id for rule in set_up.programs[0].rules] == [shop.rule_id]
    assert set_up.zone.key == "Europe/Berlin"


def test_a_deleted_location_is_no_place_to_be(app: Flask, shop: Shop) -> None:
    closed = make_location(app, shop, deleted_at=NOON)
    set_up = set_up_of(app, shop)
    assert set_up.location_ids == {shop.location_id}
    assert set_up.location(shop.location_id) == shop.location_id
    for unknown in (None, closed):
        assert set_up.location(unknown) == shop.location_id


def test_of_several_locations_one_has_to_be_chosen(app: Flask, shop: Shop) -> None:
    second = make_location(app, shop)
    set_up = set_up_of(app, shop)
    for chosen in (second, shop.location_id):
        assert set_up.location(chosen) == chosen
    assert set_up.location(None) is None
    assert set_up.location("of another business") is None


def test_a_deleted_program_is_not_there_and_a_paused_one_is_not_meant(
    app: Flask, shop: Shop
) -> None:
    deleted = make_program(app, shop, "Deleted", created_at=NOON, deleted_at=NOON)
    paused = make_program(
        app, shop, "Paused", created_at=NOON + timedelta(days=1), status=ProgramStatus.PAUSED
    )
    older = make_program(app, shop, "Older", created_at=NOON + timedelta(days=2))
    set_up = set_up_of(app, shop)
    assert [program.id for program in set_up.programs][:2] == [paused, older]
    assert set_up.default_program is set_up.program(older)
    assert set_up.program(paused).name == "Paused"
    for unknown in (deleted, "of another business"):
        with pytest.raises(NotFound):
            set_up.program(unknown)


def test_nothing_is_meant_while_nothing_runs(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        db.session.get_one(
            LoyaltyProgram, (shop.business_id, shop.program_id)
        ).status = ProgramStatus.PAUSED
        db.session.flush()
        assert read_set_up().default_program is None


def test_rules_are_those_in_force_and_stand_in_the_order_they_first_came(
    app: Flask, shop: Shop
) -> None:
    program_id = make_program(app, shop, "Stamps")
    make_version(app, shop, program_id, "first", 1, day=1, ended_at=NOON)
    make_version(app, shop, program_id, "second", 1, day=2)
    make_version(app, shop, program_id, "first", 2, day=3)
    make_version(app, shop, program_id, "stopped", 1, day=4, ended_at=NOON)
    rules = set_up_of(app, shop).program(program_id).rules
    assert [(rule.rule_id, rule.version, rule.terms.points) for rule in rules] == [
        ("first", 2, 2),
        ("second", 1, 1),
    ]


def test_a_rule_of_a_program_is_the_one_in_force(app: Flask, shop: Shop) -> None:
    program_id = make_program(app, shop, "Stamps")
    with inside(app, shop):
        assert rule_of(program_id) is None
    make_version(app, shop, program_id, "ours", 1, day=1, ended_at=NOON)
    make_version(app, shop, program_id, "ours", 2, day=2)
    with inside(app, shop):
        mine = rule_of(program_id)
        assert mine is not None
        assert (mine.rule_id, mine.version) == ("ours", 2)
        assert [(rule.rule_id, rule.version) for rule in rules_of([program_id])] == [("ours", 2)]
        both = {rule.rule_id for rule in rules_of([program_id, shop.program_id])}
        assert both == {"ours", shop.rule_id}


def test_a_program_has_its_own_tiers_and_deleted_ones_too(app: Flask, shop: Shop) -> None:
    gold = make_tier(app, shop, "Gold", 500, multiplier="1.25")
    program_id = make_program(app, shop, "Stamps")
    with inside(app, shop):
        db.session.get_one(LoyaltyTier, (shop.business_id, gold)).deleted_at = NOON
        db.session.commit()
    set_up = set_up_of(app, shop)
    tier = set_up.program(shop.program_id).ladder.named(gold)
    assert tier is not None
    assert (tier.name, tier.is_deleted, str(tier.multiplier)) == ("Gold", True, "1.25")
    assert set_up.program(program_id).ladder.named(gold) is None
