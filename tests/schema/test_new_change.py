"""What `flask schema new-change` writes is safe as it stands, and its own test passes. Row S16.

The recipes are those of docs/changing-the-schema.md, run out of the page.
"""

import ast
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask

from nxloy_web.schema import lint
from nxloy_web.schema.new_change.command import new_change_group
from tests.schema.conftest import At

PAGE = Path(__file__).parents[2] / "docs" / "changing-the-schema.md"
RECIPES = re.findall(r"^flask schema new-change (.+)$", PAGE.read_text(), re.MULTILINE)


def said(app: Flask, words: list[str], *, fails: bool = False) -> str:
    with app.app_context():
        result = app.test_cli_runner().invoke(args=["schema", "new-change", *words])
    assert (result.exit_code != 0) is fails, (result.output, result.exception)
    return result.output


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("words", RECIPES)
def test_what_is_written_lints_and_passes_its_own_test(
    app: Flask, versions: Path, written_at: At, words: str
) -> None:
    before = set(versions.glob("*.py"))
    said(app, shlex.split(words, posix=True))
    written = sorted(set(versions.glob("*.py")) - before)
    assert [str(f) for f in lint.check(versions)] == []
    (test,) = (versions.parent.parent / "tests" / "schema").glob("*.py")
    for path in (*written, test):
        ast.parse(path.read_text())
    module = loaded(test)
    (function,) = (thing for name, thing in vars(module).items() if name.startswith("test_"))
    function(written_at)


def test_it_says_what_the_model_says_then(app: Flask, versions: Path) -> None:
    told = said(app, ["add-column", "locations", "seats", "int", "--default", "0"])
    assert '    seats: Mapped[int] = mapped_column(server_default=text("0"))' in told
    assert "docs/changing-the-schema.md" in told


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("add-column nothing phone text", "No model has a table nothing."),
        ("add-column locations Phone text", "Phone is no name for a column"),
        ("add-column locations phone money", "new-change knows no type money"),
        ("add-column locations phone text --default 1 --fill 2", "Either --default"),
        ("add-column locations a_very_long_name_for_a_column text", "give the change a --name"),
        ("not-null locations name --fill 1", "locations.name is NOT NULL already."),
        ("rename locations phone telephone", "has no column phone"),
        ("rename customers email mail", "customers.email may be empty"),
        ("rename loyalty_tiers required_points points", "stand on loyalty_tiers.required_points"),
        ("drop purchases receipt_key", "take them away first"),
        ("unique users name", "users belongs to no business"),
    ],
)
def test_what_it_cannot_write_is_refused_and_nothing_is_written(
    app: Flask, versions: Path, words: str, why: str
) -> None:
    before = set(versions.glob("*.py"))
    assert why in said(app, words.split(), fails=True)
    assert set(versions.glob("*.py")) == before


def test_the_same_change_is_written_once(app: Flask, versions: Path) -> None:
    words = ["add-column", "locations", "phone", "text"]
    said(app, words)
    assert "There is a revision add_phone already" in said(app, words, fails=True)
    said(app, [*words, "--name", "second_phone"])


def test_the_page_has_a_recipe_for_every_kind() -> None:
    assert {words.split()[0] for words in RECIPES} == set(new_change_group.commands)
