"""Schema commands as real processes, killed at moments that a seed chooses."""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from tempfile import NamedTemporaryFile
from typing import Self

import psycopg
from flask.cli import main

from nxloy_web.schema.history import Revision
from tests.schema.walking import Connection, Walk

LONGEST = 120.0
Moment = Callable[[Connection], bool]


@dataclass
class Command:
    """`flask …` on a database, in a process of its own."""

    walk: Walk
    arguments: tuple[str, ...]

    def __enter__(self) -> Self:
        environment = {
            "DATABASE_URL": self.walk.url("app"),
            "MIGRATIONS_DATABASE_URL": self.walk.url("migrator"),
            "SECRET_KEY": "only-for-tests",
            "INSTANCE": self.walk.app.config["INSTANCE"],
        }
        self.output = NamedTemporaryFile("r")
        self.process = _forking.Process(
            target=_run, args=(self.arguments, environment, self.output.name), daemon=True
        )
        self.process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.close()
        self.output.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def ended(self) -> tuple[int | None, str]:
        """How it ended, and what it said."""
        self.process.join(LONGEST)
        return self.process.exitcode, self.output.read()


def _run(arguments: tuple[str, ...], environment: dict[str, str], output: str) -> None:
    os.environ.update(environment)
    with open(output, "w") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        sys.argv = ["flask", "--app", "wsgi", *arguments]
        main()


# Forked from a process that has imported the application, so that it starts at once.
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.schema.killing", "nxloy_web.web.features"])


def finish(walk: Walk, *command: str) -> str:
    """Run to the end, and be content."""
    with Command(walk, command) as running:
        status, said = running.ended()
    assert status == 0, said
    return said


def kill(walk: Walk, moment: Moment, wait: float, *command: str) -> bool:
    """Start, kill at this moment (and so many seconds later); False when it was done before."""
    with Command(walk, command) as running:
        while running.process.is_alive() and not _is(moment, walk.admin):
            time.sleep(0.003)
        time.sleep(wait)
        running.kill()
        status, said = running.ended()
    assert status in (0, -signal.SIGKILL), said
    return status != 0


def reached(revision: str) -> Moment:
    """When this revision is done: the next one has begun, or is about to."""

    def is_there(connection: Connection) -> bool:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return bool(row and row[0] == revision)

    return is_there


def filled(migration: str, rows: int) -> Moment:
    """When a data migration has done so many rows."""

    def is_there(connection: Connection) -> bool:
        row = connection.execute(
            "SELECT rows_done >= %s OR status = 'DONE' FROM data_migrations WHERE name = %s",
            [rows, migration],
        ).fetchone()
        return bool(row and row[0])

    return is_there


@dataclass
class Killer:
    """Chooses moments; the same seed chooses the same."""

    seed: int

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.kills = 0

    def strike(self, walk: Walk, rows: int, until: str, *command: str) -> None:
        """Kill the command once, in what it still has to do before `until` is reached."""
        ahead = _ahead(walk, until)
        migrations = [r.migration.name for r in ahead if r.migration]
        if migrations and self.chance.random() < 0.6:
            self.strike_while(walk, self.chance.choice(migrations), rows, *command)
        elif ahead:
            moment = reached(self.chance.choice(ahead).id)
            self.kills += kill(walk, moment, self.chance.uniform(0, 0.06), *command)

    def strike_while(self, walk: Walk, migration: str, rows: int, *command: str) -> None:
        """Kill the command once, while it fills rows; later than an earlier kill in the same."""
        done = walk.table("data_migrations", "rows_done", key="name").get(migration, 0)
        if done < rows:
            moment = filled(migration, self.chance.randint(done + 1, rows))
            self.kills += kill(walk, moment, self.chance.uniform(0, 0.02), *command)


def _ahead(walk: Walk, until: str) -> list[Revision]:
    """The revisions from the next one to the last before `until`."""
    known = list(walk.revisions)
    with suppress(psycopg.errors.UndefinedTable):
        here = walk.rows("SELECT version_num FROM alembic_version")[0]["version_num"]
        known = known[[r.id for r in known].index(here) + 1 :]
    return [
        r for r in known if until == "head" or known.index(r) < [k.id for k in known].index(until)
    ]


def _is(moment: Moment, connection: Connection) -> bool:
    """Before the first revision there is nothing to ask yet."""
    try:
        return moment(connection)
    except psycopg.errors.UndefinedTable:
        return False


# --- who was written, and how often -------------------------------------------------------------

_WATCH = """
    CREATE SCHEMA watch;
    CREATE TABLE watch.updates (at bigint GENERATED ALWAYS AS IDENTITY, id text, changed text);
    CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO watch.updates (id, changed)
      SELECT NEW.id, coalesce(string_agg(n.key, ' ' ORDER BY n.key), 'nothing')
      FROM jsonb_each(to_jsonb(NEW)) n WHERE n.value IS DISTINCT FROM to_jsonb(OLD) -> n.key;
      RETURN NULL;
    END $$;
    CREATE TRIGGER watch AFTER UPDATE ON nx.customers
      FOR EACH ROW EXECUTE FUNCTION watch.note()"""


def watch(walk: Walk) -> None:
    """Note every update of a customer that is committed; it goes with the batch that it was in."""
    walk.run(_WATCH)


def watched(walk: Walk) -> dict[str, list[str]]:
    """What changed of whom, update by update; and nobody is watched any more."""
    found = walk.rows(
        "SELECT id, json_agg(changed ORDER BY at)::text AS changes FROM watch.updates GROUP BY id"
    )
    walk.run("DROP SCHEMA watch CASCADE")
    return {row["id"]: json.loads(row["changes"]) for row in found}
