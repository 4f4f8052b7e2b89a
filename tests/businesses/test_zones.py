"""Clocks, and the countries that say how phone numbers are typed. Rows M4 and M10."""

from zoneinfo import available_timezones

import pytest
from flask import Flask

from nxloy_web import contacts, zones
from nxloy_web.businesses import choices
from nxloy_web.errors import NotUsable
from tests.factories import as_role, make_shop
from tests.pressing import browser_as, press


def test_every_offered_clock_has_a_country() -> None:
    """Row M4: 74 of 490 had none, so local phone numbers were refused."""
    offered = [name for name, _label in choices.timezones()]
    assert len(offered) > 400
    assert [name for name in offered if zones.country_of(name) is None] == []
    assert [name for name in offered if zones.present_name(name) != name] == []


@pytest.mark.parametrize(
    ("old", "today", "country"),
    [
        ("Asia/Calcutta", "Asia/Kolkata", "IN"),
        ("Europe/Kiev", "Europe/Kyiv", "UA"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires", "AR"),
        ("US/Pacific", "America/Los_Angeles", "US"),
        ("Europe/Berlin", "Europe/Berlin", "DE"),
        ("UTC", "UTC", None),
    ],
)
def test_old_names_are_understood(old: str, today: str, country: str | None) -> None:
    """Row M4."""
    assert (zones.present_name(old), zones.country_of(old)) == (today, country)


def test_every_name_of_a_clock_leads_to_one_that_is_there() -> None:
    there = available_timezones()
    assert {zones.present_name(name) for name in there} <= there


def test_a_business_with_an_old_name_takes_local_numbers(app: Flask) -> None:
    """Row M4."""
    shop = make_shop(app, timezone="Asia/Calcutta")
    page = browser_as(app, shop).get(shop.url("/counter/enrol"))
    assert press(page, "Enrol", phone="098765 43210").status_code == 200


@pytest.mark.parametrize(
    ("kept", "shown"), [("Asia/Calcutta", "Asia/Kolkata"), ("UTC", "UTC"), ("Asia/Tokyo",) * 2]
)
def test_settings_show_the_clock_a_business_has(app: Flask, kept: str, shown: str) -> None:
    shop = make_shop(app, timezone=kept)
    page = browser_as(app, shop).get(shop.url("/settings/"))
    assert page.html.select_one("#timezone option[selected]")["value"] == shown
    assert press(page, "Save", name="Another name").status_code == 200
    assert shown in as_role(app, shop).get(shop.url("/settings/")).text


@pytest.mark.parametrize(
    "typed",
    [
        "+52 1 55 1234 5678",
        "0052 1 55 1234 5678",
        "+52 55 1234 5678",
        "55 1234 5678",
        "1 55 1234 5678",
        "044 55 1234 5678",
        "045 55 1234 5678",
        "01 55 1234 5678",
    ],
)
def test_a_mexican_number_in_an_old_address_book(typed: str) -> None:
    """Row M10: "+52 1 …" was refused."""
    assert contacts.phone_e164(typed, "MX") == "+525512345678"
    if typed.startswith("+"):
        assert contacts.phone_e164(typed, "DE") == "+525512345678"


@pytest.mark.parametrize("typed", ["+52 1 55 1234 567", "+52 2 55 1234 5678", "+52 1 1 1234 5678"])
def test_what_was_never_a_number_is_none(typed: str) -> None:
    with pytest.raises(NotUsable):
        contacts.phone_e164(typed, "MX")
