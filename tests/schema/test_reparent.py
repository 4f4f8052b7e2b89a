"""Two branches of revisions in one folder: refused with what puts one after the other. Row S10."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from nxloy_web.schema import fitness, history
from nxloy_web.schema.connecting import migrator
from nxloy_web.schema.refusals import Refused

REVISION = '''"""A column."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "{name}"
down_revision = {after}  # as it was written
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.add_columns("businesses", sa.Column("{name}", sa.Text(), nullable=True))


def downgrade() -> None:
    # nx: assured NX040 for a test
    online.drop_columns("businesses", "{name}")
'''


@pytest.fixture
def head(app: Flask) -> str:
    with app.app_context():
        return history.revisions()[-1].id


def write(versions: Path, name: str, *after: str, day: int) -> Path:
    parents = repr(after[0]) if len(after) == 1 else repr(after)
    path = versions / f"203001{day:02}_1000_{name}.py"
    path.write_text(REVISION.format(name=name, after=parents))
    return path


def two(versions: Path, head: str) -> None:
    """One branch of two revisions, and another of one that was written later."""
    write(versions, "light", head, day=1)
    write(versions, "lamp", "light", day=3)
    write(versions, "wind", head, day=2)


def said(app: Flask, *words: str, fails: bool = False) -> str:
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["schema", *words])
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def order(app: Flask) -> list[str]:
    with app.app_context():
        return [revision.id for revision in history.revisions()]


@pytest.mark.parametrize(
    "command",
    ["plan", "plan --sql", "expand", "data run", "contract", "abort", "lint", "doctor"],
)
def test_two_branches_are_refused_with_the_command_that_makes_them_one(
    app: Flask, versions: Path, head: str, command: str
) -> None:
    two(versions, head)
    told = said(app, *command.split(), fails=True)
    assert f"both follow {head}" in told
    assert "Put wind after lamp: `flask schema reparent wind --after lamp`." in told


def test_flask_db_upgrade_refuses_them_too(
    app: Flask, versions: Path, head: str, as_admin: Any
) -> None:
    two(versions, head)
    for target in ("head", "heads", "wind"):
        with app.app_context(), pytest.raises(Refused, match="Put wind after lamp"):
            upgrade.__wrapped__(directory=str(versions.parent), revision=target)
    found = as_admin.execute("SELECT version_num FROM nx.alembic_version").fetchall()
    assert found == [(head,)]


def test_code_with_two_branches_is_not_ready(app: Flask, versions: Path, head: str) -> None:
    two(versions, head)
    with app.app_context(), migrator() as connection:
        (lack,) = fitness.lacks(connection)
    assert "Put wind after lamp" in lack


def test_reparent_makes_one_line_and_changes_nothing_else(
    app: Flask, versions: Path, head: str
) -> None:
    two(versions, head)
    told = said(app, "reparent", "wind", "--after", "lamp")
    assert "The revisions are one line." in told
    assert order(app)[-4:] == [head, "light", "lamp", "wind"]
    (file,) = versions.glob("*_wind.py")
    expected = REVISION.format(name="wind", after='"lamp"').replace("  # as it was written", "")
    assert file.read_text() == expected
    plan = said(app, "plan")
    assert plan.index("lamp") < plan.index("wind")


def test_three_branches_are_one_line_after_two_commands(
    app: Flask, versions: Path, head: str
) -> None:
    two(versions, head)
    write(versions, "sun", "light", day=4)
    told = said(app, "lint", fails=True)
    assert "`flask schema reparent sun --after lamp`" in told
    told = said(app, "reparent", "sun", "--after", "lamp")
    assert "`flask schema reparent wind --after sun`" in told
    said(app, "reparent", "wind", "--after", "sun")
    assert order(app)[-4:] == ["light", "lamp", "sun", "wind"]


def test_branches_that_were_merged_are_one_line_after_two_commands(
    app: Flask, versions: Path, head: str
) -> None:
    two(versions, head)
    write(versions, "joined", "lamp", "wind", day=5)
    write(versions, "last", "joined", day=6)
    told = said(app, "plan", fails=True)
    assert "`flask schema reparent wind --after lamp`" in told
    early = said(app, "reparent", "joined", "--after", "lamp", fails=True)
    assert "Nothing would follow wind any more." in early
    told = said(app, "reparent", "wind", "--after", "lamp")
    assert "`flask schema reparent joined --after wind`" in told
    said(app, "reparent", "joined", "--after", "wind")
    assert order(app)[-5:] == ["light", "lamp", "wind", "joined", "last"]


def test_what_has_run_stays_and_the_other_branch_goes_behind_it(
    app: Flask, versions: Path, head: str
) -> None:
    wind = write(versions, "wind", head, day=2)
    said(app, "expand")
    write(versions, "light", head, day=1)
    write(versions, "lamp", "light", day=3)
    before = wind.read_text()
    told = said(app, "plan", fails=True)
    assert "`flask schema reparent light --after wind`" in told
    told = said(app, "reparent", "wind", "--after", "lamp", fails=True)
    assert "wind has run on this database" in told
    assert wind.read_text() == before
    said(app, "reparent", "light", "--after", "wind")
    assert order(app)[-3:] == ["wind", "light", "lamp"]
    assert "2 expand step(s) done." in said(app, "expand")
    with app.app_context():
        downgrade.__wrapped__(revision=head)


@pytest.mark.parametrize(
    ("revision", "after", "why"),
    [
        ("light", "lamp", "that is a circle"),
        ("light", "light", "that is a circle"),
        ("lamp", "light", "lamp follows light already."),
        ("wind", "light", "lamp follows light already. The end of that line is lamp."),
        ("wind", "nothing", "There is no revision nothing."),
        ("nothing", "wind", "There is no revision nothing."),
    ],
)
def test_what_would_not_make_one_line_is_refused(
    app: Flask, versions: Path, head: str, revision: str, after: str, why: str
) -> None:
    two(versions, head)
    before = {path: path.read_text() for path in versions.glob("*.py")}
    assert why in said(app, "reparent", revision, "--after", after, fails=True)
    assert {path: path.read_text() for path in versions.glob("*.py")} == before


def test_a_revision_that_nothing_is_wrong_with_stays(app: Flask, versions: Path) -> None:
    first, second, third = order(app)[:3]
    told = said(app, "reparent", third, "--after", first, fails=True)
    assert f"{second} follows {first} already." in told
