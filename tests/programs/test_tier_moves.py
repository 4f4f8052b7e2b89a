"""A change of tiers shows whom it moves before it is saved, and can be taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import joinedload

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotAllowed
from nxloy_web.permissions import Role
from nxloy_web.programs import moving, placing, tiers, undoing
from nxloy_web.programs.facts import TierFacts
from nxloy_web.purchases import recording
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.rewards import Reward
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.racing import race
from tests.pressing import Browser, Page, browser_as, buttons_of, press, words_of

PEOPLE = {"Ann": 50, "Ben": 120, "Cem": 900, "Dag": 4_100, "Eve": 7_000}


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def owner(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop)


@pytest.fixture
def ladder(app: Flask, shop: Shop) -> dict[str, str]:
    """Silver from 100 and Gold from 4,000, and five people with points."""
    made = {
        name: make_tier(app, shop, name, start)
        for name, start in (("Silver", 100), ("Gold", 4_000))
    }
    for name, points in PEOPLE.items():
        buy(app, shop, make_customer(app, shop, name), points)
    return made


def buy(app: Flask, shop: Shop, customer_id: str, points: int) -> None:
    with inside(app, shop):
        recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=points * 100,
            by=shop.actor(),
            at=clock.now(),
            confirmed_points=points,
        )
        db.session.commit()


def held(app: Flask, shop: Shop) -> dict[str, str | None]:
    with inside(app, shop):
        rows = db.session.scalars(
            select(CustomerBalance).options(
                joinedload(CustomerBalance.customer), joinedload(CustomerBalance.tier)
            )
        ).all()
        return {row.customer.name: row.tier.name if row.tier else None for row in rows}


def customer_called(app: Flask, shop: Shop, name: str) -> str:
    with inside(app, shop):
        return db.session.scalars(select(Customer.id).where(Customer.first_name == name)).one()


AS_IT_WAS = {"Ann": None, "Ben": "Silver", "Cem": "Silver", "Dag": "Gold", "Eve": "Gold"}


def starts(app: Flask, shop: Shop) -> dict[str, int]:
    with inside(app, shop):
        found = db.session.scalars(select(LoyaltyTier).order_by(LoyaltyTier.required_points))
        return {tier.name: tier.required_points for tier in found}


def url(shop: Shop, path: str = "") -> str:
    return shop.url(f"/programs/{shop.program_id}{path}")


def edit(browser: Browser, shop: Shop, tier_id: str, start: int) -> Page:
    form = browser.get(url(shop, f"/tiers/{tier_id}/edit"))
    return press(form, "Save", required_points=str(start))


def test_a_lower_threshold_shows_whom_it_moves_before_it_is_saved(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1."""
    asked = edit(owner, shop, ladder["Gold"], 110)
    text = words_of(asked.text)
    assert "Gold would start at 110 instead of 4,000" in text
    assert "Silver → Gold" in text
    assert text.index("Ben") < text.index("Cem")
    assert (held(app, shop), starts(app, shop)["Gold"]) == (AS_IT_WAS, 4_000)

    saved = press(asked, "Save: 2 move up")
    assert "2 moved up" in words_of(saved.text)
    assert held(app, shop) == AS_IT_WAS | {"Ben": "Gold", "Cem": "Gold"}

    for _ in range(2):
        undone = press(saved, "Undo this change")
        assert undone.status_code == 200
        assert (held(app, shop), starts(app, shop)["Gold"]) == (AS_IT_WAS, 4_000)
    assert "Undo this change" not in buttons_of(owner.get(url(shop)))


def test_a_higher_threshold_names_who_keeps_the_tier_and_lets_them_go_down(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1."""
    asked = edit(owner, shop, ladder["Gold"], 5_000)
    assert "900 short of Gold" in words_of(asked.text)
    press(asked, "Save: nobody moves")
    assert (held(app, shop), starts(app, shop)["Gold"]) == (AS_IT_WAS, 5_000)

    asked = edit(owner, shop, ladder["Gold"], 6_000)
    saved = press(asked, "Save: 1 moves down")
    assert held(app, shop) == AS_IT_WAS | {"Dag": "Silver"}
    press(saved, "Undo this change")
    assert (held(app, shop), starts(app, shop)["Gold"]) == (AS_IT_WAS, 5_000)


def test_reassessing_moves_down_who_kept_a_tier(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1, P3."""
    press(edit(owner, shop, ladder["Gold"], 5_000), "Save: nobody moves")
    asked = press(owner.get(url(shop)), "Reassess everybody")
    assert "Gold → Silver" in words_of(asked.text)
    saved = press(asked, "Reassess: 1 moves down")
    assert held(app, shop) == AS_IT_WAS | {"Dag": "Silver"}
    with inside(app, shop):
        [entry] = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "program.tiers_reassessed")
        )
        assert entry.after == {"customers": 1}
    nobody = press(saved, "Reassess everybody")
    assert "Everybody has the tier their points reach" in nobody.text
    press(saved, "Undo this change")


