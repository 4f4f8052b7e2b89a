"""docs/deploy.md, executed: roles, processes, proxy, backup, restore on the same server."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from nxloy_web.db import embedded, roles
from tests.run.deploy_page import ROOT, block, filled_in, settings, unit
from tests.run.proxy import (
    Person,
    certificate,
    free_port,
    half_sent,
    nginx,
    nginx_program,
)

OLDEST = Path(f"/usr/lib/postgresql/{embedded.OLDEST}/bin")
ADMIN = "postgresql://admin:secret@db.example.org"
PYTHON = ".venv/bin/python"
THREADS = 8  # of one web process, as the page starts it


@pytest.fixture(scope="module", params=["newest", "oldest"])
def cluster(request: pytest.FixtureRequest) -> Iterator[embedded.EmbeddedServer]:
    """A server as an administrator gets it: without our roles, without our database."""
    folder = Path(tempfile.mkdtemp(prefix="nxloy-deploy-", dir="/tmp"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "oldest":
            if not (OLDEST / "postgres").exists():
                pytest.skip(f"PostgreSQL {embedded.OLDEST} is not installed")
            patch.setenv("NX_PG_BIN", str(OLDEST))
        running = embedded.start(folder, durable=False)
    elsewhere = urlunsplit(urlsplit(running.admin_url)._replace(path="/postgres"))
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute("DROP DATABASE nxloy")
        for role in reversed(list(roles.ATTRIBUTES)):
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    yield running
    running.stop()
    shutil.rmtree(folder)


Shell = Callable[..., str]


@pytest.fixture(scope="module")
def shell(cluster: embedded.EmbeddedServer) -> Shell:
    """Run a block of the page, with the server's own programs, and give what it says."""

    def run(text: str, **environment: str) -> str:
        path = f"{cluster.binaries.folder}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", text],
            cwd=ROOT,
            env={"PATH": path, "HOME": "/tmp", "LANG": "C.UTF-8", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def at(cluster: embedded.EmbeddedServer, database: str) -> str:
    return urlunsplit(urlsplit(cluster.admin_url)._replace(path=f"/{database}"))


def quoted(address: str) -> str:
    return f"'{address}'"


@pytest.fixture(scope="module")
def addresses(cluster: embedded.EmbeddedServer, shell: Shell) -> dict[str, str]:
    """What the page's first command prints, and the tables that its second one makes."""
    first = filled_in(
        block("sh", f"db-roles {ADMIN}/nxloy"),
        **{f"{ADMIN}/nxloy": quoted(at(cluster, "nxloy")), PYTHON: sys.executable},
    )
    printed = dict(line.split("=", 1) for line in shell(first).splitlines())
    second = block("sh", "make env").replace("make env\n", "")
    migrations = "MIGRATIONS_DATABASE_URL"
    shell(
        filled_in(
            second,
            **{f"{migrations}=…": f"{migrations}={quoted(printed[migrations])}",
               PYTHON: sys.executable},
        )
    )  # fmt: skip
    return printed


@contextmanager
def process(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A unit's process; it has to stop cleanly when the service manager asks."""
    running = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield running
        running.terminate()
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.wait()


class Served:
    """The installation that the page describes, on this machine."""

    def __init__(self, port: int, folder: Path, processes: "list[subprocess.Popen[bytes]]") -> None:
        self.port, self.folder, self.processes = port, folder, processes
        self.person = Person(f"https://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def served(addresses: dict[str, str]) -> Iterator[Served]:
    program = nginx_program()
    if program is None:
        pytest.skip("No nginx: install it. `make test` fails because of this.")
    folder = Path(tempfile.mkdtemp(prefix="nxloy-proxy-", dir="/tmp"))
    folder.chmod(0o755)
    certificate(folder)
    inner, outer = free_port(), free_port()
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | settings(
        {name: addresses[name] for name in ("DATABASE_URL", "WORKER_DATABASE_URL")}
        | {"SECRET_KEY": "only-for-tests", "SMTP_URL": "", "INSTANCE": str(folder)}
        | {"BASE_URL": f"https://127.0.0.1:{outer}"}
    )
    server = filled_in(
        block("nginx", "proxy_pass"),
        **{
            "listen 443 ssl": f"listen 127.0.0.1:{outer} ssl",
            "    server 127.0.0.1:8001;\n": "",
            "127.0.0.1:8000": f"127.0.0.1:{inner}",
            "/etc/nxloy/": f"{folder}/",
        },
    )
    real = {"/srv/nxloy/.venv/bin/python": sys.executable, "%i": str(inner)}
    with ExitStack() as running:
        processes = []
        for description in ("the pages", "the background work"):
            command, added = unit(description)
            command = [real.get(word, word) for word in command]
            if "--workers" in command:  # one is enough here, and the fewest to be stopped
                command[command.index("--workers") + 1] = "1"
            processes.append(running.enter_context(process(command, environment | added)))
        running.enter_context(nginx(program, folder, server, outer))
        served = Served(outer, folder, processes)
        served.person.until("/readyz", 200)
        yield served
    shutil.rmtree(folder)


def test_forms_work_behind_the_proxy_on_another_port(served: Served) -> None:
    """X13: `nginx -t` refused the snippet, and every form was answered with 400."""
    status, page = served.person.send("/sign-in", email="ann@example.com", password="not this one")
    assert status == 422
    assert "The e-mail address or the password is not right." in page
    status, page = served.person.send("/password/forgotten", email="ann@example.com")
    assert (status, "ann@example.com" in page) == (200, True)
    names = {cookie.name for cookie in served.person.cookies}
    assert names == {"__Host-nxloy"}
    assert all(cookie.secure for cookie in served.person.cookies)


def test_half_sent_forms_hold_nobody_up(served: Served) -> None:
    """X15: as many as there are threads stopped a server that has no proxy."""
    clients = half_sent(served.port, 3 * THREADS)
    try:
        for _ in range(3):
            assert served.person.get("/readyz")[0] == 200
    finally:
        for client in clients:
            client.close()


def test_what_the_processes_write_is_not_for_everybody(served: Served) -> None:
    """X14: the units of the page say so; a service manager holds to it."""
    for description in ("the pages", "the background work"):
        text = block("ini", f"Description=NxLoy Web, {description}")
        assert re.search(r"^UMask=0077$", text, re.MULTILINE)


def test_a_restore_on_the_same_server_leaves_production_alone(
    served: Served, cluster: embedded.EmbeddedServer, addresses: dict[str, str], shell: Shell
) -> None:
    """X1: preparing the database to restore into gave the roles new passwords: production lost
    its database."""
    with psycopg.connect(at(cluster, "nxloy")) as admin:
        admin.execute(
            "INSERT INTO nx.businesses (id, name, slug, timezone, currency)"
            " VALUES ('cshop', 'Shop', 'shop', 'Europe/Vienna', 'EUR')"
        )
    given = {"MIGRATIONS_DATABASE_URL": addresses["MIGRATIONS_DATABASE_URL"]}
    here = {"/var/backups/": f"{served.folder}/"}
    shell(filled_in(block("sh", "pg_dump"), **here), **given)
    restore = filled_in(
        block("sh", "pg_restore"),
        **here,
        **{f"{ADMIN}/restored": quoted(at(cluster, "restored")), PYTHON: sys.executable},
    )
    shell(restore, **given)
    with psycopg.connect(at(cluster, "restored")) as copy:
        assert copy.execute("SELECT slug FROM nx.businesses").fetchall() == [("shop",)]
    fresh = Person(served.person.address)
    assert fresh.get("/readyz")[0] == 200
    psycopg.connect(addresses["DATABASE_URL"]).close()
    assert all(one.poll() is None for one in served.processes)
