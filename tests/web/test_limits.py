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


def with_limits(app: Flask, storage: str) -> Flask:
    config = {key: app.config[key] for key in ("SECRET_KEY", "INSTANCE", "DATABASE_URL")}
    return create_app(
        config
        | {"RATELIMIT_STORAGE_URI": storage, "RATELIMIT_ENABLED": True, "WTF_CSRF_ENABLED": False}
    )


@pytest.fixture
def back_to_memory(app: Flask) -> Iterator[None]:
    """The limiter is one for the process: other tests find it as it was."""
    was_enabled = limiter.enabled
    yield
    limiter.init_app(app)
    limiter.enabled = was_enabled


@pytest.fixture
def redis() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
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
    yield f"redis+unix://{socket}", process
    process.terminate()
    process.wait(20)
    shutil.rmtree(folder)


def many(made: Flask, count: int) -> list[int]:
    client = made.test_client()
    return [
        client.post("/password/forgotten", data={"email": "not one"}).status_code
        for _ in range(count)
    ]


@pytest.mark.usefixtures("back_to_memory")
def test_it_starts_with_the_address_that_the_docs_name(app: Flask) -> None:
    """X9: there was no `redis` in the constraints. One that is away costs the sharing alone."""
    made = with_limits(app, "redis://127.0.0.1:1/0")
    assert many(made, 11) == [422] * 10 + [429]
    with made.app_context():
        db.engine.dispose()


@pytest.mark.usefixtures("back_to_memory")
def test_two_processes_count_together(
    app: Flask, redis: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    address, process = redis
    assert many(with_limits(app, address), 6) == [422] * 6
    made = with_limits(app, address)
    assert many(made, 6) == [422] * 4 + [429] * 2
    process.terminate()
    process.wait(20)
    assert many(made, 1) == [422], "counted in this process from now on"
