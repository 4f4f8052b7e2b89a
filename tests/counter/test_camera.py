"""The camera at the counter, with a film of a QR code in place of a camera."""

from collections.abc import Iterator
from typing import Any

import pytest
import segno
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from nxloy_web.permissions import Role
from tests.browsing import visit
from tests.factories import Shop, make_customer, make_shop

pytestmark = pytest.mark.browser

MEMBER = "C4MERA7X"
WIDTH, HEIGHT = 640, 480


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    made = make_shop(app)
    make_customer(app, made, "Zoë", last_name="Ahmed", member_code=MEMBER)
    return made


@pytest.fixture(scope="module")
def filmed(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """A browser whose camera sees the member code."""
    film = tmp_path_factory.mktemp("film") / "code.y4m"
    film.write_bytes(film_of(MEMBER))
    arguments = [
        *browser_type_launch_args["args"],
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    opened = browser_type.launch(**browser_type_launch_args | {"args": arguments})
    yield opened
    opened.close()


def film_of(text: str) -> bytes:
    """One grey frame of raw video, which the browser plays for ever."""
    modules = segno.make_qr(text, error="m").matrix_iter(scale=10, border=2)
    code = [bytes(235 - 219 * dark for dark in row) for row in modules]
    left, above = (WIDTH - len(code[0])) // 2, (HEIGHT - len(code)) // 2
    white = bytes([235])
    rows = [white * WIDTH] * above
    rows += [white * left + row + white * (WIDTH - left - len(row)) for row in code]
    rows += [white * WIDTH] * (HEIGHT - len(rows))
    colours = bytes([128]) * (WIDTH * HEIGHT // 2)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420mpeg2\nFRAME\n"
    return head.encode() + b"".join(rows) + colours


def counter(app: Flask, shop: Shop, context: BrowserContext, server: str) -> Page:
    page = visit(context, app, server, shop.users[Role.STAFF])
    page.goto(server + shop.url("/counter/"))
    return page


def test_a_code_before_the_camera_opens_the_customer(
    app: Flask, shop: Shop, live_server: str, filmed: Browser
) -> None:
    with filmed.new_context(permissions=["camera"]) as context:
        page = counter(app, shop, context, live_server)
        expect(page.get_by_role("heading", level=1)).to_have_text("Zoë Ahmed")
        expect(page.get_by_label("Amount paid")).to_be_focused()


def test_a_camera_that_is_refused_is_said_in_one_sentence(
    app: Flask, shop: Shop, live_server: str, filmed: Browser
) -> None:
    with filmed.new_context(permissions=[]) as context:
        page = counter(app, shop, context, live_server)
        expect(page.locator("nx-scanner [role=status]")).to_have_text(
            "The camera is not allowed on this page: allow it in the browser, or type instead."
        )
        expect(page.locator("video")).to_be_hidden()
        expect(page.get_by_role("searchbox", name="Customer")).to_be_focused()


def test_no_camera_is_said_in_one_sentence(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    context.grant_permissions(["camera"])
    page = counter(app, shop, context, live_server)
    expect(page.locator("nx-scanner [role=status]")).to_have_text(
        "There is no camera here: type instead, or use a hand scanner."
    )


def test_a_code_nobody_has_leaves_the_counter_ready_to_scan_again(
    app: Flask, live_server: str, filmed: Browser
) -> None:
    with filmed.new_context(permissions=["camera"]) as context:
        page = counter(app, make_shop(app), context, live_server)
        expect(page.get_by_text("Nobody found")).to_be_visible()
        expect(page.locator("video")).to_be_visible()
        page.get_by_role("searchbox", name="Customer").fill("")
        page.get_by_role("button", name="Scan again").click()
        expect(page.get_by_role("searchbox", name="Customer")).to_have_value(MEMBER)


def test_a_reader_that_does_not_load_is_said_in_one_sentence(
    app: Flask, shop: Shop, live_server: str, filmed: Browser
) -> None:
    with filmed.new_context(permissions=["camera"]) as context:
        context.route("**/*.wasm", lambda route: route.abort())
        page = counter(app, shop, context, live_server)
        expect(page.locator("nx-scanner [role=status]")).to_have_text(
            "The reader of codes could not be loaded: try again, or type instead."
        )
