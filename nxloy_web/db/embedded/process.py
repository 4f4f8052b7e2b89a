"""The server's processes: made, awaited, ended, and cleared away after a kill."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from nxloy_web.db.embedded.binaries import Binaries
from nxloy_web.db.embedded.home import PORT, Account
from nxloy_web.db.embedded.refusal import EmbeddedError

ADMIN = "postgres"
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
    "log_error_verbosity": "terse",  # without the values of the row that was refused
}


def initialise(home: Path, binaries: Binaries, account: Account, password: str) -> None:
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


def refuse_other_version(data: Path, binaries: Binaries) -> None:
    """Data of one major version cannot be served by another."""
    made_by = (data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EmbeddedError(
            f"The data in {data} was made by PostgreSQL {made_by}, but {binaries.folder} is "
            f"{binaries.major}: set NX_PG_BIN to a PostgreSQL {made_by} to use or dump it."
        )


def spawn(
    instance: Path,
    home: Path,
    sockets: Path,
    binaries: Binaries,
    account: Account,
    durable: bool,
) -> subprocess.Popen[bytes]:
    """Start `postgres`; whether it comes up is for `wait_until_ready` to see."""
    settings = ALWAYS | (DURABLE if durable else FLEETING)
    quoted = str(sockets).replace('"', '""')
    settings = settings | {"unix_socket_directories": f'"{quoted}"'}
    command = [str(binaries.folder / "postgres"), "-D", str(home / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = instance / "postgres.log"
    if log.exists() and log.stat().st_size > BIGGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    log.touch()
    log.chmod(0o600)
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


def wait_until_ready(process: subprocess.Popen[bytes], url: str, instance: Path) -> None:
    """Until it lets us in. Raises EmbeddedError with the last line of its log."""
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


def clear_leftovers(data: Path) -> None:
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


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist; only a server that hangs loses the chance to write a clean checkpoint."""
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


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
