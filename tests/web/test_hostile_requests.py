"""Whatever stands in an address or in a form: an answer, never an error of ours."""

import inspect
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

import nxloy_web
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.redemptions import asking
from nxloy_web.segments import service as segments
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import SegmentKind, SegmentRules
from nxloy_web.web.arguments import GREATEST, Arguments
from nxloy_web.web.converters import IdConverter
from nxloy_web.web.forms import BaseForm
from tests.customers.people import enrolled
from tests.factories import (
    NOON,
    Shop,
    as_role,
    inside,
    make_reward,
    make_shop,
    make_tier,
    make_user,
    sign_in,
)

PACKAGE = Path(nxloy_web.__file__).parent
NO_IDS = {
    "NUL": "\0",
    "NUL in an id": "c" + "0" * 23 + "\0",
    "ten thousand letters": "c" * 10_000,
    "letters of other scripts": "ç顧客🎁",
    "quotes": "c'\";--",
    "a percent sign": "%00",
    "beyond 64 bits": str(2**70),
    "more digits than Python reads": "9" * 5_000,
    "a line break behind an id": "c" + "0" * 24 + "\n",
}
NO_ARGUMENTS = {
    "text": "\0'\"\\%00 ç顧客 ~ ..",
    "number": "9" * 25,
    "cursor": "9999-12-31T23:59:59+23:59~c" + "0" * 24,
    "cursor of a number": f"{2**70}~c" + "0" * 24,
    "page of text": "x" * 10_000,
}
READ = re.compile(r'\.(?:text|row_ids?|number|day|member|cursor|place|get|getlist)\(\s*"(\w+)"')


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture(scope="module")
def rows(app: Flask, shop: Shop) -> dict[str, str]:
    """One row of each kind, by the name that it has in addresses."""
    customer_id = enrolled(app, shop)
    ids = {
        "customer_id": customer_id,
        "program_id": shop.program_id,
        "location_id": shop.location_id,
        "tier_id": make_tier(app, shop, "Silver", 100),
        "reward_id": make_reward(app, shop, points_cost=5),
    }
    act = {"by": shop.actor(), "at": NOON}
    with inside(app, shop):
        ids["purchase_id"] = recording.record(
            id=new_id(), customer_id=customer_id, amount_minor=5_000, **act
        ).id
        ids["redemption_id"] = asking.ask(
            id=new_id(), customer_id=customer_id, reward_id=ids["reward_id"], **act
        ).id
        ids["segment_id"] = segments.create(
            new_id(), SegmentFacts("Friends", None, SegmentRules()), kind=SegmentKind.MANUAL, **act
        ).id
        db.session.commit()
    return ids


@pytest.fixture(scope="module")
def owner(app: Flask, shop: Shop) -> FlaskClient:
    return as_role(app, shop, Role.OWNER)


@pytest.fixture(scope="module")
def at_home(app: Flask, shop: Shop, rows: dict[str, str]) -> FlaskClient:
    """The customer, signed in to the portal."""
    user_id = make_user(app)
    with inside(app, shop):
        customer = db.session.get_one(Customer, (shop.business_id, rows["customer_id"]))
        customer.user_id = user_id
        db.session.commit()
    client = app.test_client()
    sign_in(client, user_id, audience="portal")
    return client


def routes(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]


def address(rule: Rule, shop: Shop, values: dict[str, Any]) -> str:
    known = {name: values.get(name, "x") for name in rule.arguments}
    if "hue" in known:
        known["hue"] = 1
    for name in known:
        if name.endswith("_id") and known[name] == "x":
            known[name] = "c" + "0" * 24
    built = rule.build(known | ({"slug": shop.slug} if "slug" in known else {}))
    assert built is not None
    return built[1]


def hostile_arguments(app: Flask, rule: Rule) -> list[dict[str, str]]:
    """The hostile arguments of a route: all that its feature reads at once, and each alone that
    its view reads itself."""
    view = app.view_functions[rule.endpoint]
    feature = view.__module__.removeprefix("nxloy_web.").split(".")[0]
    files = [file for file in (PACKAGE / feature).rglob("*.py") if "ervice" not in file.name]
    of_feature = {name for file in files for name in READ.findall(file.read_text())} | {"page"}
    own = inspect.getsource(view)
    alone = of_feature if "Filter" in own or "filter" in own else set(READ.findall(own))
    return [
        *(dict.fromkeys(of_feature, value) for value in NO_ARGUMENTS.values()),
        *({name: NO_ARGUMENTS[kind]} for name in sorted(alone) for kind in ("text", "number")),
    ]


def who(rule: Rule, owner: FlaskClient, at_home: FlaskClient) -> FlaskClient:
    return at_home if rule.rule.startswith("/p/") else owner


def test_every_id_in_an_address_is_read_as_one(app: Flask) -> None:
    wrong = [
        rule.rule
        for rule in app.url_map.iter_rules()
        for name in rule.arguments
        if name.endswith("_id") and not isinstance(rule._converters[name], IdConverter)
    ]
    assert wrong == []


