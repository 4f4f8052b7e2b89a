"""A merchant brings in a file by hand, in Chromium."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from nxloy_web import worker
from tests.factories import make_customer, make_shop, sign_in

pytestmark = pytest.mark.browser

BOUGHT = (
    "Customer number;Date;Total\n"
    + "".join(f"1;{day:02}/03/2026;12,50\n" for day in range(1, 29))
    + "2;01/03/2026;9,00\n"
)


def test_a_file_is_uploaded_matched_checked_imported_and_undone(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    shop = make_shop(app)
    make_customer(app, shop, external_id="1")
    client = app.test_client()
    sign_in(client, shop.owner_id)
    cookie = client.get_cookie("nxloy")
    assert cookie is not None
    context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    page = context.new_page()
    page.goto(live_server + shop.url("/imports/"))
    page.get_by_role("link", name="Import purchases").click()
    upload = page.get_by_role("button", name="Upload and match columns")
    upload.click()
    expect(page.get_by_text("Choose a file.").first).to_be_visible()
    file = {"name": "till.csv", "mimeType": "text/csv", "buffer": BOUGHT.encode()}
    page.get_by_label("CSV file").set_input_files(file)  # type: ignore[arg-type]
    upload.click()
    expect(page.get_by_role("heading", name="Match columns")).to_be_visible()
    expect(page.get_by_label("Amount", exact=True)).to_have_value("Total")
    expect(page.get_by_label("Dates are written as")).to_have_value("dmy")
    expect(page.get_by_label("Amounts are written as")).to_have_value(",")
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_text("nothing is written yet")).to_be_visible()
    worker.run_until_idle(app)
    page.get_by_role("button", name="Import 28 purchases").click()
    expect(page.get_by_text("Importing")).to_be_visible()
    worker.run_until_idle(app)
    expect(page.get_by_text("28 purchases came in")).to_be_visible()
    expect(page.get_by_text("gave 336 points")).to_be_visible()
    page.get_by_role("link", name="Failed 1", exact=True).click()
    expect(page.get_by_text("There is no customer with the customer number 2.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download failed lines").click()
    assert '2,01/03/2026,"9,00",30,' in download.value.path().read_text("utf-8-sig")
    page.get_by_role("button", name="Undo this import").click()
    page.locator("#confirm").get_by_role("button", name="Undo the import").click()
    # Only an answered click has put its job into the queue.
    expect(page.get_by_text("Taking the import back")).to_be_visible()
    worker.run_until_idle(app)
    expect(page.get_by_text("their points were taken back")).to_be_visible()
