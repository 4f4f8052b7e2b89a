"""Work that failed and mail that is not out, with the real buttons in Chromium. D12, X6."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from nxloy_web import clock, jobs, worker
from nxloy_web.db import db
from nxloy_web.tables.jobs import JobRun, JobState
from tests.background.test_background import (
    HEALS,
    away,
    beat,
    breaks_until_it_heals,
    write,
)
from tests.browsing import visit
from tests.factories import inside, make_shop, make_user
from tests.screens.test_every_page import faults

__all__ = ["away"]
pytestmark = pytest.mark.browser


@pytest.mark.usefixtures("nothing_seen", "away")
def test_what_failed_and_what_is_not_out_is_tried_again(
    app: Flask, live_server: str, browser: Browser, tmp_path: Path, monkeypatch: Any
) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue(breaks_until_it_heals)
        half = {"state": JobState.RUNNING, "done": 1_240, "total": 4_000, "tries": 1}
        db.session.add(JobRun(kind="imports.run", started_at=clock.now(), **half))
        db.session.commit()
    write(app, shop, "zoe@example.com", "a-very-long-name-of-somebody@mail.of-a-company.example")
    worker.run_until_idle(app)
    owner = visit(browser.new_context(), app, live_server, shop.owner_id)
    address = live_server + shop.url("/background-work/")
    home = live_server + shop.url("/")
    assert faults(owner, home) == []
    owner.goto(home)
    expect(owner.get_by_text("Background work stands still")).to_be_visible()
    shown(owner, "home", tmp_path)
    owner.get_by_role("link", name="Show it").click()
    expect(owner.locator("h1")).to_have_text("Background work")
    assert faults(owner, address) == []
    shown(owner, "background", tmp_path)
    beat(app, worker=True)
    assert faults(owner, address) == []
    shown(owner, "background-mail", tmp_path)
    owner.get_by_role("link", name="Failed").first.click()
    expect(owner.get_by_text("Bring in an import")).to_have_count(0)
    monkeypatch.setitem(HEALS, "now", True)
    app.config["SMTP_URL"] = None
    owner.get_by_role("button", name="Try again Tests background").click()
    expect(owner.get_by_text("It is tried again.")).to_be_visible()
    owner.get_by_role("button", name="Try now zoe@example.com").click()
    expect(owner.get_by_text("The mail is tried again.")).to_be_visible()
    worker.run_until_idle(app)
    # The page sees it by itself: nobody loads it again.
    expect(owner.get_by_text("zoe@example.com")).to_have_count(0)
    expect(owner.get_by_role("row").filter(has_text="Tests background")).to_contain_text("Done")

    operator = visit(browser.new_context(), app, live_server, make_user(app, is_operator=True))
    operator.goto(live_server + "/operator/background-work")
    assert faults(operator, operator.url) == []
    shown(operator, "operator", tmp_path)


def shown(page: Page, name: str, folder: Path) -> None:
    for width in (1440, 390):
        for theme in ("light", "dark"):
            page.context.add_cookies([{"name": "theme", "value": theme, "url": page.url}])
            page.set_viewport_size({"width": width, "height": 1000})
            page.reload()
            page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 1000})
