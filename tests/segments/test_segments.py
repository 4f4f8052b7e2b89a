"""Segments and lists: made, changed, put away, and who is in them."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from nxloy_web import clock, jobs, worker
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.db.session import history
from nxloy_web.permissions import Role
from nxloy_web.segments import refreshing
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember
from tests.factories import Shop, as_role, inside, make_customer, make_reward, make_shop
from tests.pressing import words_of

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
BIG = {
    "name": "Big spenders",
    "description": "",
    "rule.match": "all",
    "rule-0.field": "spent",
    "rule-0.operator": "at_least",
    "rule-0.value": "50.00",
}


def segment(app: Flask, shop: Shop, segment_id: str) -> CustomerSegment:
    with inside(app, shop):
        row = db.session.scalar(
            history(select(CustomerSegment).where(CustomerSegment.id == segment_id))
        )
        assert row is not None
        return row


def members(app: Flask, shop: Shop, segment_id: str) -> set[str]:
    with inside(app, shop):
        statement = select(CustomerSegmentMember.customer_id)
        return set(
            db.session.scalars(statement.where(CustomerSegmentMember.segment_id == segment_id))
        )


def actions(app: Flask, shop: Shop, subject_id: str) -> list[str]:
    with inside(app, shop):
        statement = select(AuditEntry.action).where(AuditEntry.subject_id == subject_id)
        return list(db.session.scalars(statement.order_by(AuditEntry.occurred_at, AuditEntry.id)))


def make(client: FlaskClient, shop: Shop, **typed: Any) -> str:
    segment_id = new_id()
    answer = client.post(shop.url("/segments/new"), data=BIG | {"new_id": segment_id} | typed)
    assert answer.status_code == 303, answer.text
    return segment_id


def make_list(client: FlaskClient, shop: Shop, name: str = "Friends") -> str:
    segment_id = new_id()
    data = {"new_id": segment_id, "kind": "MANUAL", "name": name, "description": ""}
    answer = client.post(shop.url("/segments/new"), data=data)
    assert answer.status_code == 303, answer.text
    return segment_id


def test_a_new_segment_holds_whom_its_rule_holds(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    big = make_customer(app, shop, "Berta", spent_minor=5_000)
    make_customer(app, shop, "Cleo", spent_minor=4_999)
    segment_id = make(owner, shop)
    made = segment(app, shop, segment_id)
    assert members(app, shop, segment_id) == {big}
    assert (made.member_count, made.refreshed_at is not None, made.version) == (1, True, 1)
    assert made.rules.items[0].model_dump()["value"] == "5000", "kept in minor units"
    page = owner.get(shop.url(f"/segments/{segment_id}")).text
    assert "Berta" in page
    assert "Cleo" not in words_of(page)
    assert "Amount spent is at least €50.00" in page
    assert "Amount spent is at least €50.00" in owner.get(shop.url("/segments/")).text
    assert actions(app, shop, segment_id) == ["segment.created"]


def test_the_count_is_what_the_customer_list_shows(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    for number in range(30):
        make_customer(app, shop, f"Guest {number}", spent_minor=number * 1_000)
    segment_id = make(owner, shop)
    count = segment(app, shop, segment_id).member_count
    assert count == len(members(app, shop, segment_id)) == 25
    assert "25 customers" in owner.get(shop.url(f"/customers/?segment={segment_id}")).text
    assert "25 customers" in owner.get(shop.url(f"/segments/{segment_id}")).text


def test_the_members_page_from_one_to_the_next(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    everybody = [make_customer(app, shop, f"Guest {n}", spent_minor=9_000) for n in range(27)]
    address = shop.url(f"/segments/{make(owner, shop)}")
    first = owner.get(address, headers=PART).text
    after = sorted(everybody, reverse=True)[24]
    second = owner.get(f"{address}?after={after}", headers=PART).text
    shown = [[row for row in everybody if f"/customers/{row}" in part] for part in (first, second)]
    assert [len(rows) for rows in shown] == [25, 2]
    assert sorted(shown[0] + shown[1]) == sorted(everybody)
    assert "past the end" in owner.get(f"{address}?after={min(everybody)}", headers=PART).text
    assert owner.get(f"{address}?after=%00';--").status_code == 200


def test_pressed_twice_makes_one(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    data = BIG | {"new_id": new_id()}
    answers = [owner.post(shop.url("/segments/new"), data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert actions(app, shop, data["new_id"]) == ["segment.created"]


def test_a_name_is_taken_once(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    make(owner, shop)
    again = owner.post(shop.url("/segments/new"), data=BIG | {"new_id": new_id()})
    assert again.status_code == 422
    assert "Another segment has this name" in again.text
    assert 'value="50.00"' in again.text


def test_changing_the_rule_changes_the_members(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    small = make_customer(app, shop, spent_minor=100)
    big = make_customer(app, shop, spent_minor=9_000)
    segment_id = make(owner, shop)
    edit = shop.url(f"/segments/{segment_id}/edit")
    assert 'value="50.00"' in owner.get(edit).text
    turned = BIG | {"rule-0.operator": "at_most", "rule-0.value": "1,00", "version": "1"}
    for _ in range(2):
        assert owner.post(edit, data=turned).status_code == 303
    assert members(app, shop, segment_id) == {small}
    assert actions(app, shop, segment_id) == ["segment.created", "segment.edited"]
    late = owner.post(edit, data=BIG | {"version": "1", "name": "Late"})
    assert late.status_code == 409
    assert "What you typed is still here" in late.text
    assert 'value="Late"' in late.text
    assert members(app, shop, segment_id) == {small}
    assert owner.post(edit, data=BIG | {"version": "2"}).status_code == 303
    assert members(app, shop, segment_id) == {big}


def test_a_refresh_follows_the_customers_and_leaves_open_forms_good(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    goes = make_customer(app, shop, spent_minor=9_000)
    comes = make_customer(app, shop, spent_minor=0)
    segment_id, by_hand = make(owner, shop), make_list(owner, shop)
    with inside(app, shop):
        find(Customer, goes).spent_minor = 0
        find(Customer, comes).spent_minor = 9_000
        db.session.commit()
    with inside(app, shop):
        jobs.enqueue(refreshing.refresh_all)
        db.session.commit()
    worker.run_until_idle(app)
    assert members(app, shop, segment_id) == {comes}
    assert segment(app, shop, segment_id).version == 1
    assert segment(app, shop, by_hand).refreshed_at is None


def test_a_big_business_is_refreshed_by_the_worker(
    app: Flask, shop: Shop, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {make_customer(app, shop, spent_minor=9_000) for _ in range(3)}
    monkeypatch.setattr(refreshing, "AT_ONCE", 2)
    segment_id = make(owner, shop)
    assert members(app, shop, segment_id) == set()
    assert "being gathered" in owner.get(shop.url(f"/segments/{segment_id}")).text
    worker.run_until_idle(app)
    assert members(app, shop, segment_id) == rows


def test_a_deleted_segment_comes_back_as_it_was(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    who = make_customer(app, shop)
    segment_id = make_list(owner, shop)
    owner.post(shop.url(f"/segments/{segment_id}/members"), data={"id": who})
    assert owner.post(shop.url(f"/segments/{segment_id}/deletion")).status_code == 303
    assert "Friends" not in owner.get(shop.url("/segments/"), headers=PART).text
    assert "Friends" in owner.get(shop.url("/segments/?view=deleted")).text
    assert owner.get(shop.url(f"/segments/{segment_id}")).status_code == 200
    assert owner.get(shop.url(f"/segments/{segment_id}/edit")).status_code == 404
    other = make_list(owner, shop)
    refused = owner.post(shop.url(f"/segments/{segment_id}/restoration"))
    assert refused.status_code == 409
    assert "exists by now" in refused.text
    owner.post(shop.url(f"/segments/{other}/deletion"))
    for _ in range(2):
        assert owner.post(shop.url(f"/segments/{segment_id}/restoration")).status_code == 303
    assert members(app, shop, segment_id) == {who}
    assert actions(app, shop, segment_id)[-2:] == ["segment.deleted", "segment.restored"]


def test_a_segment_a_reward_needs_stays(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    segment_id = make(owner, shop)
    make_reward(app, shop, segment_id=segment_id)
    answer = owner.post(shop.url(f"/segments/{segment_id}/deletion"))
    assert answer.status_code == 409
    assert "1 reward is only for this segment" in answer.text
    assert "Free flat white" in answer.text
    assert not segment(app, shop, segment_id).is_deleted


def test_a_list_is_put_together_by_hand(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    with inside(app, shop):
        who = customers.enrol(
            new_id(),
            replace(NEWCOMER, first_name="Zora", last_name="Lind", email="zora@example.com"),
            by=shop.actor(),
            at=clock.now(),
        ).id
        db.session.commit()
    segment_id = make_list(owner, shop)
    address = shop.url(f"/segments/{segment_id}/members")
    assert "Zora Lind" in owner.get(f"{address}?q=zor", headers=PART).text
    assert "No customer matches" in owner.get(f"{address}?q=nobody").text
    for _ in range(2):
        assert owner.post(address, data={"id": who}).status_code == 303
    assert "On the list" in owner.get(f"{address}?q=zor", headers=PART).text
    assert (members(app, shop, segment_id), segment(app, shop, segment_id).member_count) == (
        {who},
        1,
    )
    assert owner.post(f"{address}/{who}/deletion").status_code == 303
    assert segment(app, shop, segment_id).member_count == 0
    assert owner.post(f"{address}/{who}").status_code == 303
    assert members(app, shop, segment_id) == {who}
    assert owner.post(address, data={}).status_code == 409
    assert actions(app, shop, segment_id)[1:] == [
        "segment.members_added",
        "segment.members_removed",
        "segment.members_added",
    ]


def test_what_is_ticked_in_the_customer_list_goes_on_a_list(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    rich = {make_customer(app, shop, f"Rich {n}", spent_minor=9_000) for n in range(3)}
    poor = make_customer(app, shop, "Poor")
    by_rule, by_hand = make(owner, shop), make_list(owner, shop)
    url = shop.url("/segments/members")
    chosen = {"segment_id": by_hand, "id": [poor, "nonsense"]}
    answer = owner.post(url, data=chosen, headers=PART)
    assert "1 customer added to Friends" in answer.text
    everything = {"segment_id": by_hand, "all": "1", "query": f"segment={by_rule}&q="}
    answer = owner.post(url, data=everything)
    assert answer.location.endswith(f"/customers/?segment={by_rule}&q=")
    assert members(app, shop, by_hand) == rich | {poor}
    assert owner.post(url, data={"id": poor}).status_code == 409
    assert owner.post(url, data=chosen | {"segment_id": by_rule}).status_code == 409
    assert owner.post(url, data=chosen | {"segment_id": "'; --"}).status_code == 404


def test_another_business_finds_nothing_and_adds_nobody(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    other = make_shop(app)
    stranger = as_role(app, other)
    segment_id = make_list(owner, shop)
    theirs = make_customer(app, other)
    for path in ("", "/edit", "/members"):
        assert stranger.get(shop.url(f"/segments/{segment_id}{path}")).status_code == 404
        assert stranger.get(other.url(f"/segments/{segment_id}{path}")).status_code == 404
    assert stranger.post(other.url(f"/segments/{segment_id}/deletion")).status_code == 404
    owner.post(shop.url(f"/segments/{segment_id}/members"), data={"id": theirs})
    assert members(app, shop, segment_id) == set()


def test_roles_see_or_change_what_they_may(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    segment_id = make(owner, shop)
    analyst, staff = as_role(app, shop, Role.ANALYST), as_role(app, shop, Role.STAFF)
    page = analyst.get(shop.url(f"/segments/{segment_id}"))
    assert page.status_code == 200
    assert "Delete" not in page.text
    assert analyst.get(shop.url("/segments/new")).status_code == 403
    assert analyst.post(shop.url("/segments/preview"), data=BIG).status_code == 403
    assert staff.get(shop.url("/segments/")).status_code == 403
