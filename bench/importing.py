"""The CDNOW import, beside a plain COPY and multi-row inserts of the same final rows."""

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from bench import people
from bench.people import Shop
from bench.place import ROOT, Place
from bench.table import show
from nxloy_web import clock
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import enter_scope
from nxloy_web.imports import runs, service
from nxloy_web.permissions import Role
from nxloy_web.tables.imports import ImportKind, ImportRun

CDNOW = ROOT / "tests/imports/cdnow"
TABLES = ("purchases", "point_transactions", "point_lots")
TIMES = 3


def measure(place: Place) -> None:
    """Each import in a process of its own, so that its memory is its own."""
    shop = people.a_shop(place, 0)
    customers = _in_a_process(shop, ImportKind.CUSTOMERS, CDNOW / "customers.csv")
    once = _in_a_process(shop, ImportKind.PURCHASES, CDNOW / "purchases.csv")
    copied, inserted = _same_rows(place, shop)
    with tempfile.NamedTemporaryFile(suffix=".csv") as larger:
        head, *lines = (CDNOW / "purchases.csv").read_bytes().splitlines(keepends=True)
        larger.write(head + b"".join(lines) * TIMES)
        larger.flush()
        times = _in_a_process(shop, ImportKind.PURCHASES, Path(larger.name))
    rows: list[list[object]] = [
        ["customers.csv, check", *_figures(customers, "check")],
        ["customers.csv, import", *_figures(customers, "run")],
        ["purchases.csv, check", *_figures(once, "check")],
        ["purchases.csv, import", *_figures(once, "run")],
        [f"purchases.csv {TIMES} times, import", *_figures(times, "run")],
        ["COPY of the same final rows", once["lines"], copied, once["lines"] / copied, ""],
        ["multi-row INSERT of the same", once["lines"], inserted, once["lines"] / inserted, ""],
    ]
    head_row = ["import of CDNOW", "lines", "seconds", "lines/s", "peak MB"]
    show("Imports", head_row, rows)
    ratios: list[list[object]] = [
        ["import to COPY", copied / once["run"]],
        ["import to multi-row INSERT", inserted / once["run"]],
        [f"peak memory, {TIMES} times the file", times["peak"] / once["peak"]],
    ]
    show("Imports, ratios", ["", "ratio"], ratios)


def _figures(found: dict[str, float], step: str) -> list[object]:
    return [int(found["lines"]), found[step], found["lines"] / found[step], found["peak"]]


def _in_a_process(shop: Shop, kind: ImportKind, file: Path) -> dict[str, float]:
    print(f"  {file.name}, {file.stat().st_size / 2**20:.1f} MB", flush=True)
    facts = [shop.business_id, shop.owner_id, shop.program_id, kind.value, str(file)]
    command = [sys.executable, "-m", "bench.importing", *facts]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(business_id: str, owner_id: str, program_id: str, kind: str, file: str) -> None:
    """One import, as the pages and the worker do it; prints what it took as JSON."""
    from nxloy_web import create_app

    by = Actor("team", owner_id, Role.OWNER)
    import_id = new_id()
    found: dict[str, float] = {}
    app = create_app()
    with app.app_context(), enter_scope(business_id):
        run = service.upload(
            id=import_id,
            kind=ImportKind(kind),
            filename="file.csv",
            content=Path(file).read_bytes(),
            by=by,
            at=clock.now(),
        )
        db.session.commit()
        wanted = program_id if run.kind is ImportKind.PURCHASES else None
        service.match(import_id, run.options.model_copy(update={"program_id": wanted}), by=by)
        db.session.commit()
    for step, work in (("check", runs.check), ("run", runs.run)):
        with app.app_context(), enter_scope(business_id):
            if step == "run":
                service.start(import_id, by=by, at=clock.now())
                db.session.commit()
            started = time.perf_counter()
            work(import_id)
            db.session.commit()
            found[step] = time.perf_counter() - started
    with app.app_context(), enter_scope(business_id):
        run = db.session.get_one(ImportRun, (business_id, import_id))
        found["lines"] = run.lines
    found["peak"] = _peak()
    print(json.dumps(found))


def _peak() -> float:
    """Peak memory in MB. Linux's own line starts afresh with the program; getrusage would tell of
    the process that started this one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _same_rows(place: Place, shop: Shop) -> tuple[float, float]:
    """The final rows again, into tables with the same indexes, without foreign keys and policies:
    what the database alone needs at least."""
    with psycopg.connect(place.server.admin_url, autocommit=True) as connection:
        connection.execute("SET search_path = nx")
        taken = {table: _taken(connection, table, shop) for table in TABLES}
        return _copied(connection, taken), _inserted(connection, taken, shop)


def _taken(connection: psycopg.Connection[tuple[object, ...]], table: str, shop: Shop) -> bytes:
    rows = io.BytesIO()
    query = f"COPY (SELECT * FROM {table} WHERE business_id = '{shop.business_id}') TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(query) as copy:  # type: ignore[call-overload]
        for block in copy:
            rows.write(block)
    return rows.getvalue()


def _copied(connection: psycopg.Connection[tuple[object, ...]], taken: dict[str, bytes]) -> float:
    started = time.perf_counter()
    with connection.transaction():
        for table, rows in taken.items():
            connection.execute(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)")
            copy_in = f"COPY copy_of_{table} FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
                copy.write(rows)
    return time.perf_counter() - started


def _inserted(
    connection: psycopg.Connection[tuple[object, ...]], taken: dict[str, bytes], shop: Shop
) -> float:
    """A thousand rows a statement, all values as parameters."""
    batches = []
    for table in taken:
        cursor = connection.execute(f"SELECT * FROM copy_of_{table}")
        rows = [tuple(map(_plain, row)) for row in cursor.fetchall()]
        batches.append((table, rows))
        connection.execute(f"CREATE TABLE more_of_{table} (LIKE {table} INCLUDING ALL)")
    started = time.perf_counter()
    with connection.transaction():
        for table, rows in batches:
            mark = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
            for first in range(0, len(rows), 1000):
                part = rows[first : first + 1000]
                marks = ", ".join([mark] * len(part))
                values = [value for row in part for value in row]
                connection.execute(f"INSERT INTO more_of_{table} VALUES {marks}", values)
    return time.perf_counter() - started


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict) else value


if __name__ == "__main__":
    main(*sys.argv[1:])
