"""S2, S3: the upgrade of docs/deploy.md is played with people at work.

From the release before this one, as it was archived, to this tree under the next number and with
one more change of the schema; back again before the contract; and up for good.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from nxloy_web.db import embedded, roles
from tests.releases.trees import NEXT_VERSION, make_next, unpack_previous
from tests.releases.working import Seller
from tests.run.deploy_page import block, filled_in, settings, unit
from tests.run.proxy import Person, certificate, free_port, nginx, nginx_program

SEED = Path(__file__).parents[1] / "releases" / "seed.py"
SELLERS = 3

# What a service manager does, for this one unit: stop, wait, start what `current` is by now.
SERVICE_MANAGER = """#!/bin/bash
[ "$1" = restart ] || [ "$1" = stop ] || exit 64
port="${{2#nxloy-web@}}"
file="{folder}/$port.pid"
if [ -f "$file" ]; then
    process=$(cat "$file")
    kill -TERM "$process" 2> /dev/null
    while kill -0 "$process" 2> /dev/null; do sleep 0.1; done
    rm "$file"
fi
[ "$1" = stop ] && exit
cd "{folder}/current/" || exit 1
setsid {command} > "{folder}/$port.log" 2>&1 < /dev/null &
echo $! > "$file"
"""


@dataclass
class Installation:
    """The one that the page describes: two web processes behind a proxy, on this machine."""

    folder: Path
    address: str
    environment: dict[str, str]
    ports: tuple[int, int]
    releases: dict[str, Path]
    sellers: list[Seller] = field(default_factory=list)

    def flask(self, release: str, command: str, *, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *command.split()],
            cwd=self.releases[release], env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def use(self, release: str) -> None:
        """Let the folder be this release, and restart one process after the other."""
        link = self.folder / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(self.releases[release])
        first, second = map(str, self.ports)
        loop = filled_in(
            block("sh", "systemctl restart"),
            **{
                "8000": first,
                "8001": second,
                "nginx -s reload": f'"{nginx_program()}" -p "{self.folder}" '
                f'-e "{self.folder}/error.log" -c "{self.folder}/nginx.conf" -s reload',
                "/etc/nginx/conf.d/nxloy.conf": f"{self.folder}/nginx.conf",
            },
        )
        path = f"{self.folder}/bin{os.pathsep}{self.environment['PATH']}"
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", loop],
            env=self.environment | {"PATH": path},
            capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()

    def start(self, release: str, port: int) -> None:
        (self.folder / "current").unlink(missing_ok=True)
        (self.folder / "current").symlink_to(self.releases[release])
        self._service("restart", port)

    def stop(self) -> None:
        for port in self.ports:
            self._service("stop", port)

    def _service(self, verb: str, port: int) -> None:
        command = [self.folder / "bin" / "systemctl", verb, f"nxloy-web@{port}"]
        subprocess.run(command, env=self.environment, check=True, timeout=120)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.log"))


@pytest.fixture
def addresses(server: embedded.EmbeddedServer) -> Iterator[dict[str, str]]:
    place = urlunsplit(urlsplit(server.admin_url)._replace(path="/released"))
    urls = {"migrator": server.migrator_url, "app": server.app_url, "worker": server.worker_url}
    passwords = {who: urlsplit(url).password or "" for who, url in urls.items()}
    made = roles.create_roles(place, passwords=passwords)
    yield {
        "DATABASE_URL": made.app,
        "WORKER_DATABASE_URL": made.worker,
        "MIGRATIONS_DATABASE_URL": made.migrator,
    }
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE released WITH (FORCE)")


@pytest.fixture
def installation(addresses: dict[str, str]) -> Iterator[Installation]:
    program = nginx_program()
    if program is None:
        pytest.skip("No nginx: install it. `make test` fails because of this.")
    folder = Path(tempfile.mkdtemp(prefix="nxloy-release-", dir="/tmp"))
    folder.chmod(0o755)
    certificate(folder)
    releases = {
        "previous": unpack_previous(folder / "previous"),
        "next": make_next(folder / "next"),
    }
    first, second, outer = free_port(), free_port(), free_port()
    address = f"https://127.0.0.1:{outer}"
    web = {name: addresses[name] for name in ("DATABASE_URL", "WORKER_DATABASE_URL")}
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "MIGRATIONS_DATABASE_URL": addresses["MIGRATIONS_DATABASE_URL"],
    } | settings(
        web
        | {"SECRET_KEY": "only-for-tests", "SMTP_URL": "", "INSTANCE": str(folder)}
        | {"BASE_URL": address}
    )
    real = {"/srv/nxloy/.venv/bin/python": sys.executable, "%i": "$port"}
    command, _ = unit("the pages")
    command = [real.get(word, word) for word in command]
    command[command.index("--workers") + 1] = "1"
    manager = folder / "bin" / "systemctl"
    manager.parent.mkdir()
    manager.write_text(SERVICE_MANAGER.format(folder=folder, command=" ".join(command)))
    manager.chmod(manager.stat().st_mode | stat.S_IXUSR)
    made = Installation(folder, address, environment, (first, second), releases)
    made.flask("previous", "db upgrade")
    proxy = filled_in(
        block("nginx", "proxy_pass"),
        **{
            "listen 443 ssl": f"listen 127.0.0.1:{outer} ssl",
            "127.0.0.1:8000": f"127.0.0.1:{first}",
            "127.0.0.1:8001": f"127.0.0.1:{second}",
            "/etc/nxloy/": f"{folder}/",
        },
    )
    try:
        for port in made.ports:
            made.start("previous", port)
        with nginx(program, folder, proxy, outer):
            yield made
    finally:
        made.stop()
    shutil.rmtree(folder)


def test_people_work_on_through_an_upgrade(installation: Installation) -> None:
    """Not one failed request, not one lost write, with the old release and the new one beside each
    other on the expanded schema, there and back."""
    here = installation
    done = subprocess.run(
        [sys.executable, SEED], cwd=here.releases["previous"],
        env=here.environment | {"PYTHONPATH": str(here.releases["previous"])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shop = json.loads(done.stdout.splitlines()[-1])
    Person(here.address).until("/readyz", 200)
    sellers = [Seller(here.address, shop["slug"], one) for one in shop["customers"][:SELLERS]]
    for seller in sellers:
        seller.sign_in(shop["email"], shop["password"])
        seller.start()

    here.flask("next", "schema expand")
    here.use("next")
    here.flask("next", "schema data run")
    here.use("previous")
    assert "is still connected" in here.flask("next", "schema contract", fails=True)
    here.use("next")
    here.flask("next", "schema contract")

    told = [seller.stop() for seller in sellers]
    assert [failure for one in told for failure in one.failed] == []
    assert all(one.given for one in told)
    with psycopg.connect(here.environment["MIGRATIONS_DATABASE_URL"]) as connection:
        (recorded,) = connection.execute("SELECT count(*) FROM purchases").fetchone() or (0,)
        (unnamed,) = connection.execute(
            "SELECT count(*) FROM customers WHERE call_name IS NULL"
        ).fetchone() or (1,)
        floors = connection.execute("SELECT version FROM application_floors").fetchall()
    assert recorded == sum(one.given for one in told)
    assert unnamed == 0
    assert floors == [(NEXT_VERSION,)]

    late = here.ports[0]
    here.start("previous", late)
    Person(f"http://127.0.0.1:{late}").until("/readyz", 503)
    assert f"for {NEXT_VERSION} or later" in Person(f"http://127.0.0.1:{late}").get("/readyz")[1]
