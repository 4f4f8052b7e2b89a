"""Starting and stopping the server of an instance."""

import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from nxloy_web.db import roles
from nxloy_web.db.embedded import process
from nxloy_web.db.embedded.binaries import Binaries, find_binaries, runnable
from nxloy_web.db.embedded.home import (
    PORT,
    open_home,
    passwords_of,
    socket_folder,
    take_lock,
)
from nxloy_web.db.embedded.refusal import EmbeddedError
from nxloy_web.db.instance_lock import InstanceLock

DATABASE = "nxloy"


@dataclass
class EmbeddedServer:
    """A running server. URIs use its unix socket; `admin_url` is a superuser's."""

    admin_url: str
    migrator_url: str
    app_url: str
    worker_url: str
    binaries: Binaries
    process: subprocess.Popen[bytes]
    lock: InstanceLock
    sockets: Path

    def stop(self) -> None:
        """Roll open transactions back, write a clean checkpoint, go."""
        try:
            process.stop(self.process)
            shutil.rmtree(self.sockets, ignore_errors=True)
        finally:
            self.lock.release()


def start(instance: Path, *, durable: bool = True) -> EmbeddedServer:
    """Start the instance's server, making it (and roles and schemas) the first time.

    `durable=False` trades safety at power loss for speed: tests only.
    """
    if threading.current_thread() is not threading.main_thread():
        # The kernel's "parent died" signal follows the thread that forked.
        raise EmbeddedError("The embedded PostgreSQL can only be started from the main thread.")
    instance = instance.resolve()
    instance.mkdir(parents=True, exist_ok=True)
    lock = take_lock(instance)
    postgres: subprocess.Popen[bytes] | None = None
    try:
        home, account = open_home(instance)
        binaries = runnable(find_binaries(), account)
        passwords = passwords_of(instance, home)
        process.clear_leftovers(home / "data")
        if not (home / "data").exists():
            process.initialise(home, binaries, account, passwords["admin"])
        process.refuse_other_version(home / "data", binaries)
        sockets = socket_folder(home, account)
        postgres = process.spawn(instance, home, sockets, binaries, account, durable)
        admin_url = _uri(passwords["admin"], DATABASE, sockets)
        process.wait_until_ready(postgres, _uri(passwords["admin"], "postgres", sockets), instance)
        urls = roles.create_roles(admin_url, passwords=passwords)
    except BaseException:
        if postgres is not None:
            process.stop(postgres)
        lock.release()
        raise
    return EmbeddedServer(
        admin_url, urls.migrator, urls.app, urls.worker, binaries, postgres, lock, sockets
    )


def remove(instance: Path) -> None:
    """Delete the database files of an instance, also where they live outside of it."""
    lock = take_lock(instance.resolve())
    home = instance.resolve() / "postgres"
    target = home.resolve()
    if home.exists():
        process.clear_leftovers(target / "data")
        if (target / "socket_folder").exists():
            shutil.rmtree((target / "socket_folder").read_text(), ignore_errors=True)
        shutil.rmtree(target)
    if home.is_symlink():
        home.unlink()
    lock.release()


def _uri(password: str, database: str, sockets: Path) -> str:
    return roles.uri(
        {"user": process.ADMIN, "password": password, "dbname": database, "host": str(sockets),
         "port": str(PORT)}
    )  # fmt: skip
