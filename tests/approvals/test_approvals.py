"""W3: above a limit somebody else agrees, and then it is done once."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.approvals import asking, deciding
from nxloy_web.approvals.deciding import AlreadyDecided, OwnRequest, RequestLapsed
from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.errors import NotAllowed, NotFound
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.limits import OverLimit, OwnPoints
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.tables.approvals import Approval, ApprovalState
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from tests.factories import NOON, Shop, inside, make_customer, make_shop
from tests.ledger.racing import race
from tests.pressing import browser_as, buttons_of, hostile_post, press, words_of

Admin = psycopg.Connection[Any]


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer_id(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop, "Dag")


def ask(shop: Shop, customer_id: str, amount: int = 800, role: Role = Role.STAFF) -> str:
    row = asking.ask_adjustment(
        id=new_id(),
        customer_id=customer_id,
        program_id=shop.program_id,
        amount=amount,
        reason="A cake for eight",
        by=shop.actor(role),
        at=NOON,
    )
    db.session.commit()
    return row.id


def balance(shop: Shop, customer_id: str) -> int:
    db.session.expire_all()
    return ledger.balance_of(customer_id, shop.program_id).balance


def test_a_request_gives_nothing_until_another_agrees_and_then_once(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    with inside(app, shop):
        request_id = ask(shop, customer_id)
        assert balance(shop, customer_id) == 0
        for _ in range(2):  # pressed twice
            deciding.agree(request_id, by=shop.actor(Role.MANAGER), at=NOON)
            db.session.commit()
        assert balance(shop, customer_id) == 800
        with pytest.raises(AlreadyDecided, match="agreed to this"):
            deciding.agree(request_id, by=shop.actor(), at=NOON)
        with pytest.raises(AlreadyDecided):
            deciding.refuse(request_id, by=shop.actor(), at=NOON)
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert sorted(actions) == ["approval.agreed", "approval.asked", "points.adjusted"]


def test_of_two_who_agree_at_once_one_is_told(
    app: Flask, shop: Shop, customer_id: str, as_admin: Admin
) -> None:
    with inside(app, shop):
        request_id = ask(shop, customer_id)
    first, second = race(
        app,
        shop,
        as_admin,
        lambda: deciding.agree(request_id, by=shop.actor(Role.MANAGER), at=NOON),
        lambda: deciding.agree(request_id, by=shop.actor(), at=NOON),
    )
    assert first.error is None
    assert isinstance(second.error, AlreadyDecided)
    with inside(app, shop):
        assert balance(shop, customer_id) == 800


def test_who_may_not_decide(app: Flask, shop: Shop, customer_id: str) -> None:
    """Nobody their own, nobody without the right, nobody for their own card, nobody above the
    limit of their own, nobody of another business."""
    with inside(app, shop):
        settings = BusinessSettings(manager_adjust_limit=500)
        current_business().settings = settings
        request_id = ask(shop, customer_id)
        mine = ask(shop, customer_id, role=Role.MANAGER)
        with pytest.raises(NotAllowed):
            deciding.agree(request_id, by=shop.actor(Role.STAFF), at=NOON)
        with pytest.raises(OverLimit):
            deciding.agree(request_id, by=shop.actor(Role.MANAGER), at=NOON)
        db.session.rollback()
        for decide in (deciding.agree, deciding.refuse):
            with pytest.raises(OwnRequest):
                decide(mine, by=shop.actor(Role.MANAGER), at=NOON)
        with pytest.raises(RequestLapsed):
            deciding.agree(request_id, by=shop.actor(), at=NOON + timedelta(days=3))
    card = make_customer(app, shop, user_id=shop.owner_id)
    with inside(app, shop):
        for_owner = ask(shop, card)
        with pytest.raises(OwnPoints):
            deciding.agree(for_owner, by=shop.actor(), at=NOON)
    own = make_customer(app, shop, user_id=shop.users[Role.STAFF])
    with inside(app, shop), pytest.raises(OwnPoints):
        ask(shop, own)
    elsewhere = make_shop(app)
    with inside(app, elsewhere), pytest.raises(NotFound):
        deciding.agree(request_id, by=elsewhere.actor(), at=NOON)
    with inside(app, shop):
        assert balance(shop, customer_id) == 0


def test_what_is_within_the_limit_is_not_asked_for(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    with inside(app, shop), pytest.raises(asking.WithinLimit):
        ask(shop, customer_id, 200)


def test_a_purchase_above_the_limit_is_asked_for_at_the_counter_and_agreed_to(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    """As people do it: the count stands in the navigation, own requests have no buttons."""
    staff = browser_as(app, shop, Role.STAFF)
    refused = press(
        staff.get(shop.url(f"/counter/{customer_id}")),
        "Give points",
        amount="2500",
        order_ref="R-1",
    )
    if "Yes, give 2,500 points" in buttons_of(refused):
        refused = press(refused, "Yes, give 2,500 points")
    assert "up to 2,000 points for one purchase; this gives 2,500." in words_of(refused.text)
    asked = press(refused, "Ask somebody to agree")
    assert "The points come when somebody else agrees." in words_of(asked.text)
    mine = staff.get(shop.url("/approvals/"))
    assert "records €2,500.00 for Dag" in words_of(mine.text)
    assert not {"Give 2,500 Dag", "Refuse Dag"} & set(buttons_of(mine))
    owner = browser_as(app, shop)
    page = owner.get(shop.url("/approvals/"))
    count = page.html.select_one('nav a[href$="/approvals/"] .nav-count')
    assert count.get_text(strip=True).startswith("1")
    done = press(page, "Give 2,500 Dag")
    assert "Nothing waits" in words_of(done.text)
    assert f"Owner of {shop.slug} agreed" in words_of(done.text)
    with inside(app, shop):
        purchase = db.session.scalars(select(Purchase)).one()
        assert (purchase.points, purchase.order_ref) == (2_500, "R-1")
        assert balance(shop, customer_id) == 2_500


def test_points_by_hand_and_a_void_are_asked_for_with_their_reasons(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    with inside(app, shop):
        purchase = recording.record(
            id=new_id(), customer_id=customer_id, amount_minor=90_000, by=shop.actor(), at=NOON
        )
        purchase_id = purchase.id
        db.session.commit()
    staff, owner = browser_as(app, shop, Role.STAFF), browser_as(app, shop)
    form = staff.get(shop.url(f"/customers/{customer_id}/adjustment"))
    over = press(form, "Adjust", points="300", reason="Long wait")
    assert "up to 200 points at once; this is 300." in words_of(over.text)
    press(over, "Ask somebody to agree")
    form = staff.get(shop.url(f"/customers/{customer_id}/purchases/{purchase_id}/void"))
    press(press(form, "Void it", reason="Returned"), "Ask somebody to agree")
    page = owner.get(shop.url("/approvals/"))
    for words in ("gives 300 points to Dag", "Long wait", "voids €900.00 of Dag", "Returned"):
        assert words in words_of(page.text)
    page = press(page, "Take 900 Dag")
    refused = press(page, "Refuse Dag")
    assert "refused" in words_of(refused.text)
    with inside(app, shop):
        assert find(Purchase, purchase_id).status is PurchaseStatus.VOIDED
        states = db.session.scalars(select(Approval.state)).all()
        assert sorted(state.value for state in states) == ["APPROVED", "REFUSED"]
        assert balance(shop, customer_id) == 0


def test_a_lower_amount_with_the_same_form_is_no_answer_to_the_request(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    """The request has an id of its own: what was done meanwhile does not stand in for it."""
    staff = browser_as(app, shop, Role.STAFF)
    form = staff.get(shop.url(f"/customers/{customer_id}/adjustment"))
    over = press(form, "Adjust", points="300", reason="Long wait")
    press(over, "Ask somebody to agree")
    press(over, "Ask somebody to agree", points="100")
    press(browser_as(app, shop).get(shop.url("/approvals/")), "Give 300 Dag")
    with inside(app, shop):
        assert balance(shop, customer_id) == 400


def test_staff_and_strangers_cannot_agree_by_address(
    app: Flask, shop: Shop, customer_id: str
) -> None:
    with inside(app, shop):
        request_id = ask(shop, customer_id)
    path = f"/approvals/{request_id}/agreement"
    staff = browser_as(app, shop, Role.STAFF)
    assert hostile_post(staff, "no right", shop.url(path)).status_int == 403
    elsewhere = make_shop(app)
    stranger = browser_as(app, elsewhere)
    assert hostile_post(stranger, "a stranger", elsewhere.url(path)).status_int == 404
    with inside(app, shop):
        assert find(Approval, request_id).state is ApprovalState.WAITING


def test_nobody_agrees_to_their_own_even_past_the_verb(
    app: Flask, shop: Shop, customer_id: str, as_admin: Admin
) -> None:
    """The database says it too."""
    with inside(app, shop):
        request_id = ask(shop, customer_id)
    with pytest.raises(psycopg.errors.CheckViolation):
        as_admin.execute(
            "UPDATE approvals SET decided_by_user_id = asked_by_user_id WHERE id = %s",
            [request_id],
        )
