"""Our mails carry names; a name carries no link."""

from typing import Any

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.businesses import opening
from nxloy_web.db.ids import new_id
from nxloy_web.identity import service
from nxloy_web.plain_names import LinkInName, refuse_links
from tests.factories import inside, make_shop, make_user
from tests.identity.letters import mails_to
from tests.pressing import browser_as, browser_of, hostile_post, press

LINKS = [
    "you won 1000 EUR, claim at https://prize.example/x",
    "HTTPS://PRIZE.EXAMPLE",
    "www.prize.example",
    "claim at prize.com",
    "prize.co.uk now",
    "prize.de/claim",
    "t.co/abc",
    "\uff50\uff52\uff49\uff5a\uff45\uff0e\uff43\uff4f\uff4d",
    "prize\u3002com",
    "pri\u200bze.c\u00adom",
    "ann@prize.com",
]
NAMES = [
    "Café Luna", "Dr. Huber", "J.R.R. Tolkien", "St.Johann", "Müller GmbH & Co.KG",
    "Bäckerei Co. KG", "No. 5", "A.C.M.E.", "Rock 'n' Roll", "24/7 Kiosk", "Anna-Lena",
    "محمد", "山田 太郎", "",
]  # fmt: skip


@pytest.mark.parametrize("name", LINKS)
def test_a_link_is_no_name(name: str) -> None:
    with pytest.raises(LinkInName):
        refuse_links(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_name(name: str) -> None:
    refuse_links(name)


@pytest.mark.parametrize("field", ["name", "business_name"])
def test_a_stranger_mails_no_link_to_a_victim_by_signing_up(app: Flask, field: str) -> None:
    """X12: "you won 1000 EUR, claim at https://…" went to whomever the stranger named."""
    victim = f"victim-{field.replace('_', '-')}@example.com"
    typed = {
        "new_id": new_id(), "business_name": "Prize", "slug": f"prize-{new_id()[-8:]}",
        "currency": "EUR", "timezone": "Europe/Vienna", "location_name": "Harbour",
        "name": "Ann", "email": victim, "password": "seven grey herons",
    }  # fmt: skip
    answer = hostile_post(browser_of(app), "a forged field", "/sign-up", typed | {field: LINKS[0]})
    assert answer.status_code == 422
    assert "Write the name without a web address." in answer.text
    assert mails_to(app, victim) == []


def test_nor_by_a_new_name_later(app: Flask) -> None:
    """X12: the cousins: one's own name, the shop's, and a customer's who joins."""
    shop = make_shop(app)
    account = browser_as(app, shop).get("/account")
    assert press(account, "Save name", name=LINKS[0]).status_code == 422
    joining = browser_of(app).get(shop.portal("/join"))
    typed = {"first_name": LINKS[0], "email": "ann@example.com"}
    assert press(joining, "Send me the code", **typed).status_code == 422


def test_the_verbs_refuse_it_themselves(app: Flask) -> None:
    user_id = make_user(app)
    with app.app_context(), pytest.raises(LinkInName):
        service.rename(user_id, LINKS[0])
    business: dict[str, Any] = {"id": new_id(), "timezone": "UTC", "currency": "EUR"}
    new = opening.NewBusiness(**business, name=LINKS[0], slug="prize", location_name="Harbour")
    with inside(app, business["id"]), pytest.raises(LinkInName):
        opening.open_business(new, owner_id=user_id, at=clock.now())
