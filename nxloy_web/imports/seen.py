"""What has come before in the file. Kept on disk, so that memory does not grow with the file."""

import sqlite3
from collections.abc import Sequence


class Seen:
    """First lines and counts by key. Lives as long as one pass through the file."""

    def __init__(self) -> None:
        # An empty name is a private database that spills to a temporary file when it grows.
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._kept.execute("PRAGMA cache_size = -8000")
        self._kept.execute(
            "CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER, times INTEGER) WITHOUT ROWID"
        )
        self._kept.execute("BEGIN")

    def count(self, key: str) -> int:
        """How often this key has come, this time included."""
        return int(
            self._kept.execute(
                "INSERT INTO seen VALUES (?, 0, 1) "
                "ON CONFLICT (key) DO UPDATE SET times = times + 1 RETURNING times",
                (key,),
            ).fetchone()[0]
        )

    def lines(self, keys: Sequence[str], line: int) -> dict[str, int]:
        """The earlier lines these keys stood in. Keys are remembered with this line, unless one
        of them is not new."""
        marks = ", ".join("?" * len(keys))
        found = dict(
            self._kept.execute(
                f"SELECT key, line FROM seen WHERE key IN ({marks})",  # noqa: S608 - only marks
                keys,
            ).fetchall()
        )
        if not found:
            self._kept.executemany(
                "INSERT INTO seen VALUES (?, ?, 1)", [(key, line) for key in keys]
            )
        return found

    def close(self) -> None:
        self._kept.close()
