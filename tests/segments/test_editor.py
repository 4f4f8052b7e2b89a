"""The editor of a rule without JavaScript: nothing typed is lost, everything wrong is said."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.db.ids import new_id
from nxloy_web.tables.segments import Condition, Group
from tests.factories import Shop, make_customer, make_tier
from tests.segments.test_segments import BIG, PART, segment

FIRST = {"name": "Regulars", "description": "Come often", "rule.match": "any"}


def typed(page: str) -> dict[str, str]:
    """What a browser would send of the form on a page."""
    form = page[page.index('id="segment-form"') :]
    sent = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name:
            sent[name[1]] = unescape(value[1]) if value else ""
    for name_, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inside)
        first = re.search(r'<option value="([^"]*)"', inside)
        sent[name_] = unescape((chosen or first)[1]) if first else ""  # type: ignore[index]
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", form, re.S)
    sent["description"] = unescape(text[1].strip()) if text else ""
    sent.pop("csrf_token", None)
    sent.pop("q", None)
    return sent


def test_a_rule_is_built_press_by_press(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    new = shop.url("/segments/new")

    def press(deed: str, **changed: str) -> dict[str, str]:
        nonlocal sent
        answer = owner.post(new, data=sent | changed | {"do": deed})
        assert answer.status_code == 200, answer.text
        sent = typed(answer.text)
        return sent

    sent = typed(owner.get(new).text)
    drawn = sent["new_id"]
    press("update", **FIRST, **{"rule-0.field": "purchase_count"})
    assert (sent["rule-0.operator"], sent["rule-0.value"]) == ("at_least", "")
    press("condition:rule", **{"rule-0.value": "3"})
    press("update", **{"rule-1.field": "tag"})
    press("group:rule", **{"rule-1.value": "Café", "rule-1.operator": "is_not"})
    press("update", **{"rule-2-0.field": "spent"})
    press("condition:rule-2", **{"rule-2-0.value": "12,50"})
    press("remove:rule-2-1")
    assert (sent["name"], sent["description"], sent["new_id"]) == ("Regulars", "Come often", drawn)
    assert (sent["rule.match"], sent["rule-2.match"]) == ("any", "all")
    assert sent["rule-0.value"] == "3"
    assert owner.post(new, data=sent | {"do": "save"}).status_code == 303
    rules = segment(app, shop, drawn).rules
    assert rules.match == "any"
    assert rules.items == [
        Condition(field="purchase_count", operator="at_least", value="3"),
        Condition(field="tag", operator="is_not", value="Café"),
        Group(match="all", items=[Condition(field="spent", operator="at_least", value="1250")]),
    ]
    shown = typed(owner.get(shop.url(f"/segments/{drawn}/edit")).text)
    assert {k: v for k, v in shown.items() if k.startswith("rule")} == {
        k: v for k, v in sent.items() if k.startswith("rule")
    } | {"rule-2-0.value": "12.50"}


def test_choosing_another_field_clears_what_belonged_to_the_first(
    shop: Shop, owner: FlaskClient
) -> None:
    data = BIG | {"rule-0.was": "spent", "rule-0.field": "joined", "do": "update"}
    sent = typed(owner.post(shop.url("/segments/new"), data=data).text)
    assert (sent["rule-0.operator"], sent["rule-0.value"]) == ("within_days", "")


@pytest.mark.parametrize(
    ("field", "operator", "value", "sentence"),
    [
        ("", "", "", "Choose what this condition is about"),
        ("nonsense", "is", "1", "Choose what this condition is about"),
        ("spent", "at_least", "", "Write an amount like 12.50."),
        ("spent", "at_least", "1.999", "has too many decimals. EUR has 2"),
        ("spent", "at_least", "-5", "An amount cannot be below 0."),
        ("purchase_count", "at_least", "many", "Enter a whole number"),
        ("purchase_count", "at_least", "9" * 40, "Enter a whole number"),
        ("purchase_count", "at_least", "٣", "Enter a whole number"),
        ("last_purchase", "within_days", "0", "Enter a whole number from 1"),
        ("joined", "before", "soon", "Enter a day"),
        ("joined", "after", "0001-01-01", "between 1900 and 2200"),
        ("tier", "is", "c" + "0" * 24, "Choose one of the list."),
        ("status", "is", "RICH", "Choose one of the list."),
        ("birthday_month", "is", "13", "Choose one of the list."),
        ("email_opt_in", "is", "1", "Choose one of the list."),
        ("tag", "is", " # ", "Enter a tag."),
        ("tag", "is", "x" * 61, "at most 60 characters"),
    ],
)
def test_a_wrong_value_is_said_beside_it(
    shop: Shop, owner: FlaskClient, field: str, operator: str, value: str, sentence: str
) -> None:
    condition = {"rule-0.field": field, "rule-0.operator": operator, "rule-0.value": value}
    data = {"new_id": new_id(), "name": "Wrong", "rule.match": "all"} | condition
    answer = owner.post(shop.url("/segments/new"), data=data)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    preview = owner.post(shop.url("/segments/preview"), data=data, headers=PART)
    assert preview.status_code == 200
    assert "Finish every condition" in preview.text


@pytest.mark.parametrize(
    "value", ["'; DROP TABLE customers; --", "%_\\", "<script>alert(1)</script>", "\0\0x", "💥"]
)
def test_a_hostile_tag_is_only_a_tag(
    app: Flask, shop: Shop, owner: FlaskClient, value: str
) -> None:
    make_customer(app, shop)
    row = new_id()
    data = {"new_id": row, "name": f"Tag {value}", "rule.match": "all", "rule-0.field": "tag"}
    data |= {"rule-0.operator": "is", "rule-0.value": value}
    assert owner.post(shop.url("/segments/new"), data=data).status_code == 303
    page = owner.get(shop.url(f"/segments/{row}")).text
    assert "<script>alert" not in page
    assert "Nobody fits today" in page


def test_hostile_shapes_end_in_an_answer(shop: Shop, owner: FlaskClient) -> None:
    deep = {"-".join(["rule"] + ["0"] * depth) + ".match": "all" for depth in range(40)}
    wide = {f"rule-{number}.field": "tag" for number in range(200)}
    for data in (deep, wide, {"rule.match": "x"}, {"do": "remove:"}, {"do": "group:rule-9"}):
        for path in ("/segments/new", "/segments/preview"):
            sent = {"new_id": new_id(), "name": "Odd"} | data
            assert owner.post(shop.url(path), data=sent).status_code < 500


def test_groups_end_where_nobody_could_read_them(shop: Shop, owner: FlaskClient) -> None:
    new = shop.url("/segments/new")
    sent = typed(owner.get(new).text)
    for place in ("rule", "rule-1", "rule-1-1", "rule-1-1-1"):
        sent = typed(owner.post(new, data=sent | {"do": f"group:{place}"}).text)
    assert "rule-1-1.match" in sent
    assert not any(name.startswith("rule-1-1-1.match") for name in sent)


def test_the_preview_counts_and_shows_some(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    for number in range(7):
        make_customer(app, shop, f"Person {number}", spent_minor=number * 1_000)
    answer = owner.post(shop.url("/segments/preview"), data=BIG, headers=PART).text
    assert "2 customers" in answer
    assert "Person 6" in answer
    assert "Person 4" not in answer
    everybody = owner.post(shop.url("/segments/preview"), data={}, headers=PART).text
    assert "7 customers" in everybody
    assert everybody.count("who-name") == 5
    assert "Who fits now" in owner.post(shop.url("/segments/preview"), data=BIG).text


def test_a_press_through_htmx_answers_only_the_rule_and_the_preview(
    shop: Shop, owner: FlaskClient
) -> None:
    data = BIG | {"new_id": new_id(), "do": "condition:rule"}
    answer = owner.post(shop.url("/segments/new"), data=data, headers=PART).text
    assert answer.lstrip().startswith('<div id="segment-rule">')
    assert 'hx-target="#segment-preview"' in answer
    assert "<html" not in answer
    assert "field-error" not in answer, "nobody tried to save"


def test_the_tiers_of_the_business_can_be_chosen(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    gold = make_tier(app, shop, "Gold", 100)
    row = new_id()
    data = {"new_id": row, "name": "Gold", "rule.match": "all", "rule-0.field": "tier"}
    data |= {"rule-0.operator": "at_least", "rule-0.value": gold}
    assert owner.post(shop.url("/segments/new"), data=data).status_code == 303
    assert "Tier is at least Gold" in owner.get(shop.url(f"/segments/{row}")).text
