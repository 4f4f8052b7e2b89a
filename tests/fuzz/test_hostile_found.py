"""What was found by sending anything, each with a test of its own (X7)."""

import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.segments import service as segments
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.tables.segments import SegmentKind, SegmentRules
from nxloy_web.web.arguments import Arguments
from tests.factories import NOON, Shop, as_role, inside, make_shop
from tests.pressing import HTMX, browser_as


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def test_a_part_of_a_form_without_a_name_is_none_of_ours() -> None:
    """It was an error of ours on every address that takes a form."""
    assert Arguments([(None, "1"), ("a", "2")]).to_dict() == {"a": "2"}  # type: ignore[list-item]


def test_the_pages_of_a_shop_without_a_running_program(app: Flask, shop: Shop) -> None:
    """The list of customers was an error of ours as soon as the only program had ended."""
    with inside(app, shop):
        program = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
        program.status = ProgramStatus.ARCHIVED
        db.session.commit()
    owner = as_role(app, shop, Role.OWNER)
    failed = []
    for rule in app.url_map.iter_rules():
        if rule.arguments == {"slug"} and "GET" in (rule.methods or ()):
            path = rule.rule.replace("<slug>", shop.slug)
            if owner.get(path, buffered=True).status_code >= 500:
                failed.append(path)
    assert failed == []


def test_a_list_of_people_has_no_rule_to_change(app: Flask, shop: Shop) -> None:
    """A button of a rule, sent with the form of a list, was an error of ours."""
    segment_id = new_id()
    with inside(app, shop):
        facts = SegmentFacts("Friends", None, SegmentRules())
        segments.create(segment_id, facts, kind=SegmentKind.MANUAL, by=shop.actor(), at=NOON)
        db.session.commit()
    form = browser_as(app, shop).get(shop.url(f"/segments/{segment_id}/edit")).forms["segment-form"]
    form.fields["do"][0]._value = "condition:rule"  # which no button of this form has
    answer = form.submit("do", value="condition:rule", headers=HTMX, status="*")
    assert answer.status_int == 200


def test_where_somebody_says_they_come_from_may_be_no_address(app: Flask, shop: Shop) -> None:
    """A kept form looked at it after every answer."""
    owner = as_role(app, shop, Role.OWNER)
    assert owner.get(shop.url("/"), headers={"Referer": "http://["}).status_code == 200
    sent = {"Referer": "http://[", "Origin": "http://["}
    assert app.test_client().post(shop.url("/team/"), headers=sent).status_code < 500


def test_a_form_too_large_to_be_read_is_not_kept(app: Flask, shop: Shop) -> None:
    """It was read for the first time while its sender was sent to the sign-in."""
    head = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    body = head + b"w" * 1_100_000 + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    path = shop.url(f"/imports/{new_id()}/undo")
    for method in ("OPTIONS", "POST"):
        answer = app.test_client().open(path, method=method, data=body, content_type=kind)
        assert answer.status_code in (303, 413)