def test_no_route_fails_at_what_is_no_id(
    app: Flask, shop: Shop, rows: dict[str, str], owner: FlaskClient, at_home: FlaskClient
) -> None:
    """X7: a NUL in the id of a row was an error of ours on 31 routes."""
    wrong = []
    for rule in [*routes(app, "GET"), *routes(app, "POST")]:
        if rule.endpoint.startswith("assets"):
            continue
        # A slug is looked up the same way before every page of a business: two pages say it.
        spared = set() if rule.endpoint in ("home.index", "portal.front") else {"slug"}
        for name in rule.arguments - {"hue"} - spared:
            for kind, value in NO_IDS.items():
                path = address(rule, shop, {**rows, name: value})
                if name == "slug":
                    path = path.replace(shop.slug, quote(value, safe=""), 1)
                method = "GET" if "GET" in (rule.methods or ()) else "POST"
                status = who(rule, owner, at_home).open(path, method=method).status_code
                if status >= 500 or (name.endswith("_id") and status != 404):
                    wrong.append((rule.rule, name, kind, status))
    assert wrong == []


def test_no_page_fails_at_what_its_address_asks(
    app: Flask, shop: Shop, rows: dict[str, str], owner: FlaskClient, at_home: FlaskClient
) -> None:
    """X7: a NUL in five parameters, and places beyond 64 bits, were errors of ours."""
    wrong = []
    for rule in routes(app, "GET"):
        if rule.endpoint.startswith("assets"):
            continue
        path, client = address(rule, shop, rows), who(rule, owner, at_home)
        for asked in hostile_arguments(app, rule):
            answer = client.get(path, query_string=asked, buffered=True)
            if answer.status_code >= 500:
                wrong.append((rule.rule, asked, answer.status_code))
    assert wrong == []


def test_bytes_that_are_no_text_are_passed_over(shop: Shop, owner: FlaskClient) -> None:
    for path in ("/customers/", "/redemptions/"):
        answer = owner.get(shop.url(path), environ_overrides={"QUERY_STRING": "q=\xff\xfe"})
        assert answer.status_code == 200


def fields_of_forms() -> list[str]:
    """The names of all fields of all forms of the product."""
    kinds, names = [BaseForm], set()
    for kind in kinds:
        kinds += kind.__subclasses__()
        names |= {name for name in dir(kind) if hasattr(getattr(kind, name), "field_class")}
    return sorted(names | {"id", "all", "do", "query", "back", "theme", "segment_id"})


def files(names: list[str]) -> dict[str, Any]:
    return {"data": {name: (io.BytesIO(b"text\0"), "text\0.txt") for name in names}}


FORMS = {
    "files in the place of texts": files,
    "NULs": lambda names: {"data": dict.fromkeys(names, "a\0b")},
    "numbers beyond 64 bits": lambda names: {"data": dict.fromkeys(names, "9" * 25)},
    "JSON": lambda names: {"json": {name: {"a": [1]} for name in names}},
    "nothing": lambda names: {"data": {}},
}


@pytest.mark.parametrize("sent", FORMS)
def test_no_form_fails_at_what_it_is_sent(
    app: Flask, shop: Shop, rows: dict[str, str], at_home: FlaskClient, sent: str
) -> None:
    """X7: a text field sent as a file was an error of ours in nine forms."""
    names = fields_of_forms()
    assert {"amount", "new_id", "version"} <= set(names)
    ends = ("delet", "remov", "sign_out", "archive", "void", "undo")
    later = sorted(routes(app, "POST"), key=lambda rule: any(end in rule.endpoint for end in ends))
    wrong = []
    for rule in later:
        client = at_home if rule.rule.startswith("/p/") else as_role(app, shop)
        answer = client.post(
            address(rule, shop, rows), **FORMS[sent](names), content_type=content_type(sent)
        )
        if answer.status_code >= 500:
            wrong.append((rule.rule, answer.status_code))
    assert wrong == []


def content_type(sent: str) -> str | None:
    return "multipart/form-data" if sent.startswith("files") else None


def test_a_file_in_the_place_of_a_text_is_an_empty_field(app: Flask, shop: Shop) -> None:
    answer = as_role(app, shop, Role.STAFF).post(
        shop.url(f"/counter/{enrolled(app, shop)}/purchases"),
        data={"new_id": new_id(), "amount": (io.BytesIO(b"10"), "amount.txt")},
    )
    assert answer.status_code == 422
    assert "Enter what the customer paid." in answer.text


@pytest.mark.parametrize(
    ("typed", "number"),
    [("7", 7), (" 7 ", 7), ("", None), ("-7", None), ("7.5", None), ("\u0667", None), ("²", None),
     ("9" * 25, GREATEST), ("9" * 5_000, GREATEST), ("0", 1)],
)  # fmt: skip
def test_numbers_stay_where_a_column_has_room(typed: str, number: int | None) -> None:
    assert Arguments([("page", typed)]).number("page", least=1) == number


def test_arguments_keep_no_nul() -> None:
    said = Arguments([("q\0", " A\0nn "), ("id", "c" + "0" * 24), ("id", "x")])
    assert said.text("q") == "Ann"
    assert said.text("q", 2) == "An"
    assert said.row_ids("id", 5) == ["c" + "0" * 24]
    assert Arguments.of_query("q=A%00nn&after=").text("q") == "Ann"