def test_what_was_typed_comes_along_to_the_question_and_back(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1."""
    form = owner.get(url(shop, f"/tiers/{ladder['Gold']}/edit"))
    asked = press(form, "Save", required_points="200", benefits="Free refill\nA cake", name="Or")
    again = press(asked, "Change the figures")
    assert 'value="200"' in again.text
    asked = press(again, "Save", required_points="300")
    press(asked, "Save: 1 moves up")
    with inside(app, shop):
        tier = db.session.scalars(select(LoyaltyTier).where(LoyaltyTier.id == ladder["Gold"])).one()
        assert (tier.name, tier.required_points) == ("Or", 300)
        assert tier.benefits == ["Free refill", "A cake"]


def test_swapping_two_tiers_asks_first(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1: "Move up" swapped two thresholds without a question."""
    asked = press(owner.get(url(shop)), "Move up", where=f"#tier-{ladder['Gold']}")
    assert starts(app, shop) == {"Silver": 100, "Gold": 4_000}
    saved = press(asked, "Save: 2 move up, 2 move down")
    assert starts(app, shop) == {"Gold": 100, "Silver": 4_000}
    swapped = {"Ben": "Gold", "Cem": "Gold", "Dag": "Silver", "Eve": "Silver"}
    assert held(app, shop) == {"Ann": None} | swapped
    press(saved, "Undo this change")
    assert starts(app, shop) == {"Silver": 100, "Gold": 4_000}
    assert held(app, shop) == AS_IT_WAS


def test_a_new_tier_asks_first_and_is_undone(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1."""
    form = owner.get(url(shop, "/tiers/new"))
    asked = press(form, "Add tier", name="Bronze", required_points="0")
    saved = press(asked, "Add tier: 1 moves up")
    assert held(app, shop) == AS_IT_WAS | {"Ann": "Bronze"}
    buy(app, shop, make_customer(app, shop, "Fay"), 10)
    press(saved, "Undo this change")
    assert held(app, shop) == AS_IT_WAS | {"Fay": None}


def test_deleting_a_tier_names_who_moves_and_is_undone(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1."""
    reward_id = make_reward(app, shop, tier_id=ladder["Gold"])
    form = owner.get(url(shop, f"/tiers/{ladder['Gold']}/deletion"))
    asked = press(form, "Delete tier", members_to=ladder["Silver"])
    assert starts(app, shop) == {"Silver": 100, "Gold": 4_000}
    saved = press(asked, "Delete tier: 2 move down")
    assert held(app, shop) == AS_IT_WAS | {"Dag": "Silver", "Eve": "Silver"}
    press(saved, "Undo this change")
    assert held(app, shop) == AS_IT_WAS
    with inside(app, shop):
        assert (
            db.session.scalar(select(Reward.tier_id).where(Reward.id == reward_id))
            == (ladder["Gold"])
        )


def test_who_moved_by_a_purchase_since_keeps_what_the_old_threshold_gives(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1: an undo puts back, it does not take what was earned."""
    edit(owner, shop, ladder["Gold"], 1_000)
    assert (held(app, shop), starts(app, shop)["Gold"]) == (AS_IT_WAS, 1_000)
    buy(app, shop, customer_called(app, shop, "Cem"), 200)  # 1,100: Gold only by the new threshold
    buy(app, shop, customer_called(app, shop, "Ben"), 4_000)  # 4,120: Gold by both
    assert held(app, shop) == AS_IT_WAS | {"Ben": "Gold", "Cem": "Gold"}
    press(owner.get(url(shop)), "Undo this change")
    assert held(app, shop) == AS_IT_WAS | {"Ben": "Gold"}


def test_what_was_not_shown_is_asked_again(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str]
) -> None:
    """D1: a customer crosses the threshold while somebody reads."""
    asked = edit(owner, shop, ladder["Gold"], 110)
    buy(app, shop, make_customer(app, shop, "Fay"), 300)
    again = press(asked, "Save: 2 move up")
    assert "Save: 3 move up" in buttons_of(again)
    assert starts(app, shop)["Gold"] == 4_000
    press(again, "Save: 3 move up")
    assert held(app, shop)["Fay"] == "Gold"


def facts(name: str, start: int) -> TierFacts:
    return TierFacts(name, None, start, 1, "#000000", None, [])  # type: ignore[arg-type]


def test_only_the_latest_change_is_undone_for_thirty_days(
    app: Flask, shop: Shop, ladder: dict[str, str]
) -> None:
    changes = []
    with inside(app, shop):
        for version, start in ((1, 3_999), (2, 3_998)):
            tiers.edit(
                ladder["Gold"], facts("Gold", start), version=version, by=shop.actor(), at=NOON
            )
            db.session.commit()
            program = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
            assert program.last_tier_change is not None
            changes.append(program.last_tier_change.id)
        first, last = changes
        with pytest.raises(undoing.ChangedSince):
            undoing.undo(shop.program_id, first, by=shop.actor(), at=NOON)
        late = NOON + undoing.UNDO_FOR + timedelta(seconds=1)
        with pytest.raises(undoing.TooLateToUndo):
            undoing.undo(shop.program_id, last, by=shop.actor(), at=late)
        for verb in (
            lambda: tiers.reassess(shop.program_id, by=shop.actor(Role.STAFF), at=NOON),
            lambda: undoing.undo(shop.program_id, last, by=shop.actor(Role.STAFF), at=NOON),
        ):
            with pytest.raises(NotAllowed):
                verb()


def test_two_who_save_at_once_take_turns(
    app: Flask, shop: Shop, ladder: dict[str, str], as_admin: Any
) -> None:
    """D1: the second is shown what is true by then."""
    with inside(app, shop):
        shown = _moves_of(lambda: _edit(shop, ladder["Gold"], 110, ""))
        other = _moves_of(lambda: _edit(shop, ladder["Silver"], 10, ""))
    first, second = race(
        app,
        shop,
        as_admin,
        lambda: _edit(shop, ladder["Gold"], 110, shown.signature),
        lambda: _edit(shop, ladder["Silver"], 10, other.signature),
    )
    assert (first.error, second.error) == (None, None)
    assert held(app, shop) == AS_IT_WAS | {"Ann": "Silver", "Ben": "Gold", "Cem": "Gold"}


def test_a_purchase_and_a_change_of_tiers_at_once(
    app: Flask, shop: Shop, ladder: dict[str, str], as_admin: Any
) -> None:
    """D1: neither locks the other out, and nobody is left behind."""
    ann = customer_called(app, shop, "Ann")
    with inside(app, shop):
        shown = _moves_of(lambda: _edit(shop, ladder["Silver"], 40, ""))

    def buying() -> str:
        return recording.record(
            id=new_id(), customer_id=ann, amount_minor=500, by=shop.actor(), at=NOON
        ).id

    first, second = race(
        app, shop, as_admin, buying, lambda: _edit(shop, ladder["Silver"], 40, shown.signature)
    )
    assert (first.error, second.error) == (None, None)
    assert held(app, shop)["Ann"] == "Silver"


def test_seeing_who_moves_takes_two_statements(
    app: Flask, shop: Shop, ladder: dict[str, str]
) -> None:
    with inside(app, shop):
        db.session.execute(select(1))
        said: list[str] = []

        def listen(*arguments: Any) -> None:
            said.append(arguments[2])

        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            moves = moving.seen(placing.rows_of(moving.Scope(shop.program_id, None)))
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
    assert (moves.bands, len(said)) == ((), 1)


def test_thousands_are_moved_and_put_back_in_batches(
    app: Flask, shop: Shop, owner: Browser, ladder: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D1: what the first statement leaves, the job does."""
    monkeypatch.setattr(moving, "BATCH", 1)
    saved = press(edit(owner, shop, ladder["Gold"], 110), "Save: 2 move up")
    assert sorted(held(app, shop).values(), key=str).count("Gold") == 3
    with inside(app, shop):
        placing.place(shop.program_id)
        db.session.commit()
    assert held(app, shop) == AS_IT_WAS | {"Ben": "Gold", "Cem": "Gold"}
    press(owner.get(url(shop)), "Undo this change")
    with inside(app, shop):
        placing.place(shop.program_id)
        db.session.commit()
    assert held(app, shop) == AS_IT_WAS
    assert saved.status_code == 200


def _edit(shop: Shop, tier_id: str, start: int, shown: str) -> str:
    tier = db.session.get_one(LoyaltyTier, (shop.business_id, tier_id))
    return tiers.edit(
        tier_id, facts(tier.name, start), version=1, shown=shown, by=shop.actor(), at=NOON
    ).id


def _moves_of(verb: Callable[[], Any]) -> moving.Moves:
    with pytest.raises(moving.MovesPeople) as asked:
        verb()
    db.session.rollback()
    return asked.value.moves
