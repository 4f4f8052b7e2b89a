"""One owner per instance folder, even after a kill: the kernel drops a flock with its process."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Self


class AlreadyHeldError(Exception):
    """Somebody else holds the lock; `facts` is what they wrote into it."""

    def __init__(self, path: Path, facts: Mapping[str, str]) -> None:
        super().__init__(f"{path} is held by process {facts.get('pid', 'unknown')}")
        self.facts = facts


@dataclass
class InstanceLock:
    """A flocked file that says which process holds it and since when, for the next to read."""

    path: Path
    file: IO[str]

    @classmethod
    def take(cls, path: Path, **facts: str) -> Self:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with file:
                raise AlreadyHeldError(path, _read(file)) from None
        lock = cls(path, file)
        lock.write(**facts)
        return lock

    def write(self, **facts: str) -> None:
        everything = {
            "pid": str(os.getpid()),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.file.seek(0)
        self.file.truncate()
        json.dump(everything | facts, self.file)
        self.file.flush()

    def release(self) -> None:
        """Empty, never unlinked: a waiter may already have the same file open."""
        if not self.file.closed:
            self.file.seek(0)
            self.file.truncate()
            self.file.close()


def _read(file: IO[str]) -> dict[str, str]:
    try:
        return dict(json.load(file))
    except ValueError:  # the owner is between truncate and write
        return {}
