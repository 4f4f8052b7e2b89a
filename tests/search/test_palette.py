"""The palette finds what its reader may see."""

from flask import Flask

from nxloy_web.permissions import Role
from tests.factories import as_role, make_customer, make_reward, make_shop

PART = {"HX-Request": "true"}


def test_it_finds_customers_rewards_and_pages(app: Flask) -> None:
    shop = make_shop(app)
    make_customer(app, shop, "Amara", email="a@x.example", email_norm="a@x.example")
    make_reward(app, shop, "Amaretti")
    found = as_role(app, shop).get(shop.url("/search/?q=a@x.example"), headers=PART).text
    assert "Amara" in found
    found = as_role(app, shop).get(shop.url("/search/?q=ama"), headers=PART).text
    assert "Amaretti" in found
    assert "Audit log" in as_role(app, shop).get(shop.url("/search/?q=aud"), headers=PART).text


def test_it_offers_only_what_a_role_may_do(app: Flask) -> None:
    shop = make_shop(app)
    found = as_role(app, shop, Role.STAFF).get(shop.url("/search/?q="), headers=PART).text
    assert "Counter" in found
    assert "Team" not in found
    assert "New reward" not in found


def test_it_finds_nothing_of_another_business(app: Flask) -> None:
    mine, theirs = make_shop(app), make_shop(app)
    make_reward(app, theirs, "Zebra ride")
    assert "Zebra" not in as_role(app, mine).get(
        mine.url("/search/?q=zebra"), headers=PART
    ).text.replace("“zebra”", "")


def test_hostile_text_is_only_text(app: Flask) -> None:
    shop = make_shop(app)
    answer = as_role(app, shop).get(shop.url("/search/"), query_string={"q": "<script>'%_\\"})
    assert answer.status_code == 200
    assert "<script>'" not in answer.text
