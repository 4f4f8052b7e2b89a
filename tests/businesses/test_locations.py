"""The shops of a business: added, renamed, deleted and back; one always stays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from tests.factories import Shop, as_role, make_customer, make_shop, sign_in

Admin = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def add(app: Flask, shop: Shop, name: str, **changes: str) -> Any:
    form = {"new_id": new_id(), "name": name, "address": ""} | changes
    return as_role(app, shop).post(shop.url("/locations/new"), data=form)


def added(app: Flask, shop: Shop, name: str) -> str:
    location_id = new_id()
    assert add(app, shop, name, new_id=location_id).status_code == 303
    return location_id


def names(admin: Admin, shop: Shop) -> list[str]:
    rows = admin.execute(
        "SELECT name FROM locations WHERE business_id = %s AND deleted_at IS NULL ORDER BY name",
        [shop.business_id],
    ).fetchall()
    return [row[0] for row in rows]


def post(app: Flask, shop: Shop, path: str, **form: Any) -> Any:
    return as_role(app, shop).post(shop.url(f"/locations/{path}"), data=form)


def test_pressing_twice_adds_one_location(app: Flask, shop: Shop, as_admin: Admin) -> None:
    form_id = new_id()
    for _ in range(2):
        assert add(app, shop, "Market", new_id=form_id).status_code == 303
    assert names(as_admin, shop) == ["Market", "Quayside"]


def test_a_name_is_there_once(app: Flask, shop: Shop) -> None:
    again = add(app, shop, " Quayside ")
    assert again.status_code == 422
    assert "Another location has this name." in again.text


def test_a_location_is_renamed_and_a_stale_form_is_told(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    path = f"{shop.location_id}/edit"
    assert post(app, shop, path, name="Pier", address="1 Pier", version=1).status_code == 303
    late = post(app, shop, path, name="Jetty", version=1)
    assert late.status_code == 409
    assert "changed this" in late.text
    assert 'value="Jetty"' in late.text
    assert names(as_admin, shop) == ["Pier"]


def test_a_location_is_deleted_and_comes_back(app: Flask, shop: Shop, as_admin: Admin) -> None:
    market = added(app, shop, "Market")
    assert post(app, shop, f"{market}/deletion").status_code == 303
    assert names(as_admin, shop) == ["Quayside"]
    assert "Market" in as_role(app, shop).get(shop.url("/locations/")).text
    assert post(app, shop, f"{market}/restoration").status_code == 303
    assert names(as_admin, shop) == ["Market", "Quayside"]


def test_a_location_does_not_come_back_under_a_name_that_was_given_away(
    app: Flask, shop: Shop
) -> None:
    market = added(app, shop, "Market")
    post(app, shop, f"{market}/deletion")
    added(app, shop, "Market")
    answer = post(app, shop, f"{market}/restoration")
    assert answer.status_code == 409
    assert "Another location is called Market now" in answer.text


def test_the_last_location_stays(app: Flask, shop: Shop, as_admin: Admin) -> None:
    assert post(app, shop, f"{shop.location_id}/deletion").status_code == 409
    assert names(as_admin, shop) == ["Quayside"]


def test_two_last_locations_deleted_at_once_leave_one(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    market = added(app, shop, "Market")

    def delete(location_id: str) -> int:
        return int(post(app, shop, f"{location_id}/deletion").status_code)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(delete, [market, shop.location_id])) == [303, 409]
    assert len(names(as_admin, shop)) == 1


def test_the_counter_remembers_where_it_stands(app: Flask, shop: Shop) -> None:
    market = added(app, shop, "Market")
    staff = as_role(app, shop, Role.STAFF)
    url = shop.url("/locations/choice")
    answer = staff.post(url, data={"location_id": market, "next": shop.url("/")})
    assert answer.location == shop.url("/")
    assert "selected>Market" in staff.get(shop.url("/counter/")).text
    outside = staff.post(url, data={"location_id": market, "next": "https://evil.example/"})
    assert outside.location.startswith("/")
    assert staff.post(url, data={"location_id": ""}).status_code == 303
    assert "selected>Market" not in staff.get(shop.url("/counter/")).text


def test_the_counter_stays_where_it_is_when_somebody_else_signs_in(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    market = added(app, shop, "Market")
    tablet = as_role(app, shop, Role.STAFF)
    tablet.post(shop.url("/locations/choice"), data={"location_id": market})
    tablet.post("/sign-out")
    assert tablet.get(shop.url("/counter/")).status_code in (302, 303)
    sign_in(tablet, shop.users[Role.MANAGER])
    assert "selected>Market" in tablet.get(shop.url("/counter/")).text
    customer_id = make_customer(app, shop)
    given = tablet.post(
        shop.url(f"/counter/{customer_id}/purchases"), data={"new_id": new_id(), "amount": "5"}
    )
    assert given.status_code == 303
    assert as_admin.execute(
        "SELECT location_id FROM purchases WHERE customer_id = %s", (customer_id,)
    ).fetchall() == [(market,)]


def test_a_made_up_choice_is_no_choice(app: Flask, shop: Shop) -> None:
    added(app, shop, "Market")
    other = make_shop(app)
    tablet = as_role(app, other, Role.STAFF)
    tablet.post(other.url("/locations/choice"), data={"location_id": other.location_id})
    chosen = tablet.get_cookie("counter", path=f"/b/{other.slug}")
    assert chosen is not None
    staff = as_role(app, shop, Role.STAFF)
    customer_id = make_customer(app, shop)
    for value in (chosen.value, f'["{shop.business_id}","x"]', "[]", "%00"):
        staff.set_cookie("counter", value, path=f"/b/{shop.slug}")
        given = staff.post(
            shop.url(f"/counter/{customer_id}/purchases"), data={"new_id": new_id(), "amount": "5"}
        )
        assert given.status_code == 303


def test_a_location_of_another_business_is_not_found(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    staff = as_role(app, shop, Role.STAFF)
    chosen = staff.post(shop.url("/locations/choice"), data={"location_id": other.location_id})
    assert chosen.status_code == 404
    assert post(app, shop, f"{other.location_id}/deletion").status_code == 404
    assert post(app, shop, f"{other.location_id}/restoration").status_code == 404
    assert as_role(app, other).get(shop.url("/locations/")).status_code == 404


def test_analysts_stand_at_no_counter(app: Flask, shop: Shop) -> None:
    analyst = as_role(app, shop, Role.ANALYST)
    form = {"location_id": shop.location_id}
    assert analyst.post(shop.url("/locations/choice"), data=form).status_code == 403


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "  "}, "Enter a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"address": "x" * 301}, "at most 300 characters"),
        ({"new_id": "x"}, "Open the form again"),
    ],
)
def test_a_bad_location_says_what_is_wrong(
    app: Flask, shop: Shop, changes: dict[str, str], sentence: str
) -> None:
    answer = add(app, shop, changes.pop("name", "Fine"), **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
