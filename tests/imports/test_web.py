"""Imports through the pages: what is asked, what is refused, what becomes of each line."""

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import func, select

from nxloy_web import clock, worker
from nxloy_web.customers import status
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportRun, ImportState
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.purchases import Purchase
from tests.factories import as_role, inside, make_customer, make_shop, sign_in
from tests.imports import steps
from tests.pressing import browser_as, hostile_post

PEOPLE = b"customer_id,email,name\n1,ann@example.com,Ann Lee\n2,bo@example.com,Bo\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04xl/workbook.xml", "Save or export it as CSV"),
        (b"a,a\n1,2\n", "Two columns are called"),
        (b"email\n", "no lines below"),
    ],
)
def test_a_file_that_is_no_table_is_refused_beside_the_field(
    app: Flask, content: bytes, sentence: str
) -> None:
    shop = make_shop(app)
    answer = steps.send_file(as_role(app, shop), shop, content)
    assert answer.status_code == 422
    assert sentence in answer.text
    with inside(app, shop):
        assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_no_file_is_told(app: Flask) -> None:
    shop = make_shop(app)
    sent = {"new_id": new_id(), "kind": "X"}
    answer = hostile_post(browser_as(app, shop), "a forged field", shop.url("/imports/"), sent)
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_uploading_twice_makes_one_import(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    form_id = new_id()
    for _ in range(2):
        data = {"new_id": form_id, "kind": "CUSTOMERS", "file": (io.BytesIO(PEOPLE), "p.csv")}
        assert client.post(shop.url("/imports/"), data=data).status_code == 303
    with inside(app, shop):
        assert db.session.scalar(select(func.count()).select_from(ImportRun)) == 1


def test_what_can_be_read_in_two_ways_must_be_said(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b"email,date,amount\nann@example.com,03/04/2026,12.50\n"
    import_id = steps.upload(client, shop, content, "PURCHASES")
    answer = steps.match(client, shop, import_id)
    assert answer.status_code == 422
    assert "03/04 can be in March or in April" in answer.text
    assert steps.match(client, shop, import_id, dates="dmy").status_code == 303


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"column_amount": ""}, "Choose the column with the amount."),
        ({"column_email": ""}, "Choose a column with the customer number, e-mail or phone"),
        ({"column_items": "amount"}, "is chosen twice"),
        ({"column_items": "no such column"}, "Not a valid choice"),
        ({"decimals": ""}, "52,620 can be read in two ways"),
        ({"program": "cnotaprogram"}, "Not a valid choice"),
    ],
)
def test_columns_that_do_not_say_enough_are_refused(
    app: Flask, changes: dict[str, str], sentence: str
) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b"email,date,amount\nann@example.com,2026-04-03,12.50\n"
    import_id = steps.upload(client, shop, content, "PURCHASES")
    answer = steps.match(client, shop, import_id, **changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert steps.run_of(app, shop, import_id).state is ImportState.UPLOADED


def test_the_check_writes_nothing_but_verdicts(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, PEOPLE)
    run = steps.check(app, client, shop, import_id)
    assert (run.state, steps.counts(run)) == (ImportState.CHECKED, (2, 0, 0))
    with inside(app, shop):
        assert db.session.scalar(select(func.count(Customer.id))) == 0
    page = client.get(shop.url(f"/imports/{import_id}")).text
    assert "nothing has been written yet" in page
    assert "Import 2 customers" in page


def test_customers_come_in_found_and_opted_out(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    content = (
        "Customer number;E-Mail;Phone;Full name;Birthday;Tags;SMS opt-in\r\n"
        "7;Ann@Example.com;030 901820;Łukasz van Dyke;31/12/1987;vip, regular;yes\r\n"
    ).encode()
    run = steps.bring_in(app, client, shop, content)
    assert steps.counts(run) == (1, 0, 0)
    with inside(app, shop):
        made = db.session.scalars(select(Customer)).one()
        assert (made.external_id, made.email_norm) == ("7", "ann@example.com")
        assert (made.phone_e164, made.first_name, made.last_name) == (
            "+4930901820",
            "Łukasz van",
            "Dyke",
        )
        assert str(made.date_of_birth) == "1987-12-31"
        assert (made.tags, made.email_opt_in, made.sms_opt_in) == (["vip", "regular"], False, True)
    found = client.get(shop.url("/customers/?q=lukasz")).text
    assert "Łukasz van Dyke" in found


def test_each_customer_line_gets_its_verdict(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, email_norm="known@example.com", external_id="1")
    make_customer(app, shop, email_norm="other@example.com", external_id="2")
    content = (
        b"id,email,birthday\n"
        b"1,known@example.com,\n"  # 2
        b"1,other@example.com,\n"  # 3
        b"9,other@example.com,\n"  # 4
        b"3,new@example.com,2000-02-29\n"  # 5
        b"3,new@example.com,\n"  # 6
        b"4,new@example.com,\n"  # 7
        b"5,,\n"  # 8
        b"6,not-an-address,\n"  # 9
        b"7,baby@example.com,2999-01-01\n"  # 10: without the birthday
        b"8,short@example.com\n"  # 11
    )
    import_id = steps.upload(client, shop, content)
    run = steps.check(app, client, shop, import_id)
    verdicts = steps.reasons(app, shop, import_id)
    assert "".join(verdicts[line][0][0] for line in range(2, 12)) == "KFFNKFFFNF"
    assert verdicts[3][1] == "The customer number and the e-mail belong to different customers."
    assert verdicts[4][1] == "Another customer has this e-mail already."
    assert verdicts[6][1] == "The same customer as line 5"
    assert verdicts[7][1] == "Another customer has this e-mail already."
    assert verdicts[8][1] == "The line has neither an e-mail address nor a phone number."
    assert verdicts[11][1] == "The line has 2 of 3 columns."
    assert steps.counts(run) == (2, 2, 6)
    assert steps.counts(steps.start(app, client, shop, import_id)) == (2, 2, 6)
    again = steps.check(app, client, shop, steps.upload(client, shop, content))
    assert again.created_rows == 0


def test_each_purchase_line_gets_its_verdict(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    ann = make_customer(app, shop, email_norm="ann@example.com", external_id="1")
    make_customer(app, shop, email_norm="bo@example.com", external_id="2", status="BLOCKED")
    with inside(app, shop):
        recording.record(
            id=new_id(),
            customer_id=ann,
            amount_minor=500,
            order_ref="T-1",
            by=shop.actor(),
            at=clock.now(),
        )
        db.session.commit()
    content = (
        b"customer,email,date,total,order\n"
        b"1,ann@example.com,2026-01-02,12.50,A-1\n"  # 2 new
        b"1,,2026-01-02,5.00,t 1\n"  # 3 entered at the counter, as T-1
        b"1,,2026-01-02,6.00,T-1\n"  # 4 the same order, another amount
        b"1,,2026-01-02,12.50,a1\n"  # 5 twice in the file
        b"2,,2026-01-02,12.50,A-2\n"  # 6 blocked
        b"3,,2026-01-02,12.50,A-3\n"  # 7 unknown
        b"1,bo@example.com,2026-01-02,12.50,A-4\n"  # 8 two people
        b"1,,2026-01-02,-3.00,A-5\n"  # 9
        b"1,,2999-01-02,3.00,A-6\n"  # 10
        b"1,,2026-13-02,3.00,A-7\n"  # 11
        b",,2026-01-02,3.00,A-8\n"  # 12
        b'1,,2026-01-02,"52,62",A-9\n'  # 13
    )
    import_id = steps.upload(client, shop, content, "PURCHASES")
    run = steps.check(app, client, shop, import_id, decimals=".")
    verdicts = steps.reasons(app, shop, import_id)
    assert [line for line, (verdict, _) in verdicts.items() if verdict == "NEW"] == [2]
    assert [line for line, (verdict, _) in verdicts.items() if verdict == "KNOWN"] == [3]
    assert {
        line: reason for line, (verdict, reason) in verdicts.items() if verdict == "FAILED"
    } == {
        4: "Line 3 has this order number already.",
        5: "Line 2 has this order number already.",
        6: "The customer is blocked.",
        7: "There is no customer with the customer number 3.",
        8: "The customer number and the e-mail belong to different customers.",
        9: "“-3.00” is negative; returns cannot be imported as purchases.",
        10: "“2999-01-02” lies in the future.",
        11: "“2026-13-02” is not a day of the calendar in this order.",
        12: "The line does not say whose purchase it is.",
        13: "“52,62” is not an amount. Write it like 12.50.",
    }
    done = steps.start(app, client, shop, import_id)
    assert (steps.counts(done), done.points) == ((1, 1, 10), 12)
    assert steps.counts(run) == (1, 1, 10)
    changed = content.replace(b"5.00,t 1", b"5.50,t 1")
    again = steps.upload(client, shop, changed, "PURCHASES")
    steps.check(app, client, shop, again, decimals=".")
    assert "is there already, with an amount of 5.00" in str(steps.reasons(app, shop, again)[3][1])


def test_equal_lines_are_two_purchases_and_the_same_file_again_changes_nothing(
    app: Flask,
) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    make_customer(app, shop, external_id="2")
    line = b"1,2026-01-02,12.00\n"
    content = b"customer_id,date,amount\n" + line * 2 + b"2,2026-01-02,12.00\n" + line
    run = steps.bring_in(app, client, shop, content, "PURCHASES")
    assert (steps.counts(run), run.points) == ((4, 0, 0), 48)
    again = steps.bring_in(app, client, shop, content, "PURCHASES")
    assert (steps.counts(again), again.points) == ((0, 4, 0), 0)
    more = steps.bring_in(app, client, shop, content + line, "PURCHASES")
    assert (steps.counts(more), more.points) == ((1, 4, 0), 12)


def test_ten_thousand_bad_lines_are_told_one_by_one(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    bad = b"".join(b'%d,"=cmd|x",soon\n' % number for number in range(10_000))
    content = b"customer_id,amount,date\n" + bad
    import_id = steps.upload(client, shop, content, "PURCHASES")
    run = steps.check(app, client, shop, import_id, dates="ymd", decimals=".")
    assert steps.counts(run) == (0, 0, 10_000)
    page = client.get(shop.url(f"/imports/{import_id}?verdict=failed")).text
    assert "Nothing to import" in page
    assert "Import 0" not in page
    answer = client.get(shop.url(f"/imports/{import_id}/failed.csv"))
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["customer_id", "amount", "date", "Line", "Why it failed"]
    assert rows[1][1:] == ["'=cmd|x", "soon", "2", "“soon” is not a date like 2026-12-31."]
    assert len(rows) == 10_001
    assert client.get(shop.url(f"/imports/{import_id}?after=9950")).status_code == 200


def test_hostile_text_is_only_text(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b"email,name,<script>x</script>\nann@example.com,<img src=x onerror=alert(1)>,'; --\n"
    import_id = steps.upload(client, shop, content)
    for path in (f"/imports/{import_id}/columns", f"/imports/{import_id}", "/imports/"):
        assert "<script>x" not in client.get(shop.url(path)).text
    steps.check(app, client, shop, import_id)
    steps.start(app, client, shop, import_id)
    page = client.get(shop.url(f"/imports/{import_id}")).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_step_taken_twice_or_too_early_changes_nothing(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, PEOPLE)
    url = shop.url(f"/imports/{import_id}")
    early = browser_as(app, shop)
    for step in ("run", "undo"):
        assert hostile_post(early, "no such state", f"{url}/{step}").status_code == 409
    steps.check(app, client, shop, import_id)
    assert client.post(f"{url}/run").status_code == 303
    assert client.post(f"{url}/run").status_code == 303
    run = steps.start(app, client, shop, import_id)
    assert steps.counts(run) == (2, 0, 0)
    assert client.get(f"{url}/columns").status_code == 303
    assert client.post(f"{url}/again").status_code == 409


def test_who_may_see_and_do_what(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    import_id = steps.upload(as_role(app, shop), shop, PEOPLE)
    url = shop.url(f"/imports/{import_id}")
    analyst = as_role(app, shop, Role.ANALYST)
    assert analyst.get(url).status_code == 200
    assert "/columns" not in analyst.get(url).text
    assert analyst.get(shop.url("/imports/new")).status_code == 403
    assert analyst.post(f"{url}/run").status_code == 403
    assert as_role(app, shop, Role.STAFF).get(url).status_code == 403
    stranger = app.test_client()
    sign_in(stranger, other.owner_id)
    for path in (url, f"{url}/columns", f"{url}/failed.csv", shop.url("/imports/")):
        assert stranger.get(path).status_code == 404
    assert as_role(app, other).get(other.url(f"/imports/{import_id}")).status_code == 404
    assert (
        hostile_post(
            browser_as(app, other), "a stranger", other.url(f"/imports/{import_id}/run")
        ).status_code
        == 404
    )


def test_the_page_asks_again_only_while_something_moves(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, PEOPLE)
    url = shop.url(f"/imports/{import_id}")
    steps.match(client, shop, import_id)
    fragment = client.get(url, headers={"HX-Request": "true"}).text
    assert 'hx-trigger="every 1s"' in fragment
    assert "<html" not in fragment
    worker.run_until_idle(app)
    assert "every 1s" not in client.get(url, headers={"HX-Request": "true"}).text


def test_nobody_gives_points_to_themselves_by_file(app: Flask) -> None:
    shop = make_shop(app)
    make_customer(app, shop, external_id="1", user_id=shop.owner_id)
    content = b"customer_id,date,amount\n1,2026-01-02,12.00\n"
    client = as_role(app, shop)
    assert steps.counts(steps.bring_in(app, client, shop, content, "PURCHASES")) == (0, 0, 1)
    assert steps.bring_in(app, client, shop, content, "PURCHASES", program="").created_rows == 1
    with inside(app, shop):
        assert db.session.scalar(select(func.count(CustomerBalance.id))) == 0
        assert db.session.scalars(select(Purchase.points)).all() == [0]


def test_a_deleted_customer_is_unknown(app: Flask) -> None:
    shop = make_shop(app)
    gone = make_customer(app, shop, external_id="1")
    with inside(app, shop):
        status.delete(gone, by=shop.actor(), at=clock.now())
        db.session.commit()
    content = b"customer_id,date,amount\n1,2026-01-02,12.00\n"
    run = steps.bring_in(app, as_role(app, shop), shop, content, "PURCHASES")
    assert steps.counts(run) == (0, 0, 1)
