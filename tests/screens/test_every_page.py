"""Every page of the demo business in Chromium: light and dark, desk and phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from tests.browsing import visit
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DESK = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
CUT_OFF = """() => [...document.querySelectorAll('.data-table')]
    .filter(table => table.scrollWidth > table.parentElement.clientWidth + 1)
    .map(table => `${table.ariaLabel} is wider than its card`)"""
"""A card clips what is wider: a column that nobody can reach."""

ROW_OF = {
    "customer_id": "SELECT customer_id FROM reward_redemptions WHERE business_id = %s LIMIT 1",
    "program_id": "SELECT id FROM loyalty_programs WHERE business_id = %s LIMIT 1",
    "tier_id": "SELECT id FROM loyalty_tiers WHERE business_id = %s LIMIT 1",
    "rule_id": "SELECT rule_id FROM earning_rules WHERE business_id = %s LIMIT 1",
    "reward_id": "SELECT id FROM rewards WHERE business_id = %s LIMIT 1",
    "redemption_id": "SELECT id FROM reward_redemptions WHERE business_id = %s LIMIT 1",
    "segment_id": "SELECT id FROM customer_segments WHERE business_id = %s LIMIT 1",
    "purchase_id": "SELECT id FROM purchases WHERE business_id = %s LIMIT 1",
    "location_id": "SELECT id FROM locations WHERE business_id = %s LIMIT 1",
    "membership_id": "SELECT id FROM memberships WHERE business_id = %s LIMIT 1",
    "run_id": "SELECT id FROM import_runs WHERE business_id = %s LIMIT 1",
}
OF_THE_CUSTOMER = {
    "redemption_id": "SELECT id FROM reward_redemptions WHERE business_id = %s"
    " AND customer_id = %s ORDER BY requested_at DESC LIMIT 1",
}
SLUG = "harbour-coffee"
WITH_DEMO = True


def pages(app: Flask, side: str, as_admin: Any, **known: str) -> Iterator[str]:
    """The address of every page of one side, each with the id of a row that is there."""
    business = as_admin.execute("SELECT id FROM businesses WHERE slug = %s", (SLUG,)).fetchone()[0]
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(f"/{side}/<slug>") or "GET" not in rule.methods:
            continue
        values: dict[str, Any] = {"slug": SLUG}
        for name in rule.arguments - {"slug"}:
            if side == "p" and name in OF_THE_CUSTOMER:
                found = as_admin.execute(
                    OF_THE_CUSTOMER[name], (business, known["customer_id"])
                ).fetchone()
            elif name in ROW_OF:
                found = as_admin.execute(ROW_OF[name], (business,)).fetchone()
            else:
                found = None
            if found is None:
                break
            values[name] = found[0]
        else:
            yield str(rule.build(values, append_unknown=False)[1])


def faults(page: Page, address: str) -> list[str]:
    """What is wrong with a page as a person meets it; empty when nothing is."""
    found: list[str] = []

    def listen(message: Any) -> None:
        if message.type == "error" and "404" not in message.text:
            found.append(f"console: {message.text}")

    page.on("console", listen)
    page.emulate_media(reduced_motion="reduce")  # no colour is measured half-way to another
    for theme, size in (("light", DESK), ("dark", PHONE)):
        page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
        page.set_viewport_size(size)
        answer = page.goto(address)
        assert answer is not None
        if answer.status >= 500:
            found.append(f"status {answer.status}")
        page.evaluate(AXE)
        found += [f"{theme} {size['width']}: {line}" for line in violations(page)]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
        found.append("wider than a phone")
    for width in (721, 820, 1000):
        page.set_viewport_size({"width": width, "height": 1000})
        found += [f"{width}: {table}" for table in page.evaluate(CUT_OFF)]
    page.remove_listener("console", listen)
    return found


def violations(page: Page) -> list[str]:
    result = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in result["violations"]
        for node in violation["nodes"][:2]
    ]


def html_pages(app: Flask, addresses: Iterator[str], client: Any) -> list[str]:
    """The addresses that answer with a page, not with a file or another address."""
    kept = []
    for address in addresses:
        answer = client.get(address)
        if answer.mimetype == "text/html" and answer.status_code in (200, 404):
            kept.append(address)
        answer.close()
    return kept


def test_every_page_of_the_desk(
    app: Flask, live_server: str, context: BrowserContext, as_admin: Any
) -> None:
    (owner,) = as_admin.execute(
        "SELECT id FROM users WHERE email_norm = 'jo@harbour.example'"
    ).fetchone()
    client = app.test_client()
    sign_in(client, owner)
    addresses = html_pages(app, pages(app, "b", as_admin), client)
    assert len(addresses) > 20
    page = visit(context, app, live_server, owner)
    wrong = {address: faults(page, live_server + address) for address in addresses}
    assert {address: lines for address, lines in wrong.items() if lines} == {}


def test_every_page_of_the_portal(
    app: Flask, live_server: str, context: BrowserContext, as_admin: Any
) -> None:
    user_id, customer_id = as_admin.execute(
        "SELECT c.user_id, c.id FROM customers c JOIN businesses b ON b.id = c.business_id"
        " WHERE b.slug = %s AND c.email_norm = 'amara@harbour.example'",
        (SLUG,),
    ).fetchone()
    client = app.test_client()
    sign_in(client, user_id, "portal")
    addresses = html_pages(app, pages(app, "p", as_admin, customer_id=customer_id), client)
    assert len(addresses) > 5
    page = visit(context, app, live_server, user_id, "portal")
    wrong = {address: faults(page, live_server + address) for address in addresses}
    assert {address: lines for address, lines in wrong.items() if lines} == {}


def test_the_pages_outside_a_business(app: Flask, live_server: str, page: Page) -> None:
    addresses = ["/", "/sign-in", "/sign-up", "/gallery", f"/p/{SLUG}/", "/nothing-here"]
    wrong = {address: faults(page, live_server + address) for address in addresses}
    assert {address: lines for address, lines in wrong.items() if lines} == {}


def test_the_pages_of_the_operator(
    app: Flask, live_server: str, context: BrowserContext, as_admin: Any
) -> None:
    as_admin.execute(
        "INSERT INTO data_migrations (name, status, rows_done, rows_total, batches, worst_ms,"
        " reported, started_at, error) VALUES"
        " ('one_at_work', 'RUNNING', 61, 100, 3, 47, 1, now() - interval '1 minute', NULL),"
        " ('one_that_waits', 'PAUSED', 5, 100, 1, 60, 0, now() - interval '1 hour', NULL),"
        " ('one_that_broke', 'FAILED', 5, 100, 1, 60, 0, now() - interval '1 hour', 'Held.'),"
        " ('one_to_come', 'QUEUED', 0, 100, 0, 0, 0, NULL, NULL)"
    )
    page = visit(context, app, live_server, make_user(app, "Olu", is_operator=True))
    addresses = [rule.rule for rule in app.url_map.iter_rules() if is_operators(rule)]
    assert addresses == ["/operator/background-work", "/operator/schema"]
    found = {address: faults(page, live_server + address) for address in addresses}
    (newest,) = as_admin.execute("SELECT version_num FROM alembic_version").fetchone()
    as_admin.execute("UPDATE alembic_version SET version_num = 'add_customer_name_norm'")
    found |= {"with steps pending": faults(page, live_server + "/operator/schema")}
    as_admin.execute("UPDATE alembic_version SET version_num = %s", (newest,))
    assert {address: lines for address, lines in found.items() if lines} == {}


def is_operators(rule: Any) -> bool:
    return rule.rule.startswith("/operator") and "GET" in rule.methods
