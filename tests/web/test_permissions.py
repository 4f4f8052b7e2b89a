"""Every route with every role, and with a stranger."""

from typing import Any

import pytest
from flask import Flask

from nxloy_web.permissions import ROLES, Permission, Role, needed_by
from nxloy_web.web.places import Side, is_open_to_all, side_of
from tests.factories import Shop, as_role, make_shop, make_user, sign_in

ANYTHING = "c" + "0" * 24


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def desk_routes(app: Flask) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/b/<slug>")]


def portal_routes(app: Flask) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/p/<slug>")]


def operator_routes(app: Flask) -> list[Any]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/operator")]


def address(rule: Any, slug: str) -> str:
    values: dict[str, Any] = {}
    for name in rule.arguments - {"slug"}:
        converter = rule._converters[name]
        values[name] = 0 if type(converter).__name__ == "IntegerConverter" else ANYTHING
    return str(rule.build({"slug": slug, **values}, append_unknown=False)[1])


def method(rule: Any) -> str:
    return "POST" if "POST" in rule.methods and "GET" not in rule.methods else "GET"


def test_every_desk_route_names_a_permission(app: Flask) -> None:
    nameless = [
        rule.endpoint
        for rule in desk_routes(app)
        if not isinstance(needed_by(app.view_functions[rule.endpoint]), Permission)
    ]
    assert nameless == []


def test_no_business_page_stands_outside_the_two_doors(app: Flask) -> None:
    outside = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "<slug>" in rule.rule and not rule.rule.startswith(("/b/<slug>", "/p/<slug>"))
    }
    assert outside == set()


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_what_its_permissions_allow(app: Flask, shop: Shop, role: Role) -> None:
    client = as_role(app, shop, role)
    wrong = []
    for rule in desk_routes(app):
        permission = needed_by(app.view_functions[rule.endpoint])
        status = client.open(
            address(rule, shop.slug), method=method(rule), buffered=True
        ).status_code
        if (status == 403) is (permission in ROLES[role]) or status >= 500:
            wrong.append((rule.endpoint, status))
    assert wrong == []


def test_staff_of_another_business_find_nothing(app: Flask, shop: Shop) -> None:
    client = as_role(app, make_shop(app))
    statuses = {
        rule.endpoint: client.open(
            address(rule, shop.slug), method=method(rule), buffered=True
        ).status_code
        for rule in desk_routes(app)
    }
    assert set(statuses.values()) == {404}, statuses


def test_a_signed_out_visitor_is_sent_to_sign_in(app: Flask, shop: Shop) -> None:
    client = app.test_client()
    for rule in desk_routes(app):
        answer = client.open(address(rule, shop.slug), method=method(rule), buffered=True)
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), rule.endpoint


def test_a_mailed_code_opens_no_page_of_the_team(app: Flask, shop: Shop) -> None:
    client = app.test_client()
    sign_in(client, shop.owner_id, audience="portal")
    for rule in desk_routes(app):
        answer = client.open(address(rule, shop.slug), method=method(rule), buffered=True)
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), rule.endpoint


def test_a_raised_epoch_signs_everything_out(app: Flask, shop: Shop, as_admin: Any) -> None:
    user_id = make_user(app)
    as_admin.execute("UPDATE users SET session_epoch = 2 WHERE id = %s", (user_id,))
    client = app.test_client()
    sign_in(client, user_id, epoch=1)
    assert "/sign-in" in client.get(shop.url("/")).location


def test_a_portal_page_needs_a_customer_unless_it_is_open(app: Flask, shop: Shop) -> None:
    client = app.test_client()
    for rule in portal_routes(app):
        view = app.view_functions[rule.endpoint]
        if is_open_to_all(view):
            continue
        status = client.open(
            address(rule, shop.slug), method=method(rule), buffered=True
        ).status_code
        assert status == 303, rule.endpoint


def test_an_unknown_business_is_not_found_on_both_sides(app: Flask, shop: Shop) -> None:
    client = as_role(app, shop)
    for rule in desk_routes(app) + portal_routes(app):
        answer = client.open(address(rule, "nobody-here"), method=method(rule))
        assert answer.status_code == 404, rule.endpoint


def test_every_operator_route_is_of_a_blueprint_that_asks_for_the_operator(app: Flask) -> None:
    asking = {name for name in app.blueprints if side_of(name) is Side.OPERATOR}
    below = {rule.endpoint: rule.endpoint.split(".")[0] for rule in operator_routes(app)}
    assert set(below.values()) == asking
    everywhere = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {e for e in everywhere if e.split(".")[0] in asking} == set(below)


def test_operator_routes_open_to_the_operator_alone(app: Flask, shop: Shop, as_admin: Any) -> None:
    as_admin.execute("INSERT INTO data_migrations (name) VALUES (%s)", (ANYTHING,))
    operator_id = make_user(app, is_operator=True)
    operator, by_code, stranger = app.test_client(), app.test_client(), app.test_client()
    sign_in(operator, operator_id)
    sign_in(by_code, operator_id, audience="portal")
    cookie = by_code.get_cookie("nxloy-portal")
    assert cookie is not None
    by_code.set_cookie("nxloy", cookie.value)
    routes = operator_routes(app)
    assert len(routes) >= 3
    for rule in routes:
        where, how = address(rule, ""), method(rule)
        assert operator.open(where, method=how).status_code in (200, 303), rule.endpoint
        assert by_code.open(where, method=how).status_code == 404, rule.endpoint
        answer = stranger.open(where, method=how)
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), rule.endpoint
        for role in Role:
            status = as_role(app, shop, role).open(where, method=how).status_code
            assert status == 404, (rule.endpoint, role)


def test_an_operator_sees_nothing_of_a_business(app: Flask, shop: Shop) -> None:
    client = app.test_client()
    sign_in(client, make_user(app, is_operator=True))
    for rule in desk_routes(app):
        answer = client.open(address(rule, shop.slug), method=method(rule), buffered=True)
        assert answer.status_code == 404, rule.endpoint
