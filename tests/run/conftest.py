"""The real supervisor, as a person starts it, in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nxloy_web.db import embedded
from nxloy_web.run.children import sweep

ROOT = Path(__file__).parents[2]


class Run:
    """One `python -m nxloy_web.run`, with what it said in a file."""

    def __init__(self, instance: Path, port: int, **environment: str) -> None:
        self.port = port
        self.said = instance.parent / f"said-{time.monotonic_ns()}"
        names = ("DATABASE_URL", "SECRET_KEY", "SMTP_URL", "BASE_URL", "HOST")
        clean = {k: v for k, v in os.environ.items() if not k.endswith(names)}
        clean |= {"INSTANCE": str(instance), "PORT": str(port), "DEMO": "no"} | environment
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "nxloy_web.run"],
                cwd=ROOT,
                env=clean,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.said.read_text()

    def until(self, words: str, seconds: float = 90) -> "Run":
        deadline = time.monotonic() + seconds
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)
        return self

    def ends(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.ends()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def instance() -> Iterator[Path]:
    """Shared by a file's tests: the first start makes the database, the others are quick."""
    parent = Path(tempfile.mkdtemp(prefix="nxloy-run-", dir="/tmp"))
    parent.chmod(0o755)
    folder = parent / "instance"
    yield folder
    sweep(folder)
    if folder.exists():
        embedded.remove(folder)
    shutil.rmtree(parent)


@pytest.fixture
def begin(instance: Path, free_port: int) -> Iterator[Callable[..., Run]]:
    """Start one on the module's folder and a free port; `NAME=value` go into its environment."""
    runs = []

    def start(**environment: str) -> Run:
        runs.append(Run(instance, free_port, **environment))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.stop()


@pytest.fixture
def started(begin: Callable[..., Run]) -> Run:
    return begin().until("is running at")
