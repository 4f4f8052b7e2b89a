"""The PostgreSQL that all trials share, started by the code as it is, without a mutant.

Run as a program it prints its addresses and stays until its input ends.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path


@dataclass(frozen=True)
class Ground:
    """What the tests' fixtures `server` and `template_db` give."""

    admin_url: str
    migrator_url: str
    app_url: str
    worker_url: str
    template_db: str


@contextmanager
def ground() -> Iterator[Ground]:
    """In a process of its own: this one must not have imported what a trial will change."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        line = keeper.stdout.readline()
        if not line:
            raise SystemExit("The database for the tests could not be started.")
        yield Ground(**json.loads(line))
        keeper.stdin.close()


def keep() -> None:
    from flask_migrate import upgrade

    from nxloy_web import create_app
    from nxloy_web.db import db, embedded
    from tests.conftest import Database

    # Started by root, the server's own account must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="nxloy-mutate-", dir="/tmp"))
    folder.chmod(0o755)
    server = embedded.start(folder, durable=False)
    try:
        urls = (server.admin_url, server.migrator_url, server.app_url, server.worker_url)
        database = Database(embedded.DATABASE, *urls)
        app = create_app(database.config(folder / "instance"))
        with app.app_context(), redirect_stdout(StringIO()):
            upgrade()
            for engine in db.engines.values():
                engine.dispose()
        print(json.dumps(asdict(Ground(*urls, embedded.DATABASE))), flush=True)
        sys.stdin.read()
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    keep()
