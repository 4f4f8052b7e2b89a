"""Processes we start: in sessions of their own, gone when we are gone, found again after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nxloy_web.db.embedded import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
MARK = "NX_RUN"  # in the environment of every child, so that leftovers are known by it
BIGGEST_LOG = 10_000_000


@dataclass
class Child:
    """One long-running process, its command kept for a restart."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    patience: float
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > BIGGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch()
        self.log.chmod(0o600)  # it may be there from before
        with self.log.open("ab") as output:
            # Its own session: Ctrl-C reaches us alone, and we stop things in order.
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Ask, wait, then end the whole group: a server's own workers must not outlive it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(self.patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None

    def last_line(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "no reason given"


def flask(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]


def sweep(instance: Path) -> None:
    """End what a killed run of this instance left behind.

    On Linux the kernel has told them to stop already; a server's workers may still be at it.
    """
    for how in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 10
        for pid in _marked(instance):
            _send(pid, how)
        while _marked(instance):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        else:
            return


def _marked(instance: Path) -> list[int]:
    mark = os.fsencode(f"{MARK}={instance}")
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        try:
            if pid != os.getpid() and mark in entry.read_bytes().split(b"\0"):
                found.append(pid)
        except OSError:  # gone meanwhile, or another user's
            continue
    return found


def _send(pid: int, how: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, how)
