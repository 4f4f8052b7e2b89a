"""Trees of the product that a test can start: this one as the release that comes next."""

import shutil
import tarfile
from pathlib import Path

from alembic.script import ScriptDirectory

from nxloy_web.version import VERSION

ROOT = Path(__file__).parents[2]
NEXT = Path(__file__).parent / "next"
PREVIOUS = Path(__file__).parent / "previous.tar.xz"
NEXT_VERSION = "0.2.0"
PARTS = ("nxloy_web", "templates", "static", "migrations", "wsgi.py", "pyproject.toml")


def add_next_group(migrations: Path, *, version: str = NEXT_VERSION) -> None:
    """Put a group of three revisions behind the newest one; its contract needs this version."""
    head = ScriptDirectory(str(migrations)).get_current_head()
    for file in sorted(NEXT.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        text = text.replace("HEAD_OF_THIS_RELEASE", str(head))
        text = text.replace("FIRST_VERSION_WITH_IT", version)
        (migrations / "versions" / file.name).write_text(text, encoding="utf-8")


def copy_migrations(folder: Path) -> Path:
    """This tree's revisions, to be added to."""
    copy = folder / "migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def unpack_previous(folder: Path) -> Path:
    """The release before this one, as it was archived."""
    with tarfile.open(PREVIOUS) as archive:
        archive.extractall(folder, filter="data")
    return folder


def make_next(folder: Path) -> Path:
    """This tree under the next version's number, with one more change of the schema."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "dist")
            shutil.copytree(source, folder / part, ignore=ignored)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / part)
    project = folder / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    assert f'version = "{VERSION}"' in text
    project.write_text(text.replace(f'version = "{VERSION}"', f'version = "{NEXT_VERSION}"', 1))
    with (folder / "static" / "css" / "base.css").open("a", encoding="utf-8") as style:
        style.write("\n.of-the-next-release { color: inherit; }\n")
    add_next_group(folder / "migrations")
    return folder
