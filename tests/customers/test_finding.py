"""One finder behind every field that finds a customer, whatever somebody types of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from nxloy_web.customers import finding, status
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.redemptions import asking, taking_back
from nxloy_web.segments import service as segments
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import SegmentKind, SegmentRules
from tests.customers.people import enrolled
from tests.factories import NOON, Shop, as_role, inside, make_reward, make_shop
from tests.ledger.books import give

SCREENS = {
    "customers": "/customers/?q=",
    "ledger": "/ledger/?q=",
    "redemptions": "/redemptions/?q=",
    "counter": "/counter/?q=",
    "palette": "/search/?q=",
    "referrers": "/customers/referrers?referrer=",
    "segment": "/segments/{segment}/members?q=",
}
OF_WHAT_HAPPENED = ("ledger", "redemptions")
TYPED = {
    "the name": "Amara Okafor",
    "the name turned round": "okafor ama",
    "the e-mail": "Amara.Okafor@Harbour.example",
    "the phone, as at home": "0151 23456789",
    "the phone, with spaces": "+49 151 2345 6789",
    "the card": "{card}",
    "the card as it is read out": "{card_in_halves}",
    "the number of the shop's own system": "K-0815",
}


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture(scope="module")
def amara(app: Flask, shop: Shop) -> str:
    """Amara and a namesake, each with a purchase and a request."""
    amara = with_a_request(
        app,
        shop,
        last_name="Okafor Bright",
        email="amara.okafor@harbour.example",
        phone="0151 23456789",
        external_id="K-0815",
    )
    with_a_request(app, shop, last_name="Ndiaye", email="ndiaye@harbour.example")
    return amara


@pytest.fixture(scope="module")
def ahmad(app: Flask, shop: Shop) -> str:
    with_a_request(app, shop, last_name="Müller Ahmed أَحْمَد", email="ahmad@harbour.example")
    return "Müller Ahmed"


@pytest.fixture(scope="module")
def segment(app: Flask, shop: Shop) -> str:
    with inside(app, shop):
        made = segments.create(
            new_id(),
            SegmentFacts("Friends", None, SegmentRules()),
            kind=SegmentKind.MANUAL,
            by=shop.actor(),
            at=NOON,
        ).id
        db.session.commit()
    return made


def with_a_request(app: Flask, shop: Shop, **facts: str) -> str:
    customer_id = enrolled(app, shop, "Amara", **facts)
    give(app, shop, customer_id, 200)
    reward_id = make_reward(app, shop, f"Reward {new_id()}", points_cost=50)
    with inside(app, shop):
        asking.ask(
            id=new_id(), customer_id=customer_id, reward_id=reward_id, by=shop.actor(), at=NOON
        )
        db.session.commit()
    return customer_id


def found(app: Flask, shop: Shop, address: str, typed: str) -> str:
    client = as_role(app, shop)
    path, _, name = address.rpartition("?")
    answer = client.get(
        shop.url(path), query_string={name.rstrip("="): typed}, follow_redirects=True
    )
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("typed", TYPED.values(), ids=list(TYPED))
def test_every_field_finds_amara_okafor(
    app: Flask, shop: Shop, amara: str, segment: str, screen: str, typed: str
) -> None:
    """M5: redemptions found "Amara", but not "Amara Okafor", nor her e-mail, phone or card."""
    with inside(app, shop):
        card = db.session.get_one(Customer, (shop.business_id, amara)).member_code
    typed = typed.format(card=card, card_in_halves=f"{card[:4].lower()} {card[4:]}")
    html = found(app, shop, SCREENS[screen].format(segment=segment), typed)
    assert "Okafor Bright" in html
    assert "Ndiaye" not in html


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("typed", ["احمد", "أحمد", "Muell", "Muller Ahm", "MÜLLER"])
def test_every_field_finds_a_name_in_another_spelling(
    app: Flask, segment: str, shop: Shop, ahmad: str, screen: str, typed: str
) -> None:
    """M5."""
    assert ahmad in found(app, shop, SCREENS[screen].format(segment=segment), typed)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_word_has_to_be_there(
    app: Flask, shop: Shop, amara: str, segment: str, screen: str
) -> None:
    html = found(app, shop, SCREENS[screen].format(segment=segment), "Amara Nobody")
    assert "Okafor" not in html
    assert "Ndiaye" not in html


@pytest.mark.parametrize("typed", ["gone@harbour.example", "gone@harb", "Amara Gone"])
@pytest.mark.parametrize("screen", ["customers", *OF_WHAT_HAPPENED])
def test_what_happened_is_found_by_a_deleted_customer_too(
    app: Flask, typed: str, screen: str
) -> None:
    shop = make_shop(app)
    gone = enrolled(app, shop, "Amara", last_name="Gone Away", email="gone@harbour.example")
    give(app, shop, gone, 200)
    reward_id = make_reward(app, shop, points_cost=50)
    with inside(app, shop):
        request = asking.ask(
            id=new_id(), customer_id=gone, reward_id=reward_id, by=shop.actor(), at=NOON
        )
        taking_back.cancel(request.id, by=shop.actor(), at=NOON, reason="Moved away")
        status.delete(gone, by=shop.actor(), at=NOON)
        db.session.commit()
    html = found(app, shop, SCREENS[screen], typed)
    assert ("Amara Gone Away" in html) is (screen in OF_WHAT_HAPPENED)


@pytest.mark.parametrize("screen", OF_WHAT_HAPPENED)
def test_more_rows_are_no_more_statements(
    app: Flask, screen: str, statements: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    shop = make_shop(app)
    with_a_request(app, shop, last_name="Okafor")
    with statements() as few:
        found(app, shop, SCREENS[screen], "Okafor")
    for _ in range(8):
        with_a_request(app, shop, last_name="Okafor")
    with statements() as many:
        found(app, shop, SCREENS[screen], "Okafor")
    assert len(many) == len(few)


def test_many_of_a_name_stay_a_query(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is worth fetching, the same people are meant."""
    monkeypatch.setattr(finding, "FETCHED", 2)
    shop = make_shop(app)
    for number in range(3):
        with_a_request(app, shop, last_name="Okafor", email=f"info@{number}.example")
    for typed in ("Amara Okafor", "info@"):
        for screen in ("customers", *OF_WHAT_HAPPENED):
            assert found(app, shop, SCREENS[screen], typed).count("Amara Okafor") >= 3
