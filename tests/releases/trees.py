"""Trees of the product that a test can start: this one as the release that comes next."""

import shutil
from pathlib import Path

from alembic.script import ScriptDirectory

ROOT = Path(__file__).parents[2]
NEXT = Path(__file__).parent / "next"
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
