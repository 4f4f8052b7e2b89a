"""`python -m nxloy_web.run`: database, web and worker together, stopped in the opposite order.

Every failure a person can cause or cure is one sentence and a non-zero exit.
"""

import http.client
import logging
import os
import shutil
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from types import FrameType
from typing import TextIO

from nxloy_web.db import embedded
from nxloy_web.db.instance_lock import AlreadyHeldError, InstanceLock
from nxloy_web.run import database, settings
from nxloy_web.run.children import MARK, Child, flask, sweep
from nxloy_web.run.database import Database
from nxloy_web.run.settings import Settings, StartError

READY_SECONDS = 60
RESTARTS = 3
RESTART_WINDOW = 60.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OURS = ("secret_key", "environment", "run.lock", "postgres.lock", "postgres.log", "postgres.log.1",
        "database_passwords.json", "upgrade.log", "demo.log", "demo.txt", "demo.loading",
        "web.log", "web.log.1", "worker.log", "worker.log.1", "outbox")  # fmt: skip


class Stop(BaseException):
    """A signal asked us to stop; an ordinary `except Exception` must not swallow it."""


def main(arguments: list[str]) -> int:
    try:
        for number in (*SIGNALS, signal.SIGALRM):
            signal.signal(number, _ask_to_stop)
        sys.unraisablehook = _stop_was_lost
        # A stop in the middle of a statement makes psycopg complain of the rollback.
        logging.getLogger("psycopg").setLevel(logging.CRITICAL)
        os.umask(0o077)  # logs and mails name people; web and worker inherit it
        wanted = Settings.read(os.environ)
        if arguments == ["--reset"]:
            reset(wanted)
        elif arguments:
            raise StartError("Usage: python -m nxloy_web.run [--reset]")
        else:
            run(wanted)
    except StartError as error:
        _say(str(error), to=sys.stderr)
        return 1
    except Stop:
        return 0
    return 0


def run(wanted: Settings) -> None:
    settings.make_folder(wanted.instance)
    lock = _lock(wanted)
    opened: Database | None = None
    children: list[Child] = []
    try:
        sweep(wanted.instance)
        settings.refuse_taken_port(wanted)
        opened = database.open_database(wanted)
        environment = _environment(wanted, opened)
        settings.write_environment(wanted.instance, environment)
        database.upgrade(environment, wanted.instance)
        if wanted.demo:
            database.load_demo(opened, environment, wanted.instance)
        children = _children(wanted, environment)
        for child in children:
            child.start()
        _wait_until_ready(wanted, opened, children)
        _welcome(wanted)
        _watch(opened, children)
    finally:
        _ignore_signals()
        if children:
            _say("Stopping ...")
        for child in children:
            child.stop()
        if opened is not None:
            opened.stop()
        lock.release()


def reset(wanted: Settings) -> None:
    """Start over: remove what we made in the instance folder, and nothing else."""
    if not wanted.instance.exists():
        _say(f"Nothing to reset: {wanted.instance} is not there.")
        return
    settings.make_folder(wanted.instance)
    lock = _lock(wanted)
    sweep(wanted.instance)
    try:
        embedded.remove(wanted.instance)
    except embedded.EmbeddedError as error:
        raise StartError(str(error)) from None
    finally:
        lock.release()
    for name in OURS:
        path = wanted.instance / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not any(wanted.instance.iterdir()):
        wanted.instance.rmdir()
    _say("Reset: the next `make run` starts with an empty database and the demo business.")


def _lock(wanted: Settings) -> InstanceLock:
    try:
        return InstanceLock.take(wanted.instance / "run.lock", address=wanted.base_url)
    except AlreadyHeldError as held:
        where = held.facts.get("address", "another address")
        raise StartError(
            f"NxLoy Web is already running at {where} (process {held.facts.get('pid', 'unknown')})"
            f" from {wanted.instance}: use that one, stop it, or give another INSTANCE and PORT."
        ) from None
    except OSError as error:
        raise StartError(f"Cannot write to {wanted.instance} ({error.strerror}).") from None


