"""The page of a check: what a file comes to, and what of it is not used."""

from pathlib import Path

import pytest
from flask import Flask

from tests.factories import as_role, make_customer, make_shop
from tests.imports import steps
from tests.pressing import browser_as, press

TRIALS = Path(__file__).parent / "trials"


def test_a_thousandth_is_never_guessed(app: Flask) -> None:
    """M3. 12.500 was read as 12,500.00 without a question: 122,740 points instead of 121."""
    shop = make_shop(app, currency="USD")
    make_customer(app, shop, email_norm="ada@example.com")
    client = as_role(app, shop)
    content = (TRIALS / "amounts_three_decimals.csv").read_bytes()
    import_id = steps.upload(client, shop, content, "PURCHASES")
    answer = steps.match(client, shop, import_id)
    assert answer.status_code == 422
    assert "Say how amounts are written" in answer.text
    for sign, money, points in ((".", "$122.74", "121"), (",", "$122,740.00", "122,740")):
        run = steps.check(app, client, shop, import_id, decimals=sign)
        assert (run.totals.people, f"{run.totals.points:,}") == (1, points)
        page = client.get(shop.url(f"/imports/{import_id}")).text
        assert f"Import 3 purchases for {money}" in page
        assert "in the tiers people hold today" in page


def test_the_only_telling_amount_may_stand_far_down(app: Flask) -> None:
    """M3. The first lines leave it open, and one further down would be read by a guess."""
    shop = make_shop(app, currency="USD")
    client = as_role(app, shop)
    header = b"email,date,total\n"
    whole = b"ada@example.com,2026-02-02,12\n" * 6_000
    open_one = b"ada@example.com,2026-02-02,12.500\n"
    for content, proposed in (
        (header + whole, "."),
        (header + whole + open_one, ""),
        (header + open_one + whole + b"ada@example.com,2026-02-02,8.99\n", "."),
    ):
        import_id = steps.upload(client, shop, content, "PURCHASES")
        page = client.get(shop.url(f"/imports/{import_id}/columns")).text
        assert steps.chosen(page)["decimals"] == proposed


@pytest.mark.parametrize("is_running", [True, False])
def test_every_column_that_is_not_used_is_named(app: Flask, is_running: bool) -> None:
    """I1. Points, tiers and notes fell out of the file in silence."""
    shop = make_shop(app)
    client = as_role(app, shop)
    content = (TRIALS / "square_directory.csv").read_bytes()
    import_id = steps.upload(client, shop, content)
    steps.check(app, client, shop, import_id, dates="ymd")
    if is_running:
        steps.start(app, client, shop, import_id)
    page = browser_as(app, shop).get(shop.url(f"/imports/{import_id}"))
    rows = page.html.select('table[aria-label="Columns of the file"] tbody tr')
    said = {row.select("td")[0].get_text(strip=True): row.select("td")[1].text for row in rows}
    assert said["Email Address"].strip() == "E-mail"
    assert said["Lifetime Spend"].strip() == "Not used"
    assert said["Memo"].strip() == "Not used"
    used = [column for column, ours in said.items() if ours.strip() != "Not used"]
    assert set(used) >= {"First Name", "Last Name", "Email Address", "Phone Number", "Birthday"}
    assert len(said) == 23
    assert f"{len(used)} used, {23 - len(used)} not used" in page.text


def test_cells_that_are_left_out_have_a_list_of_their_own(app: Flask) -> None:
    """I7."""
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b"email,phone\nann@example.com,12\nbo@example.com,\n"
    import_id = steps.upload(client, shop, content)
    steps.check(app, client, shop, import_id)
    page = client.get(shop.url(f"/imports/{import_id}")).text
    assert "lines that come in without one" in page
    only = client.get(shop.url(f"/imports/{import_id}?show=left-out")).text
    assert "ann@example.com · 12" in only
    assert "Phone left out" in only
    assert "bo@example.com ·" not in only


def test_lines_inside_of_others_are_counted(app: Flask) -> None:
    """I3."""
    shop = make_shop(app)
    client = as_role(app, shop)
    content = b'email,note\nann@example.com,"oat\nmilk"\n\nbo@example.com,\n'
    import_id = steps.upload(client, shop, content)
    run = steps.check(app, client, shop, import_id)
    assert steps.counts(run) == (2, 0, 0)
    page = client.get(shop.url(f"/imports/{import_id}")).text
    assert "The file has 4 lines below its header: 2 that begin something" in page
    assert "1 that go on with the line above, 1 empty" in page


def test_an_import_is_stopped_by_its_own_buttons(app: Flask) -> None:
    """I11."""
    shop = make_shop(app)
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, b"email\nann@example.com\n")
    steps.check(app, client, shop, import_id)
    browser = browser_as(app, shop)
    url = shop.url(f"/imports/{import_id}")
    press(browser.get(url), "Import 1 customer")
    press(browser.get(url), "Stop")
    assert "Stopped at line 0 of 1" in browser.get(url).text
    press(browser.get(url), "Go on")
    press(browser.get(url), "Stop and take back")
    assert "Taking the import back" in browser.get(url).text
