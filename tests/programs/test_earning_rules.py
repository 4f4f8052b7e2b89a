"""The earning rule: its versions, its end, and the example beside it."""

from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import EarningRule, EarningTerms
from tests.factories import Shop, inside, make_shop, make_tier
from tests.pressing import Browser, Page, browser_as, hostile_post, press

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
TYPED = {"points": "2", "per_minor": "1.50", "minimum_minor": "", "most_points": ""}


def url(shop: Shop, path: str = "") -> str:
    return shop.url(f"/programs/{shop.program_id}/earning{path}")


def rules(app: Flask, shop: Shop) -> list[EarningRule]:
    with inside(app, shop):
        statement = select(EarningRule).order_by(EarningRule.created_at, EarningRule.version)
        return list(db.session.scalars(statement))


def form(owner: Browser, shop: Shop) -> Page:
    return owner.get(url(shop))


def save(page: Page, **typed: str) -> Page:
    return press(page, "Save rule", **TYPED | typed)


def test_a_change_ends_the_version_in_force_and_adds_the_next(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    page = save(form(owner, shop))
    old, new = rules(app, shop)
    assert (old.version, new.version) == (1, 2)
    assert old.rule_id == new.rule_id
    assert old.ended_at is not None
    assert new.ended_at is None
    assert old.terms == EarningTerms(points=1, per_minor=100)
    assert new.terms == EarningTerms(points=2, per_minor=150)
    assert new.name == "2 points for every 1.50 EUR"
    assert page.request.path == shop.url(f"/programs/{shop.program_id}")
    assert "History of the rule" in page.text
    assert "One point a euro" in page.text


def test_a_change_sent_twice_adds_one_version(app: Flask, shop: Shop, owner: Browser) -> None:
    opened = form(owner, shop)
    assert [save(opened).status_code for _ in range(2)] == [200, 200]
    assert len(rules(app, shop)) == 2


def test_a_late_change_is_refused_and_keeps_what_was_typed(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    opened = form(owner, shop)
    save(form(owner, shop))
    late = save(opened, points="9")
    assert late.status_code == 409
    assert "What you typed is still here" in late.text
    assert 'value="9"' in late.text
    assert len(rules(app, shop)) == 2
    press(late, "Save rule")
    assert rules(app, shop)[-1].terms.points == 9


def test_a_rule_ends_once_and_another_can_follow(app: Flask, shop: Shop, owner: Browser) -> None:
    program = owner.get(shop.url(f"/programs/{shop.program_id}"))
    save(form(owner, shop))
    stale = press(program, "End the rule")
    assert stale.status_code == 409
    program = owner.get(shop.url(f"/programs/{shop.program_id}"))
    for _ in range(2):
        page = press(program, "End the rule")
        assert "Purchases give nothing in this program" in page.text
    opened = form(owner, shop)
    for _ in range(2):
        assert save(opened).status_code == 200
    _, second, third = rules(app, shop)
    assert third.version == 1
    assert second.rule_id != third.rule_id
    with inside(app, shop):
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["earning_rule.edited", "earning_rule.ended", "earning_rule.created"]


def follow_with_another(shop: Shop, owner: Browser) -> None:
    """The rule ends and another one begins, which counts its versions from 1 again."""
    press(owner.get(shop.url(f"/programs/{shop.program_id}")), "End the rule")
    save(form(owner, shop), points="3")


def test_a_form_of_a_rule_that_has_ended_does_not_change_the_one_that_followed(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    opened = form(owner, shop)
    follow_with_another(shop, owner)
    late = save(opened, points="9")
    assert late.status_code == 409
    assert "What you typed is still here" in late.text
    assert 'value="9"' in late.text
    assert [(rule.terms.points, rule.version) for rule in rules(app, shop)] == [(1, 1), (3, 1)]
    press(late, "Save rule")
    _, second, third = rules(app, shop)
    assert (third.terms.points, third.version) == (9, 2)
    assert third.rule_id == second.rule_id


def test_the_end_of_a_rule_that_has_ended_does_not_end_the_one_that_followed(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    opened = owner.get(shop.url(f"/programs/{shop.program_id}"))
    follow_with_another(shop, owner)
    assert press(opened, "End the rule").status_code == 409
    assert rules(app, shop)[-1].ended_at is None


def test_a_second_rule_is_refused(shop: Shop, owner: Browser) -> None:
    press(owner.get(shop.url(f"/programs/{shop.program_id}")), "End the rule")
    empty, another = form(owner, shop), form(owner, shop)
    save(empty)
    answer = save(another)
    assert answer.status_code == 409
    assert "has an earning rule already" in answer.text


def test_a_bad_form_says_what_is_wrong(shop: Shop, owner: Browser) -> None:
    for typed, sentence in (
        ({"points": ""}, "Say how many."),
        ({"points": "0"}, "from 1 to 10,000"),
        ({"per_minor": ""}, "Say for how much money."),
        ({"per_minor": "0"}, "Enter more than nothing."),
        ({"per_minor": "1.999"}, "has too many decimals. EUR has 2"),
        ({"per_minor": "-3"}, "An amount cannot be below 0."),
        ({"minimum_minor": "lots"}, "is not an amount. Write it like 12.50."),
        ({"most_points": "0"}, "1 or more"),
    ):
        answer = save(form(owner, shop), **typed)
        assert answer.status_code == 422, typed
        assert sentence in answer.text, typed


def test_the_example_follows_what_is_typed(shop: Shop, owner: Browser) -> None:
    first = {"points": "1", "per_minor": "1", "amount": "12.50"}
    answer = owner.get(url(shop, "/example"), params=first, headers=PART).text
    assert "A purchase of €12.50 gives 12 points." in answer
    assert "12.50 EUR / 1.00 EUR = 12" in answer
    below = first | {"minimum_minor": "20"}
    answer = owner.get(url(shop, "/example"), headers=PART, params=below).text
    assert "gives 0 points" in answer
    assert "below the minimum" in answer
    answer = owner.get(url(shop, "/example"), headers=PART, params={"points": "x"}).text
    assert "Fill in the rule" in answer
    answer = owner.get(url(shop, "/example"), headers=PART, params=first | {"amount": "?"}).text
    assert "is not an amount. Write it like 12.50." in answer


def test_the_page_shows_what_each_tier_gets(app: Flask, shop: Shop, owner: Browser) -> None:
    make_tier(app, shop, "Gold", 500, "1.5")
    page = owner.get(shop.url(f"/programs/{shop.program_id}")).text
    assert "A purchase of €12.50 gives 12." in page
    assert "A purchase of €12.50 gives 18 to Gold." in page


def test_only_the_team_of_the_business_with_the_right_changes_it(app: Flask, shop: Shop) -> None:
    analyst, stranger = browser_as(app, shop, Role.ANALYST), browser_as(app, make_shop(app))
    assert hostile_post(analyst, "no right", url(shop), TYPED).status_code == 403
    assert hostile_post(stranger, "a stranger", url(shop), TYPED).status_code == 404
    assert len(rules(app, shop)) == 1
