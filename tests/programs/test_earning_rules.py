"""The earning rule: its versions, its end, and the example beside it."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import EarningRule, EarningTerms
from tests.factories import Shop, as_role, inside, make_shop, make_tier

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
TYPED = {"points": "2", "per": "1.50", "minimum": "", "most_points": ""}


def url(shop: Shop, path: str = "") -> str:
    return shop.url(f"/programs/{shop.program_id}/earning{path}")


def rules(app: Flask, shop: Shop) -> list[EarningRule]:
    with inside(app, shop):
        statement = select(EarningRule).order_by(EarningRule.created_at, EarningRule.version)
        return list(db.session.scalars(statement))


def test_a_change_ends_the_version_in_force_and_adds_the_next(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    answer = owner.post(url(shop), data=TYPED | {"version": "1"})
    assert answer.status_code == 303
    old, new = rules(app, shop)
    assert (old.version, new.version) == (1, 2)
    assert old.rule_id == new.rule_id
    assert old.ended_at is not None
    assert new.ended_at is None
    assert old.terms == EarningTerms(points=1, per_minor=100)
    assert new.terms == EarningTerms(points=2, per_minor=150)
    assert new.name == "2 points for every 1.50 EUR"
    page = owner.get(shop.url(f"/programs/{shop.program_id}")).text
    assert "History of the rule" in page
    assert "One point a euro" in page


def test_a_change_sent_twice_adds_one_version(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    data = TYPED | {"version": "1"}
    assert [owner.post(url(shop), data=data).status_code for _ in range(2)] == [303, 303]
    assert len(rules(app, shop)) == 2


def test_a_late_change_is_refused_and_keeps_what_was_typed(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    owner.post(url(shop), data=TYPED | {"version": "1"})
    late = owner.post(url(shop), data=TYPED | {"points": "9", "version": "1"})
    assert late.status_code == 409
    assert "What you typed is still here" in late.text
    assert 'value="9"' in late.text
    assert len(rules(app, shop)) == 2
    again = owner.post(url(shop), data=TYPED | {"points": "9", "version": "2"})
    assert again.status_code == 303


def test_a_rule_ends_once_and_another_can_follow(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    stale = owner.post(url(shop, "/end"), data={"version": "7"})
    assert stale.status_code == 409
    for _ in range(2):
        assert owner.post(url(shop, "/end"), data={"version": "1"}).status_code == 303
    page = owner.get(shop.url(f"/programs/{shop.program_id}")).text
    assert "Purchases give nothing in this program" in page
    rule_id = new_id()
    for _ in range(2):
        assert owner.post(url(shop), data=TYPED | {"new_id": rule_id}).status_code == 303
    first, second = rules(app, shop)
    assert (second.id, second.version) == (rule_id, 1)
    assert first.rule_id != second.rule_id
    with inside(app, shop):
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["earning_rule.ended", "earning_rule.created"]


def test_a_second_rule_is_refused(shop: Shop, owner: FlaskClient) -> None:
    answer = owner.post(url(shop), data=TYPED | {"new_id": new_id()})
    assert answer.status_code == 409
    assert "has an earning rule already" in answer.text


def test_a_bad_form_says_what_is_wrong(shop: Shop, owner: FlaskClient) -> None:
    for typed, sentence in (
        ({"points": ""}, "Say how many."),
        ({"points": "0"}, "from 1 to 10,000"),
        ({"per": ""}, "Say for how much money."),
        ({"per": "0"}, "Enter more than nothing."),
        ({"per": "1.999"}, "EUR has at most 2 decimals"),
        ({"per": "-3"}, "Write an amount like 12.50."),
        ({"minimum": "lots"}, "Write an amount like 12.50."),
        ({"most_points": "0"}, "1 or more"),
    ):
        answer = owner.post(url(shop), data=TYPED | typed | {"version": "1"})
        assert answer.status_code == 422, typed
        assert sentence in answer.text, typed


def test_the_example_follows_what_is_typed(shop: Shop, owner: FlaskClient) -> None:
    first = {"points": "1", "per": "1", "amount": "12.50"}
    answer = owner.get(url(shop, "/example"), headers=PART, query_string=first).text
    assert "A purchase of €12.50 gives 12 points." in answer
    assert "12.50 EUR / 1.00 EUR = 12" in answer
    below = first | {"minimum": "20"}
    answer = owner.get(url(shop, "/example"), headers=PART, query_string=below).text
    assert "gives 0 points" in answer
    assert "below the minimum" in answer
    answer = owner.get(url(shop, "/example"), headers=PART, query_string={"points": "x"}).text
    assert "Fill in the rule" in answer
    answer = owner.get(
        url(shop, "/example"), headers=PART, query_string=first | {"amount": "?"}
    ).text
    assert "Write an amount like 12.50." in answer


def test_the_page_shows_what_each_tier_gets(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    make_tier(app, shop, "Gold", 500, "1.5")
    page = owner.get(shop.url(f"/programs/{shop.program_id}")).text
    assert "A purchase of €12.50 gives 12." in page
    assert "A purchase of €12.50 gives 18 to Gold." in page


def test_only_the_team_of_the_business_with_the_right_changes_it(app: Flask, shop: Shop) -> None:
    analyst, stranger = as_role(app, shop, Role.ANALYST), as_role(app, make_shop(app))
    assert analyst.post(url(shop), data=TYPED).status_code == 403
    assert stranger.post(url(shop), data=TYPED).status_code == 404
    assert len(rules(app, shop)) == 1
