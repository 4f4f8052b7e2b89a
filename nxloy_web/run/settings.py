"""What the person at the terminal asked for, checked before anything is started."""

import os
import secrets
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit


class StartError(Exception):
    """One sentence for the person at the terminal: what is wrong and what to do."""


@dataclass(frozen=True)
class Settings:
    """Where to run, and on which database when not on our own."""

    instance: Path
    host: str
    port: int
    base_url: str
    database_url: str | None
    migrations_url: str | None
    worker_url: str | None
    smtp_url: str | None
    demo: bool

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        host = environment.get("HOST") or "127.0.0.1"
        port = _port(environment.get("PORT") or "8000")
        database_url = environment.get("DATABASE_URL") or None
        migrations_url = environment.get("MIGRATIONS_DATABASE_URL") or None
        _refuse_half(database_url, migrations_url)
        return cls(
            instance=Path(environment.get("INSTANCE") or "instance").expanduser().resolve(),
            host=host,
            port=port,
            base_url=environment.get("BASE_URL") or _address(host, port),
            database_url=database_url,
            migrations_url=migrations_url,
            worker_url=environment.get("WORKER_DATABASE_URL") or None,
            smtp_url=environment.get("SMTP_URL") or None,
            demo=environment.get("DEMO", "yes") != "no",
        )

    @property
    def is_here(self) -> bool:
        """Whether people come to it on this machine alone."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "::1", "localhost")


def make_folder(folder: Path) -> None:
    """Make the instance folder and prove that we may write there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"Cannot write to {folder} ({error.strerror}): give a folder you own, as in "
            "`make run INSTANCE=/path/to/folder`."
        ) from None


FOR_COMMANDS = (
    "DATABASE_URL",
    "MIGRATIONS_DATABASE_URL",
    "WORKER_DATABASE_URL",
    "SECRET_KEY",
    "INSTANCE",
    "BASE_URL",
)


def secret_key(instance: Path, given: str | None) -> str:
    """The key that signs sessions: given, or made once and kept."""
    if given:
        return given
    path = instance / "secret_key"
    if path.exists() and path.read_text().strip():
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    return key


def refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        # A port in TIME_WAIT from our own last run is free; one somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen(1)
        except PermissionError:
            raise StartError(
                f"Port {settings.port} needs more rights than you have: "
                "start with another one, as in `make run PORT=8000`."
            ) from None
        except OSError as error:
            other = settings.port + 1 if settings.port < 65535 else 8000
            raise StartError(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): stop "
                f"what uses it, or start with another one, as in `make run PORT={other}`."
            ) from None


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise StartError(f"PORT={text} is not a port: give a number from 1 to 65535.")


def _address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _refuse_half(database_url: str | None, migrations_url: str | None) -> None:
    if bool(database_url) == bool(migrations_url):
        return
    missing = "MIGRATIONS_DATABASE_URL" if database_url else "DATABASE_URL"
    raise StartError(
        f"{missing} is missing: set both addresses that `flask db-roles ADMIN_URL` prints, or "
        "neither to use the embedded database."
    )


def write_environment(instance: Path, environment: Mapping[str, str]) -> None:
    """What a command beside the running server needs: `. INSTANCE/environment`, then `flask …`.

    It holds passwords, so it is readable by its owner alone from the moment it is made.
    """
    path = instance / "environment"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        for name in FOR_COMMANDS:
            file.write(f"export {name}={shlex.quote(environment[name])}\n")
