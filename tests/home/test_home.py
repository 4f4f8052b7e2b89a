"""The home page: what needs doing, the day's figures, the checklist."""

from datetime import timedelta
from typing import Any

from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.home import chart, queries
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from tests.factories import as_role, inside, make_customer, make_reward, make_shop


def test_the_day_is_counted_on_the_business_clock(app: Flask) -> None:
    shop = make_shop(app, timezone="Pacific/Auckland")
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        at = clock.now()
        for amount, ago in ((1250, 0), (700, 0), (999, 26)):
            recording.record(
                id=new_id(),
                customer_id=customer_id,
                amount_minor=amount,
                by=shop.actor(),
                at=at,
                occurred_at=at - timedelta(hours=ago),
            )
        db.session.commit()
        figures = queries.figures(at, shop_zone := "Pacific/Auckland")
        assert (figures.purchases, figures.spent_minor) == (2, 1950)
        days = chart.days(at, shop_zone)
        assert len(days.issued) == chart.CHART_DAYS
        assert (days.issued[-1], sum(days.issued)) == (19, 28)


def test_the_chart_adds_what_is_written_after_the_sums_were_made(
    app: Flask, monkeypatch: Any
) -> None:
    shop, other = make_shop(app), make_shop(app)
    customer_id = make_customer(app, shop)
    # As if all that is written so far were old, and then as if nothing were.
    for still_open, given in ((-3600, 12), (3600, 24)):
        monkeypatch.setattr(chart, "OPEN_SECONDS", still_open)
        with inside(app, shop):
            at = clock.now()
            recording.record(
                id=new_id(),
                customer_id=customer_id,
                amount_minor=1250,
                by=shop.actor(),
                at=at,
                occurred_at=at - timedelta(days=3),
            )
            db.session.commit()
            assert sum(chart.days(at, "UTC").issued) == given
        with inside(app, other):
            assert sum(chart.days(clock.now(), "UTC").issued) == 0
    monkeypatch.setattr(chart, "OPEN_SECONDS", -3600)
    with inside(app, shop):
        assert sum(chart.days(clock.now(), "UTC").issued) == 12, "the sums are kept"


def test_what_needs_doing_leads_there(app: Flask) -> None:
    shop = make_shop(app)
    make_reward(app, shop, "Tote bag", total_stock=10, current_stock=1)
    page = as_role(app, shop).get(shop.url("/")).text
    assert "Tote bag" in page
    assert "1 of 10" in page
    assert "All caught up" in page


def test_the_checklist_is_computed_from_what_is_there(app: Flask) -> None:
    shop = make_shop(app)
    owner = as_role(app, shop)
    assert owner.get(shop.url("/")).text.count("Finish setting up") == 1
    make_reward(app, shop)
    make_customer(app, shop)
    assert "Finish setting up" not in owner.get(shop.url("/")).text


def test_a_shop_of_one_can_finish_and_reads_the_checklist_once(app: Flask, as_admin: Any) -> None:
    """D13: it stood on the home page twice, and waited for a team."""
    shop = make_shop(app)
    owner = as_role(app, shop)
    home, customers = (owner.get(shop.url(path)).text for path in ("/", "/customers/"))
    assert home.count('class="checklist"') == customers.count('class="checklist"') == 1
    as_admin.execute(
        "DELETE FROM memberships WHERE business_id = %s AND role <> 'OWNER'", (shop.business_id,)
    )
    make_reward(app, shop)
    make_customer(app, shop)
    assert 'class="checklist"' not in owner.get(shop.url("/")).text


def test_every_role_has_a_home_and_staff_no_checklist(app: Flask) -> None:
    shop = make_shop(app)
    for role in Role:
        page = as_role(app, shop, role).get(shop.url("/"))
        assert page.status_code == 200
        assert ("Finish setting up" in page.text) is (role in (Role.OWNER, Role.MANAGER))


def test_the_page_costs_the_same_however_much_happened(app: Flask, statements: Any) -> None:
    shop = make_shop(app)
    owner = as_role(app, shop)
    owner.get(shop.url("/"))  # the sums behind the chart are made by the first look
    with statements() as quiet:
        owner.get(shop.url("/"))
    for number in range(4):
        make_reward(app, shop, f"R{number}", total_stock=10, current_stock=1)
        make_customer(app, shop)
    with statements() as busy:
        owner.get(shop.url("/"))
    assert len(busy) == len(quiet) <= 16
