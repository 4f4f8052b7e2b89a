"""S5: what `--sql` prints ends, loaded with psql, as running it ends: or it is refused."""

import io
import subprocess
from contextlib import redirect_stdout
from typing import Any

import flask_migrate

from nxloy_web.schema.history import DATA
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import Walk

SPLIT, BEFORE_SPLIT = "split_customer_names", "add_first_and_last_name"
ONE_NAME = "require_customer_profile"


def printed(walk: Walk, where: str, *, is_back: bool = False) -> str:
    """As `flask db upgrade --sql` prints it, or downgrade."""
    command: Any = flask_migrate.downgrade if is_back else flask_migrate.upgrade
    with walk._here(), redirect_stdout(io.StringIO()) as paper:
        command.__wrapped__(revision=where, sql=True)
    return paper.getvalue()


def load(walk: Walk, script: str, *, role: str = "migrator") -> str:
    """What psql says against it; empty when it went through."""
    psql = walk.server.binaries.folder / "psql"
    done = subprocess.run(
        [psql, "-q", "--no-psqlrc", walk.url(role)],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is ("ERROR" in done.stderr), done.stderr
    return done.stderr if done.returncode else ""


def rows(walk: Walk) -> dict[str, list[Any]]:
    """All rows but their times."""
    tables = [
        row["t"]
        for row in walk.rows(
            "SELECT c.oid::regclass::text AS t FROM pg_class c WHERE c.relkind = 'r'"
            " AND c.relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)"
        )
    ]
    found = {table: walk.rows(f"SELECT to_jsonb(t) AS row FROM {table} t") for table in tables}
    return {
        table: sorted(
            sorted((k, str(v)) for k, v in one["row"].items() if not k.endswith("_at"))
            for one in those
        )
        for table, those in found.items()
    }


def somebody(walk: Walk) -> None:
    walk.business("shop")
    ada = {"name": "Ada Lovelace", "email": "a@example.org", "email_norm": "a@example.org"}
    walk.insert("customers", business_id="shop", id="ada", member_code="ABCDEFGH", **ada)


def test_the_whole_way_up_and_down_ends_as_running_it_does(on_both: At) -> None:
    loaded, ran = on_both("base"), on_both("head")
    nothing = loaded.shape()
    script = printed(loaded, "head")
    assert "%%" not in script
    assert load(loaded, script) == ""
    assert differences(ran.shape(), loaded.shape()) == []
    assert rows(ran) == rows(loaded)
    assert "The database has a schema already" in load(loaded, script)
    assert load(loaded, printed(loaded, f"{loaded.revisions[-1].id}:base", is_back=True)) == ""
    assert differences(nothing, loaded.shape()) == []


def test_each_data_step_stops_where_there_are_rows_and_keeps_them(on_both: At) -> None:
    """With the names of S5; what waits is run, and the rest is printed and loaded."""
    walk, ran = on_both(ONE_NAME), on_both("head")
    somebody(walk)
    said = load(walk, printed(walk, f"{ONE_NAME}:head"))
    assert f"{SPLIT} moves the rows of customers in batches, which no script does" in said
    assert at_now(walk) == BEFORE_SPLIT
    assert walk.table("customers", "name") == {"ada": "Ada Lovelace"}
    stops = 0
    while said:
        assert "which no script does" in said
        step = next(r for r in walk.revisions if walk.before(r.id) == at_now(walk))
        assert step.phase == DATA
        walk.up(step.id)
        said = load(walk, printed(walk, f"{step.id}:head"))
        stops += 1
    assert stops > 3
    assert walk.table("customers", "first_name", "last_name") == {"ada": ("Ada", "Lovelace")}
    assert differences(ran.shape(), walk.shape()) == []


def at_now(walk: Walk) -> str:
    return str(walk.rows("SELECT version_num FROM alembic_version")[0]["version_num"])


def test_a_contract_asks_for_its_data_and_for_old_processes(at: At) -> None:
    walk = at(SPLIT)
    walk.run("UPDATE data_migrations SET finished_at = NULL WHERE name = %s", SPLIT)
    to = next(r.id for r in walk.revisions if SPLIT in r.needs)
    script = printed(walk, f"{SPLIT}:{to}")
    assert f"The data migration {SPLIT} is not finished" in load(walk, script)
    walk.run("UPDATE data_migrations SET finished_at = now() WHERE name = %s", SPLIT)
    with walk.inside("nobody") as old:
        old.execute("SET application_name = 'nxloy/0.0.1/web'")
        assert "An older version of the application is still connected" in load(walk, script)
    assert load(walk, script) == ""


def test_it_is_loaded_by_the_migrator_alone_where_it_belongs(at: At) -> None:
    walk = at("base")
    script = printed(walk, "head")
    assert "Load this as the migrator" in load(walk, script, role="admin")
    assert not walk.rows("SELECT 1 FROM pg_class WHERE relnamespace = 'nx'::regnamespace")
    walk.admin.execute("SELECT pg_advisory_lock(hashtext('nxloy deploy'))")
    assert "Another deployment is running" in load(walk, script)


def test_the_way_back_refuses_to_lose_rows_unless_told(at: At) -> None:
    walk = at("base_tables")
    walk.business("shop")
    script = printed(walk, "base_tables:base", is_back=True)
    assert "Going back over base_tables would lose what is in businesses" in load(walk, script)
    assert walk.table("businesses", "name") == {"shop": "shop"}


def test_the_guards_are_what_stops_it(at: At) -> None:
    """Without them the names are lost with exit 0, as they were."""
    walk = at(ONE_NAME)
    somebody(walk)
    script = printed(walk, f"{ONE_NAME}:{SPLIT}")
    assert load(walk, script.replace("RAISE EXCEPTION", "RAISE NOTICE")) == ""
    assert walk.table("customers", "first_name") == {"ada": None}
