"""Where the server's files live, the account that owns them, and its passwords."""

import json
import os
import pwd
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nxloy_web.db.embedded.refusal import EmbeddedError
from nxloy_web.db.instance_lock import AlreadyHeldError, InstanceLock

PORT = 5432  # names the socket file only: the server listens on no network address
SHARED = Path("/var/lib/nxloy-web")
LONGEST_SOCKET_PATH = 103  # macOS allows 104 bytes with the final zero, Linux 108


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


def take_lock(instance: Path) -> InstanceLock:
    """One server an instance."""
    try:
        return InstanceLock.take(instance / "postgres.lock")
    except AlreadyHeldError as held:
        raise EmbeddedError(
            f"The database of {instance} is already running (process "
            f"{held.facts.get('pid', 'unknown')}): stop that one first, or give another INSTANCE."
        ) from None
    except OSError as error:
        raise EmbeddedError(_cannot_write(instance, error)) from None


def open_home(instance: Path) -> tuple[Path, Account]:
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
                make_shared()
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


def make_shared() -> None:
    """The folder for what the server's account cannot reach elsewhere."""
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
    SHARED.chmod(0o755)  # our own folder, whatever the umask


def passwords_of(instance: Path, home: Path) -> dict[str, str]:
    """The passwords by role, made the first time."""
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


def socket_folder(home: Path, account: Account) -> Path:
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
