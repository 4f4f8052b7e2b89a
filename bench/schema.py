"""`make bench-schema`: a column renamed while people write to it, beside how it is usually done.

The column is that of add_points_balance_column, the table as the history has it before that, with
a million customers (`--quick`: a tenth of them) in eight businesses. Each way gets a copy of the
same database of its own.
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg
from flask_migrate import upgrade

from bench.place import Place, a_place
from bench.schema_writers import BUSINESSES, Crew, share
from bench.table import show
from nxloy_web import create_app
from nxloy_web.web.edge import NxFlask

BEFORE = "index_customer_names"
EXPAND, DATA, CONTRACT = (
    "add_points_balance_column", "copy_points_to_balance", "remove_points_column",
)  # fmt: skip
LOOPED = 20
"""The row-by-row loop is measured on one row of so many; it is slow, and evenly so."""
CALM = 3.0
"""Seconds of writing before and after the steps, to see what is usual."""
Connection = psycopg.Connection[tuple[int, ...]]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.schema", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 customers")
    customers = 100_000 if parser.parse_args(arguments).quick else 1_000_000
    started = time.monotonic()
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    with a_place(BEFORE) as place:
        version = _fill(place, customers)
        print(f"PostgreSQL {version}, {customers:,} customers in {BUSINESSES} businesses")
        measure(place, customers)
    print(f"{time.monotonic() - started:.0f} seconds in all.")
    return 0


def measure(place: Place, customers: int) -> None:
    ours, ours_at_work, stalls = _ours_with_writers(place, customers)
    theirs_at_work, their_stalls = _catalogue_with_writers(place, customers)
    show(
        f"A rename on {customers:,} rows with four writers at work",
        ["", "seconds", "transactions", "p50 ms", "p99 ms", "p99.9 ms", "longest ms", "errors",
         "lost writes"],
        [*stalls, their_stalls],
    )  # fmt: skip
    alone = _ours_alone(place)
    update = _one_update(place, customers)
    loop = _loop(place, customers // LOOPED)
    rows = [
        ["data step", alone],
        ["one big UPDATE", update],
        [f"row by row ({customers // LOOPED:,} rows)", loop],
        ["data step, four writers at work", ours_at_work],
        ["one big UPDATE, four writers at work", theirs_at_work],
    ]
    show(
        f"Filling the column of {customers:,} rows",
        ["", "rows/s", "seconds", "longest lock ms", "WAL MB", "table and indexes MB",
         "ours is so many times as fast"],
        [
            [name, f.rate, f.seconds, f.longest_ms, f.wal_mb, f.size_mb,
             (ours_at_work if "at work" in name else alone).rate / f.rate]
            for name, f in rows
        ],
    )  # fmt: skip
    print(f"The longest stall is {their_stalls[6] / ours:,.0f} times shorter.")


@dataclass(frozen=True)
class Filling:
    """What filling the column took; for so long at most it kept a row locked."""

    rate: float
    seconds: float
    longest_ms: int
    wal_mb: int
    size_mb: int


def _ours_with_writers(place: Place, customers: int) -> tuple[float, Filling, list[list[object]]]:
    with _a_copy(place) as copy, copy.app.app_context():
        with Crew(copy.app_url, customers) as crew:
            times: list[tuple[str, float, float]] = []

            def step(name: str, act: Callable[[], object]) -> None:
                began = time.monotonic()
                act()
                times.append((name, began, time.monotonic()))

            crew.begin("old", 4)
            step("old code, before", lambda: time.sleep(CALM))
            step("expand", lambda: upgrade(revision=EXPAND))
            # Two of the four are deployed anew; the others go on with the old code.
            crew.end("old", 2)
            crew.begin("new", 2)
            filling = _filled(copy.admin, lambda: step("data", lambda: upgrade(revision=DATA)))
            crew.end("old")
            crew.begin("new", 2)
            step("contract", lambda: upgrade(revision=CONTRACT))
            step("new code, after", lambda: time.sleep(CALM))
        whole = ("expand to contract", times[1][1], times[3][2])
        rows = [_row(crew, *moment) for moment in [*times, whole]]
        rows[-1][-2:] = [crew.errors().total(), crew.lost(copy.admin, "points_balance")]
        _tell(crew)
        worst = copy.admin.execute(
            "SELECT worst_ms, rows_total FROM data_migrations WHERE name = %s", [DATA]
        ).fetchone()
        assert worst is not None
    return rows[-1][6], _rated(filling, worst[1], worst[0]), rows


def _catalogue_with_writers(place: Place, customers: int) -> tuple[Filling, list[object]]:
    """The catalogue's recipe. New code begins when the column is there, as it says."""
    with _a_copy(place) as copy:
        with Crew(copy.app_url, customers) as crew:
            crew.begin("old", 4)
            time.sleep(CALM)
            began = time.monotonic()
            with copy.admin.transaction():
                copy.admin.execute("ALTER TABLE customers ADD COLUMN points_balance integer")
                filling = _filled(copy.admin, lambda: copy.admin.execute(_UPDATE))
                copy.admin.execute("ALTER TABLE customers ALTER COLUMN points_balance SET NOT NULL")
            ended = time.monotonic()
            crew.end("old", 2)
            crew.begin("new", 2)
            time.sleep(CALM)
        row = _row(crew, "the catalogue's recipe, one transaction", began, ended)
        row[-2:] = [crew.errors().total(), crew.lost(copy.admin, "points_balance")]
        _tell(crew)
    return _rated(filling, customers, round(filling[0] * 1000)), row


