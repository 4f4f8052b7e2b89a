"""Starting, stopping, being killed: what a person sees, and what is left behind."""

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nxloy_web.run.children import _marked

ROOT = Path(__file__).parents[2]
Run = Any
Begin = Callable[..., Run]


def ask(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def process_called(instance: Path, word: str) -> int:
    for pid in _marked(instance):
        # Where setproctitle is installed, a server names itself in one piece, its workers too.
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
        if word in words and not any(said.startswith("worker-") for said in words):
            return pid
    raise AssertionError(f"no process called {word}")


def test_one_start_serves_and_says_where(started: Run, instance: Path) -> None:
    assert f"NxLoy Web is running at http://127.0.0.1:{started.port}\n" in started.output
    assert f"Mails go to   {instance / 'outbox'}" in started.output
    assert ask(started.port, "/healthz") == ask(started.port, "/readyz") == 200
    assert stat.S_IMODE((instance / "secret_key").stat().st_mode) == 0o600


def test_what_a_run_writes_is_for_its_owner_alone(begin: Begin, instance: Path) -> None:
    """X14: logs were 0644 in a folder that everybody could enter."""
    instance.mkdir(mode=0o700, exist_ok=True)
    (instance / "web.log").touch(mode=0o644)  # as an earlier version left it
    begin().until("is running at").stop()
    assert stat.S_IMODE(instance.stat().st_mode) == 0o700
    open_to_others = {
        path.name: oct(stat.S_IMODE(path.stat().st_mode))
        for path in instance.iterdir()
        if not path.is_symlink() and path.stat().st_mode & 0o077
    }
    assert open_to_others == {}


def test_the_gallery_is_shown_only_where_it_is_built(begin: Begin) -> None:
    """X16: it was public in production."""
    here = begin().until("is running at")
    assert ask(here.port, "/gallery/") == 200
    here.stop()
    for_people = begin(BASE_URL="https://loyalty.example.org").until("is running at")
    assert ask(for_people.port, "/gallery/") == 404


def test_a_command_can_be_run_beside_it(started: Run, instance: Path) -> None:
    written = instance / "environment"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    command = f". {written} && {sys.executable} -m flask --app wsgi schema plan"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "Nothing is pending." in done.stdout


def test_ctrl_c_stops_everything_the_database_last(started: Run, instance: Path) -> None:
    assert started.stop() == 0
    assert "Traceback" not in started.output
    assert _marked(instance) == []
    assert ask(started.port, "/healthz") == 0
    log = (instance / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
    assert "terminating connection" not in log.rsplit("ready to accept connections", 1)[1]


def test_a_second_start_points_to_the_first(started: Run, begin: Begin, instance: Path) -> None:
    second = begin(PORT=str(started.port + 1))
    assert second.ends() == 1
    assert f"already running at http://127.0.0.1:{started.port} (process" in second.output
    assert second.output.count("\n") == 1


def test_a_kill_leaves_nothing_the_next_start_cannot_clean_up(
    started: Run, begin: Begin, instance: Path
) -> None:
    key = (instance / "secret_key").read_text()
    started.kill()
    again = begin().until("is running at")
    assert ask(started.port, "/readyz") == 200
    assert (instance / "secret_key").read_text() == key
    assert again.stop() == 0
    assert _marked(instance) == []


def test_killing_everything_at_once_is_cleaned_up_too(
    started: Run, begin: Begin, instance: Path
) -> None:
    web = process_called(instance, "granian")
    started.process.kill()
    os.kill(web, signal.SIGKILL)  # its own workers now hold the port
    started.process.wait()
    again = begin().until("is running at")
    assert again.stop() == 0


def test_a_fallen_web_server_is_put_up_again(started: Run, instance: Path) -> None:
    os.kill(process_called(instance, "granian"), signal.SIGKILL)
    started.until("The web server stopped by itself and is started again")
    deadline = time.monotonic() + 30
    while ask(started.port, "/readyz") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_fallen_database_stops_everything(started: Run, instance: Path) -> None:
    note = (instance / "postgres").resolve() / "data" / "postmaster.pid"
    os.kill(int(note.read_text().splitlines()[0]), signal.SIGINT)
    assert started.ends() == 1
    assert "The database stopped by itself" in started.output
    assert _marked(instance) == []


def test_a_stop_during_the_start_is_clean(begin: Begin, instance: Path) -> None:
    run = begin()
    lock = instance / "run.lock"
    while str(run.process.pid) not in (lock.read_text() if lock.exists() else ""):
        time.sleep(0.01)  # once it holds the lock it listens to signals
    assert run.stop() == 0
    assert "Traceback" not in run.output
    assert _marked(instance) == []


def test_a_stop_at_the_moment_of_a_fork_is_not_lost(
    instance: Path, free_port: int, tmp_path: Path
) -> None:
    """Python drops what is raised in its hooks after a fork."""
    code = (
        "import os, signal, sys\n"
        "from nxloy_web.run.__main__ import main\n"
        "press = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "os.register_at_fork(after_in_parent=press)\n"
        "sys.exit(main([]))\n"
    )
    said = tmp_path / "said"
    environment = {"INSTANCE": str(instance), "PORT": str(free_port), "DEMO": "no"}
    with said.open("wb") as output:
        run = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=output,
            stderr=output,
        )
    try:
        assert run.wait(60) == 0, said.read_text()
    finally:
        run.kill()
    assert said.read_text() == ""
    assert _marked(instance) == []


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 0.6])
def test_ctrl_c_while_it_loads_is_quiet(
    instance: Path, free_port: int, tmp_path: Path, seconds: float
) -> None:
    said = tmp_path / "said"
    with said.open("wb") as output:
        make = subprocess.Popen(
            ["make", "--old-file=env", "run", f"VENV={sys.executable}"],
            cwd=ROOT,
            env={**os.environ, "INSTANCE": str(instance), "PORT": str(free_port), "DEMO": "no"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    time.sleep(seconds)
    # As a terminal does, to all of them; and again, as a person whose first press came too early.
    while make.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(make.pid, signal.SIGINT)
        time.sleep(0.3)
    assert "Traceback" not in said.read_text()
    assert _marked(instance) == []


def test_reset_starts_over_and_keeps_what_is_not_ours(begin: Begin, instance: Path) -> None:
    begin().until("is running at").stop()
    (instance / "mine.txt").write_text("a file of the person at the terminal")
    done = subprocess.run(
        [sys.executable, "-m", "nxloy_web.run", "--reset"],
        cwd=ROOT,
        env={**os.environ, "INSTANCE": str(instance)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in instance.iterdir()] == ["mine.txt"]


def test_the_lock_says_who_and_since_when(started: Run, instance: Path) -> None:
    facts = json.loads((instance / "run.lock").read_text())
    assert facts["pid"] == str(started.process.pid)
    assert facts["started_at"].endswith("+00:00")
