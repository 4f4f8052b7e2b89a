"""How long pages take, with few customers and with many, and beside other applications."""

from dataclasses import dataclass
from itertools import count

from sqlalchemy import event

from bench import people
from bench.clients import Client, Result, at_once, in_turn
from bench.people import Shop
from bench.place import Place, serving
from bench.table import show
from nxloy_web.db import db

CLIENTS = 8


@dataclass(frozen=True)
class Measured:
    one: Result
    eight: Result
    statements: int
    size: int


def measure(place: Place, sizes: tuple[int, ...], seconds: float) -> None:
    """Our pages at each size, and the same list by Flask-Admin, in one run."""
    found: dict[tuple[str, int], Measured] = {}
    others: dict[tuple[str, int], tuple[Result, Result, int]] = {}
    for size in sizes:
        print(f"Making {size:,} customers ...", flush=True)
        shop = people.a_shop(place, size)
        person = people.person_of_first_customer(place, shop)
        with serving(place, "wsgi:app") as address:
            for name, path, user_id, audience in _pages(shop, person):
                print(f"  {name}", flush=True)
                found[name, size] = _page(place, address, path, user_id, audience, seconds)
        with serving(place, "bench.others:bare_app") as address:
            others["bare Flask page", size] = _other(address, "/", seconds)
        with serving(place, "bench.others:admin_app") as address:
            others["Flask-Admin list", size] = _other(address, "/admin/customers/", seconds)
            path = "/admin/customers/?search=first42"
            others["Flask-Admin search", size] = _other(address, path, seconds)
    _report(sizes, found, others)


def _pages(shop: Shop, person: str) -> list[tuple[str, str, str, str]]:
    desk, portal, owner = f"/b/{shop.slug}", f"/p/{shop.slug}", shop.owner_id
    return [
        ("home", f"{desk}/", owner, "staff"),
        ("customers", f"{desk}/customers/", owner, "staff"),
        ("customers, search", f"{desk}/customers/?q=first42", owner, "staff"),
        ("redemptions", f"{desk}/redemptions/", owner, "staff"),
        ("portal card", f"{portal}/card", person, "portal"),
    ]


def _page(
    place: Place, address: str, path: str, user_id: str, audience: str, seconds: float
) -> Measured:
    browser = people.signed_in(place, user_id, audience)
    statements = _statements(place, browser, path)
    cookie = people.session_cookie(browser)
    clients = [Client(address, cookie) for _ in range(CLIENTS)]
    size = len(clients[0].send("GET", path)[1])
    return Measured(
        in_turn(clients[0], lambda: ("GET", path, None), 100),
        at_once(clients, lambda: ("GET", path, None), seconds),
        statements,
        size,
    )


def _statements(place: Place, browser: object, path: str) -> int:
    """SQL statements of one request, without BEGIN, SET and COMMIT."""
    counter = count()
    browser.get(path)  # type: ignore[attr-defined]
    with place.app.app_context():
        engine = db.engine

    def remember(connection: object, cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("SET LOCAL"):
            next(counter)

    event.listen(engine, "before_cursor_execute", remember)
    browser.get(path)  # type: ignore[attr-defined]
    event.remove(engine, "before_cursor_execute", remember)
    return next(counter)


def _other(address: str, path: str, seconds: float) -> tuple[Result, Result, int]:
    clients = [Client(address) for _ in range(CLIENTS)]
    size = len(clients[0].send("GET", path)[1])
    return (
        in_turn(clients[0], lambda: ("GET", path, None), 50),
        at_once(clients, lambda: ("GET", path, None), seconds),
        size,
    )


def _report(
    sizes: tuple[int, ...],
    found: dict[tuple[str, int], Measured],
    others: dict[tuple[str, int], tuple[Result, Result, int]],
) -> None:
    rows: list[list[object]] = []
    for (name, size), one in found.items():
        admin = others["Flask-Admin search" if "search" in name else "Flask-Admin list", size]
        bare = others["bare Flask page", size]
        rows.append(
            [f"{name}, {size:,}", one.one.p50, one.one.p95, one.eight.rate, one.eight.p95,
             one.statements, one.size, one.eight.rate / admin[1].rate,
             one.eight.rate / bare[1].rate]
        )  # fmt: skip
    for (name, size), (one_by_one, together, bytes_) in others.items():
        rows.append(
            [f"{name}, {size:,}", one_by_one.p50, one_by_one.p95, together.rate, together.p95,
             "", bytes_, "", ""]
        )  # fmt: skip
    head = ["page, customers", "p50 ms", "p95 ms", "req/s at 8", "p95 ms at 8", "SQL", "bytes",
            "to Flask-Admin", "to bare Flask"]  # fmt: skip
    show("Pages", head, rows)
    if len(sizes) > 1:
        few, many = sizes[0], sizes[-1]
        growth = [
            [name, one.one.p95, found[name, many].one.p95,
             found[name, many].one.p95 / one.one.p95]
            for (name, size), one in found.items() if size == few
        ]  # fmt: skip
        show("Growth", ["page", f"p95 ms at {few:,}", f"p95 ms at {many:,}", "ratio"], growth)
