"""Limits on floods, shared through a Redis where one is named."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from nxloy_web import create_app
from nxloy_web.db import db
from nxloy_web.extensions import limiter


@limiter.limit("4/hour")
def few() -> str:
    return ""


def with_limits(app: Flask, storage: str) -> Flask:
    """A process of its own, with a page that opens four times an hour."""
    config = {key: app.config[key] for key in ("SECRET_KEY", "INSTANCE", "DATABASE_URL")}
    made = create_app(config | {"RATELIMIT_STORAGE_URI": storage, "RATELIMIT_ENABLED": True})
    made.add_url_rule("/few", view_func=few)
    return made


@pytest.fixture
def back_to_memory(app: Flask) -> Iterator[None]:
    """The limiter is one for the process: other tests find it as it was."""
    was_enabled = limiter.enabled
    yield
    limiter.init_app(app)
    limiter.enabled = was_enabled


@pytest.fixture
def redis() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server here: the address alone is tried")
    folder = Path(tempfile.mkdtemp(prefix="nxloy-redis-", dir="/tmp"))
    socket = folder / "redis.sock"
    command = [program, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not socket.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"redis+unix://{socket}"
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder)


def many(made: Flask, count: int) -> list[int]:
    client = made.test_client()
    return [client.get("/few").status_code for _ in range(count)]


@pytest.mark.usefixtures("back_to_memory")
def test_two_processes_count_together(app: Flask, redis: str) -> None:
    assert many(with_limits(app, redis), 3) == [200] * 3
    made = with_limits(app, redis)
    assert many(made, 2) == [200, 429]


@pytest.mark.usefixtures("back_to_memory")
def test_it_starts_with_the_address_that_the_docs_name(app: Flask) -> None:
    """X9: there was no `redis` in the constraints. One that is away costs the sharing alone."""
    made = with_limits(app, "redis://127.0.0.1:1/0")
    assert many(made, 5) == [200] * 4 + [429]
    with made.app_context():
        db.engine.dispose()