def _environment(wanted: Settings, opened: Database) -> dict[str, str]:
    environment = dict(os.environ) | {
        MARK: str(wanted.instance),
        "INSTANCE": str(wanted.instance),
        "BASE_URL": wanted.base_url,
        "SECRET_KEY": settings.secret_key(wanted.instance, os.environ.get("SECRET_KEY")),
        "DATABASE_URL": opened.app_url,
        "MIGRATIONS_DATABASE_URL": opened.migrations_url,
        "WORKER_DATABASE_URL": opened.worker_url,
        "PYTHONUNBUFFERED": "1",
        "GALLERY": os.environ.get("GALLERY") or ("1" if wanted.is_here else ""),
    }
    if wanted.smtp_url:
        environment["SMTP_URL"] = wanted.smtp_url
    return environment


def _children(wanted: Settings, environment: dict[str, str]) -> list[Child]:
    """In the order in which they are stopped, and no more rights than each needs."""
    web = {k: v for k, v in environment.items() if k != "MIGRATIONS_DATABASE_URL"}
    serve = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", wanted.host,
        "--port", str(wanted.port), "--workers", "2", "--blocking-threads", "8", "--no-ws",
        "--workers-kill-timeout", "8", "wsgi:app",
    ]  # fmt: skip
    return [
        Child("web server", serve, web, wanted.instance / "web.log", 12),
        Child(
            "worker",
            flask("worker"),
            web | {"PROCESS_KIND": "worker"},
            wanted.instance / "worker.log",
            20,
        ),
    ]


def _wait_until_ready(wanted: Settings, opened: Database, children: list[Child]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    answer = "no answer"
    while True:
        for child in children:
            if child.is_dead():
                raise StartError(
                    f"The {child.name} did not start: {child.last_line()} (see {child.log})"
                )
        if opened.died():
            raise StartError(f"The database stopped (see {wanted.instance / 'postgres.log'}).")
        status, text = _ask_ready(wanted)
        if status == 200:
            return
        answer = text or answer
        if time.monotonic() > deadline:
            raise StartError(
                f"The web server was not ready after {READY_SECONDS} seconds: {answer}"
                f" (see {children[0].log})"
            )
        time.sleep(0.1)


def _ask_ready(wanted: Settings) -> tuple[int, str]:
    host = "127.0.0.1" if wanted.host in ("0.0.0.0", "::") else wanted.host  # noqa: S104
    connection = http.client.HTTPConnection(host, wanted.port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        text = " ".join(response.read(400).decode(errors="replace").split())
        return response.status, text
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def _welcome(wanted: Settings) -> None:
    mails = "by SMTP" if wanted.smtp_url else str(wanted.instance / "outbox")
    _say(f"\nNxLoy Web is running at {wanted.base_url}\n")
    signs = wanted.instance / "demo.txt"
    if signs.exists():
        _say(signs.read_text().rstrip() + "\n")
    _say(f"Mails go to   {mails}")
    _say(f"Logs are in   {wanted.instance}")
    _say("Ctrl-C stops everything.")


def _watch(opened: Database, children: list[Child]) -> None:
    """Until a signal: put a fallen child up again, but not for ever."""
    falls: deque[float] = deque(maxlen=RESTARTS)
    while True:
        time.sleep(0.25)
        if opened.died():
            raise StartError("The database stopped by itself, so everything stops: start again.")
        for child in children:
            if not child.is_dead():
                continue
            now = time.monotonic()
            if len(falls) == RESTARTS and now - falls[0] < RESTART_WINDOW:
                raise StartError(
                    f"The {child.name} keeps stopping ({child.last_line()}), so everything "
                    f"stops: see {child.log}."
                )
            falls.append(now)
            _say(f"The {child.name} stopped by itself and is started again (see {child.log}).")
            child.stop()
            child.start()


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()
    raise Stop


def _ignore_signals() -> None:
    """A second Ctrl-C must not interrupt the orderly stop that the first one began."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _stop_was_lost(lost: "sys.UnraisableHookArgs") -> None:
    """Where Python cannot raise, right after a fork say, it drops the exception and goes on, and
    every later Ctrl-C is ignored by then: the stop is raised again a moment later."""
    if lost.exc_type is Stop:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
    elif signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # else it only follows from that
        sys.__unraisablehook__(lost)


def _say(text: str, to: TextIO | None = None) -> None:
    """To a terminal that may have gone: that must not keep us from stopping in order."""
    with suppress(OSError):
        print(text, file=to or sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
