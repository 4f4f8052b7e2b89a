"""The product says the same with PYTHONOPTIMIZE=2, which drops docstrings and asserts."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from markupsafe import escape

from nxloy_web.permissions import Role
from nxloy_web.texts import Text
from tests.conftest import Database
from tests.factories import make_shop, make_user
from tests.texts import every, stripped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def said(app: Flask, database: Database, tmp_path_factory: pytest.TempPathFactory) -> Any:
    shop = make_shop(app)
    who = [make_user(app, "Olu Adeyemi", is_operator=True), shop.users[Role.STAFF], shop.url()]
    config = database.config(tmp_path_factory.mktemp("stripped"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.texts.stripped"],
        cwd=ROOT,
        env=os.environ | {"PYTHONOPTIMIZE": "2"},
        input=json.dumps([config, *who]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_class_of_refusals_says_a_sentence_of_its_own(said: Any) -> None:
    """HOUSE 5: refusals were silent without docstrings."""
    kinds = every.refusals()
    assert len(kinds) > 70
    for kind in kinds:
        assert isinstance(vars(kind).get("message"), Text), f"{kind.__qualname__} has no message"
        assert str(kind.message).endswith("."), kind.__qualname__
    assert said["docstring"] is None
    assert said["sentences"] == {kind.__qualname__: str(kind.message) for kind in stripped.PLAIN}


def test_a_refusal_answers_with_its_sentence(said: Any) -> None:
    assert "copy_points_to_balance has finished." in said["refused"]
    assert "You may not do this. Ask an owner of this business." in said["not allowed"]


def test_revisions_keep_their_titles(app: Flask, said: Any) -> None:
    known = app.extensions["migrate"]
    with app.app_context():
        scripts = ScriptDirectory.from_config(known.migrate.get_config(known.directory))
    docs = [str(script.module.__doc__) for script in scripts.walk_revisions()]
    assert said["titles"] == [doc.splitlines()[0] for doc in reversed(docs)]
    assert len(said["of data"]) > 3
    for title in said["of data"]:
        assert str(escape(title.rstrip("."))) in said["schema page"]


def test_every_command_keeps_its_help(app: Flask, said: Any) -> None:
    assert {"worker", "schema", "doctor", "plan", "demo", "db-roles"} <= said["help"].keys()
    assert said["help"] == {one.name: one.help for one in every.commands(app.cli)}
    assert all(said["help"].values())


def test_an_assert_only_tells_the_type_checker_what_is_so() -> None:
    """An assert that decided something would decide nothing under -O."""
    for path in sorted((ROOT / "nxloy_web").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert):
                assert _narrows(node.test), f"{path}:{node.lineno}: {ast.unparse(node)}"


def _narrows(test: ast.expr) -> bool:
    """`name is not None`, `name.attribute is not None`, `isinstance(name, Kind)`."""
    match test:
        case ast.Compare(
            left=ast.Name() | ast.Attribute(value=ast.Name()),
            ops=[ast.IsNot()],
            comparators=[ast.Constant(value=None)],
        ):
            return True
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[ast.Name(), _]):
            return True
    return False


def test_nothing_is_read_from_docstrings() -> None:
    for path in sorted((ROOT / "nxloy_web").rglob("*.py")):
        assert "__doc__" not in path.read_text(encoding="utf-8"), path