def _ours_alone(place: Place) -> Filling:
    with _a_copy(place) as copy, copy.app.app_context():
        upgrade(revision=EXPAND)
        filling = _filled(copy.admin, lambda: upgrade(revision=DATA))
        done = copy.admin.execute(
            "SELECT worst_ms, rows_total FROM data_migrations WHERE name = %s", [DATA]
        ).fetchone()
        assert done is not None
        return _rated(filling, done[1], done[0])


def _one_update(place: Place, customers: int) -> Filling:
    with _a_copy(place) as copy:
        copy.admin.execute("ALTER TABLE customers ADD COLUMN points_balance integer")
        filling = _filled(copy.admin, lambda: copy.admin.execute(_UPDATE))
        return _rated(filling, customers, round(filling[0] * 1000))


def _loop(place: Place, rows: int) -> Filling:
    """The catalogue's scripts: read the rows, then update each by itself."""
    with _a_copy(place) as copy:
        copy.admin.execute("ALTER TABLE customers ADD COLUMN points_balance integer")

        def each() -> None:
            found = copy.admin.execute(
                "SELECT business_id, id, points FROM customers LIMIT %s", [rows]
            ).fetchall()
            for business_id, id_, points in found:
                copy.admin.execute(
                    "UPDATE customers SET points_balance = %s WHERE business_id = %s AND id = %s",
                    [points, business_id, id_],
                )

        filling = _filled(copy.admin, each)
        return _rated(filling, rows, round(filling[0] / rows * 1000))


def _filled(admin: Connection, act: Callable[[], object]) -> tuple[float, int, int]:
    """Seconds, megabytes of log written, megabytes of the table and its indexes afterwards."""
    wal = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
    before = admin.execute(wal).fetchone()
    began = time.monotonic()
    act()
    seconds = time.monotonic() - began
    after = admin.execute(wal).fetchone()
    size = admin.execute("SELECT pg_total_relation_size('customers')").fetchone()
    assert before is not None
    assert after is not None
    assert size is not None
    return seconds, round(int(after[0] - before[0]) / 2**20), round(size[0] / 2**20)


def _rated(filling: tuple[float, int, int], rows: int, longest_ms: int) -> Filling:
    seconds, wal_mb, size_mb = filling
    return Filling(rows / seconds, seconds, longest_ms, wal_mb, size_mb)


def _row(crew: Crew, name: str, since: float, until: float) -> list[object]:
    took = crew.milliseconds(since, until)
    parts = [share(took, part) for part in (0.5, 0.99, 0.999, 1.0)]
    return [name, until - since, len(took), *parts, "", ""]


def _tell(crew: Crew) -> None:
    for sentence, count in crew.errors().most_common(3):
        print(f"  {count:,} times: {sentence}")


@dataclass(frozen=True)
class Copy:
    """One of the equal databases; `admin` looks past the policies."""

    admin: Connection
    app_url: str
    app: NxFlask


@contextmanager
def _a_copy(place: Place) -> Iterator[Copy]:
    name = "bench_copy"

    def named(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    server = place.server
    with psycopg.connect(_maintenance(server.admin_url), autocommit=True) as maintenance:
        maintenance.execute(f"CREATE DATABASE {name} TEMPLATE nxloy STRATEGY file_copy")
        maintenance.execute("CHECKPOINT")
        try:
            urls = {
                "DATABASE_URL": named(server.app_url),
                "MIGRATIONS_DATABASE_URL": named(server.migrator_url),
            }
            with psycopg.connect(named(server.admin_url), autocommit=True) as admin:
                admin.execute("SET search_path = nx")
                yield Copy(admin, named(server.app_url), create_app(urls))
        finally:
            maintenance.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _maintenance(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/postgres"))


def _fill(place: Place, customers: int) -> str:
    """The customers, put in by the database itself, in the order in which they joined."""
    with psycopg.connect(place.server.admin_url, autocommit=True) as admin:
        admin.execute("SET search_path = nx")
        for statement in _ROWS:
            admin.execute(statement, {"customers": customers, "businesses": BUSINESSES})
        admin.execute("VACUUM (FREEZE, ANALYZE)")
        version = admin.execute("SHOW server_version").fetchone()
    return str(version[0]) if version else ""


_UPDATE = "UPDATE customers SET points_balance = points WHERE points_balance IS NULL"
_ROWS = (
    """
    INSERT INTO businesses (id, name, slug, timezone, currency)
    SELECT 'b' || lpad(n::text, 24, '0'), 'Business ' || n, 'business-' || n, 'UTC', 'EUR'
    FROM generate_series(0, %(businesses)s - 1) n
    """,
    """
    INSERT INTO customers (business_id, id, email, email_norm, phone_number, phone_e164,
      member_code, first_name, last_name, name_norm, status, points, purchase_count, spent_minor,
      first_purchase_at, last_purchase_at, created_at)
    SELECT 'b' || lpad((n %% %(businesses)s)::text, 24, '0'), 'c' || lpad(n::text, 24, '0'),
      mail, mail, '+4915' || lpad(n::text, 9, '0'), '+4915' || lpad(n::text, 9, '0'),
      'M' || upper(lpad(to_hex((n * 2654435761) %% 4294967296), 8, '0')),
      'First' || n %% 997, 'Last' || n %% 49999, 'first' || n %% 997 || ' last' || n %% 49999,
      (ARRAY['ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE', 'PENDING'])[1 + n %% 5], n %% 1000,
      n %% 50, n * 7919 %% 1000000, now() - n * interval '1 minute',
      now() - (n * 31 %% 500000) * interval '1 minute', now() - n * interval '1 minute'
    FROM (SELECT n, 'somebody.' || n || '@example.com' AS mail
          FROM generate_series(1, %(customers)s::bigint) n) made
    """,
)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
