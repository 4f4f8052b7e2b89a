"""I7: one cell that cannot be read costs the cell, and never the customer."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.purchases import Purchase
from tests.factories import Shop, as_role, inside, make_customer, make_shop
from tests.imports import steps

TRIALS = Path(__file__).parent / "trials"


def people(app: Flask, shop: Shop, *columns: Any) -> dict[str, Any]:
    with inside(app, shop):
        rows = db.session.execute(select(Customer.email_norm, *columns)).all()
        return {email: tuple(facts) for email, *facts in rows}


def test_birthdays_of_every_kind(app: Flask) -> None:
    """I7."""
    shop = make_shop(app)
    content = (TRIALS / "birthdays_mixed.csv").read_bytes()
    run = steps.bring_in(app, as_role(app, shop), shop, content, dates="mdy")
    assert steps.counts(run) == (11, 0, 0)
    kept = {
        email[:-12]: born for email, (born,) in people(app, shop, Customer.date_of_birth).items()
    }
    assert {who for who, born in kept.items() if str(born) == "1990-05-17"} >= {"b1", "b2", "b8"}
    assert kept["b4"] is None
    verdict, reason = steps.reasons(app, shop, run.id)[5]
    assert (verdict, reason) == ("NEW", "Birthday left out: “05/17” has no year.")
    assert run.totals.with_cells_left_out >= 3


def test_opt_ins_that_are_no_yes_opt_nobody_in(app: Flask) -> None:
    """I7."""
    shop = make_shop(app)
    content = (TRIALS / "optin_values.csv").read_bytes()
    run = steps.bring_in(app, as_role(app, shop), shop, content)
    assert steps.counts(run) == (12, 0, 0)
    said = people(app, shop, Customer.email_opt_in)
    assert {email[:-12] for email, (opted_in,) in said.items() if opted_in} == {
        "o1",
        "o2",
        "o3",
        "o8",
    }
    reason = steps.reasons(app, shop, run.id)[12][1]
    assert reason == "May be mailed left out: “cleaned” is neither yes nor no."


def test_one_way_to_reach_somebody_is_enough(app: Flask) -> None:
    """I7."""
    shop = make_shop(app)
    content = (
        b"email,phone,name,tags\n"
        b"ann@example.com,12,Ann,\n"
        b"not an address,030 901820,Bo,\n"
        b"not an address,12,Cy,\n"
        b"di@example.com,,%s,\n"
        b"ed@example.com,,Ed,%s\n" % (b"x" * 81, b"t" * 41)
    )
    client = as_role(app, shop)
    run = steps.bring_in(app, client, shop, content)
    assert steps.counts(run) == (4, 0, 1)
    reasons = steps.reasons(app, shop, run.id)
    assert str(reasons[2][1]).startswith("Phone left out: Enter a phone number")
    assert str(reasons[3][1]).startswith("E-mail left out: Enter an e-mail address")
    assert reasons[4][0] == "FAILED"
    assert str(reasons[5][1]).startswith("Full name left out")
    assert str(reasons[6][1]).startswith("Tags left out")


def test_a_purchase_comes_without_a_cell_it_does_not_need(app: Flask) -> None:
    """I7."""
    shop = make_shop(app)
    make_customer(app, shop, email_norm="ann@example.com")
    content = b"email,phone,date,total,items\nann@example.com,12,2026-01-02,5.00,many\n"
    run = steps.bring_in(app, as_role(app, shop), shop, content, "PURCHASES")
    assert steps.counts(run) == (1, 0, 0)
    reason = str(steps.reasons(app, shop, run.id)[2][1])
    assert "Phone left out" in reason
    assert "Number of items left out: “many” is not a number of items." in reason
    with inside(app, shop):
        assert db.session.scalars(select(Purchase.items)).all() == [None]


def test_a_single_value_that_goes_on_in_the_next_line_hides_people(app: Flask) -> None:
    """I3. The marks close properly, and still two people stand inside a name."""
    shop = make_shop(app)
    content = b'email,name\na@example.com,"\nb@example.com,"\nc@example.com,Cy\n'
    run = steps.check(app, client := as_role(app, shop), shop, steps.upload(client, shop, content))
    assert steps.counts(run) == (1, 0, 1)
    assert "goes on in the next line" in str(steps.reasons(app, shop, run.id)[2][1])
