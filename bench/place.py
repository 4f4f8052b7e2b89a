"""A database and web servers of our own for the length of a measurement."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nxloy_web import create_app
from nxloy_web.db import embedded
from nxloy_web.web.edge import NxFlask

ROOT = Path(__file__).parents[1]
SECRET = "only-for-measuring"


@dataclass(frozen=True)
class Place:
    """The database, and the application on it for what is asked without a server."""

    server: embedded.EmbeddedServer
    environment: dict[str, str]
    app: NxFlask


@contextmanager
def a_place(revision: str = "head") -> Iterator[Place]:
    """An embedded server with durable commits, at the newest revision or at another."""
    from flask_migrate import upgrade

    folder = Path(tempfile.mkdtemp(prefix="nxloy-bench-"))
    folder.chmod(0o755)  # started by root, the server has an account of its own
    server = embedded.start(folder)
    try:
        environment = {
            "DATABASE_URL": server.app_url,
            "MIGRATIONS_DATABASE_URL": server.migrator_url,
            "WORKER_DATABASE_URL": server.worker_url,
            "ADMIN_URL": server.admin_url,
            "SECRET_KEY": SECRET,
            "INSTANCE": str(folder),
        }
        os.environ |= environment
        app = create_app({"RATELIMIT_ENABLED": False})
        with app.app_context():
            upgrade(revision=revision)
        yield Place(server, environment, app)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def serving(place: Place, target: str) -> Iterator[str]:
    """Serve `module:app` as `make run` does, two workers on Granian; the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "2", "--blocking-threads", "8", "--no-ws",
        "--log-level", "error", target,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | place.environment, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        process.wait(15)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError):
            urllib.request.urlopen(f"{address}/healthz", timeout=2).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {address}")
