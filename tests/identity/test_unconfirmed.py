"""X12: a stranger's sign-up has a name and an address for a week, not for ever."""

from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.identity import unconfirmed
from nxloy_web.tables.businesses import Business
from tests.factories import Shop, as_role, inside, make_customer, make_shop
from tests.identity.letters import last_mail, link_in
from tests.pressing import Browser, browser_of, form_with, press

Admin = psycopg.Connection[Any]
PASSWORD = "seven grey herons"


def signed_up(app: Flask, slug: str) -> Browser:
    browser = browser_of(app)
    form = form_with(browser.get("/sign-up"), "Create my business")
    form["name"], form["password"], form["email"] = "You won", PASSWORD, f"{slug}@example.com"
    form["business_name"], form["location_name"] = slug, "Harbour"
    form.set("slug", slug, index=0)
    sent = form.submit(status=303).follow()
    assert sent.request.path == "/sign-up/check-mail"
    assert "removed after 7 days" in sent.text
    return browser


def after(app: Flask, admin: Admin, slug: str, days: int = 8) -> list[Any]:
    """Let days pass and the job run; what is found of the business and its people."""
    row = admin.execute("SELECT id FROM businesses WHERE slug = %s", [slug]).fetchone()
    assert row is not None
    admin.execute(
        "UPDATE businesses SET created_at = now() - make_interval(days => %s) WHERE id = %s",
        [days, row[0]],
    )
    with inside(app, row[0]):
        unconfirmed.forget_unconfirmed()
        db.session.commit()
    return admin.execute(
        "SELECT b.name, b.slug, u.name, u.email FROM businesses b JOIN memberships m"
        " ON m.business_id = b.id JOIN users u ON u.id = m.user_id WHERE b.id = %s",
        [row[0]],
    ).fetchall()


def test_what_nobody_confirmed_goes_and_its_names_are_free(app: Flask, as_admin: Admin) -> None:
    signed_up(app, "won-euros")
    ((name, slug, person, email),) = after(app, as_admin, "won-euros")
    assert name == person == "Removed"
    assert "won-euros" not in slug + email
    signed_up(app, "won-euros")  # the same name, web address and mail address once more
    assert after(app, as_admin, "won-euros", days=6)[0][1] == "won-euros"


def test_its_link_and_its_password_are_of_no_use_any_more(app: Flask, as_admin: Admin) -> None:
    browser = signed_up(app, "late-owner")
    link = link_in(last_mail(app, "late-owner@example.com"))
    after(app, as_admin, "late-owner")
    assert "too old" in browser.get(link, status="*").text
    answer = press(
        browser.get("/sign-in"), "Sign in", email="late-owner@example.com", password=PASSWORD
    )
    assert answer.request.path == "/sign-in"


def test_a_confirmed_shop_stays(app: Flask, as_admin: Admin) -> None:
    shop = make_shop(app, slug="confirmed-shop")
    rows = after(app, as_admin, "confirmed-shop", days=400)
    assert {row[1] for row in rows} == {"confirmed-shop"}
    assert as_role(app, shop).get(shop.url("/")).status_code == 200


@pytest.mark.parametrize("recorded", ["a customer", "a change"])
def test_a_shop_with_anything_in_it_stays(app: Flask, as_admin: Admin, recorded: str) -> None:
    slug = f"holds-{recorded.replace(' ', '-')}"
    signed_up(app, slug)
    found = as_admin.execute("SELECT id FROM businesses WHERE slug = %s", [slug]).fetchone()
    (business_id,) = found or ("",)
    if recorded == "a customer":
        make_customer(app, Shop(business_id, slug, {}, "", "", ""))
    else:
        as_admin.execute(
            "INSERT INTO audit_entries (business_id, id, actor_kind, action, subject_type,"
            " subject_id, occurred_at) VALUES (%s, 'c1', 'team', 'business.changed', 'Business',"
            " %s, now())",
            [business_id, business_id],
        )
    assert after(app, as_admin, slug)[0][1] == slug


def test_it_is_removed_once(app: Flask, as_admin: Admin) -> None:
    signed_up(app, "only-once")
    ((_, slug, _, _),) = after(app, as_admin, "only-once")
    after(app, as_admin, slug)
    removed = "SELECT count(*) FROM audit_entries WHERE action = 'business.removed'"
    once = f"{removed} AND subject_id = (SELECT id FROM businesses WHERE slug = %s)"
    assert as_admin.execute(once, [slug]).fetchone() == (1,)
    with inside(app, slug.rpartition("-")[2]):
        assert db.session.query(Business).one().name == "Removed"
