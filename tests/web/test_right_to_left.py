"""Names that are written from right to left stay on their own side. Row M8."""

import re

import pytest
from bs4 import BeautifulSoup, Comment
from flask import Flask

from nxloy_web.bidi import BEGIN, END, is_mixed, isolated, without_borders
from nxloy_web.db import db
from nxloy_web.mail.letters import write
from nxloy_web.redemptions.notices import RedemptionWords
from nxloy_web.tables.businesses import Location
from tests.factories import (
    Shop,
    inside,
    make_customer,
    make_program,
    make_reward,
    make_shop,
    make_tier,
)
from tests.ledger.books import give
from tests.pressing import browser_as, press

RIGHT = re.compile("[\u0590-\u08ff]")
PERSON, PLACE, THING = "أحمد الخطيب", "مقهى النور", "قهوة مجانية"
BORDERS = ("bdi", "option", "textarea", "title")
"""Elements that are a border of their own: a browser orders each by its own first letter."""


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    shop = make_shop(app, name=PLACE)
    with inside(app, shop):
        db.session.get_one(Location, (shop.business_id, shop.location_id)).name = PLACE
        db.session.commit()
    make_tier(app, shop, "ذهبي", 100)
    make_program(app, shop, "نقاط النور")
    return shop


@pytest.fixture(scope="module")
def customer(app: Flask, shop: Shop) -> str:
    first, last = PERSON.split()
    customer_id = make_customer(app, shop, first, last_name=last)
    give(app, shop, customer_id, 300)
    make_reward(app, shop, THING, points_cost=10)
    return customer_id


def bare_names(html: str) -> list[str]:
    """Texts from right to left that no border keeps to themselves."""
    page = BeautifulSoup(html, "html.parser")
    found = []
    for text in page.find_all(string=RIGHT):
        drawn = text.find_parent(class_="avatar")  # a box of its own, two letters wide
        if isinstance(text, Comment) or drawn or text.find_parent(BORDERS):
            continue
        if RIGHT.search(re.sub(f"{BEGIN}[^{END}]*{END}", "", text)):
            found.append(str(text.parent))
    return found


PATHS = [
    "/", "/customers/", "/customers/{c}", "/customers/{c}/edit", "/customers/{c}/adjustment",
    "/counter/?q=%D8%A3%D8%AD%D9%85%D8%AF", "/counter/{c}", "/ledger/", "/redemptions/",
    "/rewards/", "/programs/", "/programs/{p}", "/programs/{p}/edit", "/locations/", "/team/",
    "/settings/", "/audit/", "/segments/", "/search/?q=%D8%A3%D8%AD%D9%85%D8%AF", "/imports/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_name_stands_in_a_border(app: Flask, shop: Shop, customer: str, path: str) -> None:
    """Row M8: names from right to left pulled punctuation to the wrong side."""
    path = path.format(c=customer, p=shop.program_id)
    page = browser_as(app, shop).get(shop.url(path))
    assert RIGHT.search(page.text)
    assert "\n".join(bare_names(page.text)) == ""


@pytest.mark.parametrize("path", ["/", "/join", "/sign-in", "/poster"])
def test_every_name_of_the_portal_stands_in_a_border(
    app: Flask, shop: Shop, customer: str, path: str
) -> None:
    page = app.test_client().get(shop.portal(path)).text
    assert "\n".join(bare_names(page)) == ""


def test_a_request_for_a_reward_walks_with_its_names(app: Flask, shop: Shop, customer: str) -> None:
    card = browser_as(app, shop).get(shop.url(f"/counter/{customer}"))
    asked = press(card, f"Redeem {THING}")
    assert asked.status_code == 200
    assert bare_names(asked.text) == []


def test_a_name_is_saved_as_it_was_typed(app: Flask, shop: Shop) -> None:
    """What is copied from a page brings the page's borders along."""
    page = browser_as(app, shop).get(shop.url("/locations/new"))
    press(page, "Add", name=f"Bar {BEGIN}{PLACE}{END}")
    with inside(app, shop):
        names = [row.name for row in db.session.query(Location)]
    assert f"Bar {PLACE}" in names


def test_letters_have_borders(app: Flask) -> None:
    here = "https://example.com/x"
    words = RedemptionWords(
        kind="redemption_cancelled", subject="Cancelled", name="أحمد", reward=THING,
        business_name=PLACE, cost="10 points", points="10 points", code="NX-234567",
        last_day="1 May 2026", link=here, card_link=here,
    )  # fmt: skip
    with app.app_context():
        letter = write(words)
    assert f"Hello {BEGIN}أحمد{END}," in letter.text
    assert f"<bdi>{THING}</bdi>" in letter.html
    assert bare_names(letter.html) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann has 12 points", "Ann has 12 points"),
        ("أحمد has 12 points", f"{BEGIN}أحمد{END} has 12 points"),
        ("Add to مقهى النور (old)", f"Add to {BEGIN}مقهى النور{END} (old)"),
        ("أحمد and Zoë and שלום", f"{BEGIN}أحمد{END} and Zoë and {BEGIN}שלום{END}"),
    ],
)
def test_each_run_from_right_to_left_gets_a_border(text: str, shown: str) -> None:
    assert isolated(text) == shown
    assert isolated(shown) == shown
    assert without_borders(shown) == text
    assert is_mixed(text) == (text != shown)
