"""What Babel finds in the product and its templates can be translated, and says all of it."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import nodes

from tests.texts import every

ROOT = Path(__file__).parents[2]
MARKS = {"_": 1, "gettext": 1, "ngettext": 2}
"""How many sentences each takes first."""

NAMED = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `pybabel extract` writes, with the options that stand in pyproject.toml."""
    file = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml", "-o", str(file)
    subprocess.run([sys.executable, "-m", *command, "."], cwd=ROOT, check=True)
    with file.open("rb") as pot:
        return read_po(pot)


def sentences(catalogue: Catalog) -> Iterator[tuple[str, ...]]:
    for message in catalogue:
        if message.id:
            yield (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_every_sentence_has_named_parts_only(catalogue: Catalog) -> None:
    found = list(sentences(catalogue))
    assert len(found) > 150
    for forms in found:
        for sentence in forms:
            names = NAMED.findall(sentence)
            said = sentence % dict.fromkeys(names, "7")
            assert "%" not in said.replace("%", "", sentence.count("%%")), sentence


def test_the_sentences_of_every_refusal_are_found(catalogue: Catalog) -> None:
    found = {sentence for forms in sentences(catalogue) for sentence in forms}
    missing = [kind.__qualname__ for kind in every.refusals() if kind.message.message not in found]
    assert missing == []


def test_templates_are_found_too(catalogue: Catalog) -> None:
    found = list(sentences(catalogue))
    assert ("No customer has “%(text)s” as phone, e-mail, code or name.",) in found
    assert ("%(num)s redemption", "%(num)s redemptions") in found
    assert any('<b class="num">%(points)s</b>' in forms[0] for forms in found)


def test_what_python_marks_stands_in_the_call_with_all_its_parts() -> None:
    for path in sorted((ROOT / "nxloy_web").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                count = MARKS.get(node.func.id, 0)
                texts = [_constant(argument) for argument in node.args[:count]]
                if count:
                    _check(texts, {k.arg for k in node.keywords}, f"{path}:{node.lineno}", count)


def test_what_a_template_marks_stands_in_the_call_with_all_its_parts(app: Flask) -> None:
    jinja = app.jinja_env
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for node in jinja.parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(node.node, nodes.Name):
                count = MARKS.get(node.node.name, 0)
                texts = [getattr(argument, "value", None) for argument in node.args[:count]]
                if count:
                    _check(texts, {k.key for k in node.kwargs}, f"{path}:{node.lineno}", count)


def _constant(argument: ast.expr) -> object:
    return argument.value if isinstance(argument, ast.Constant) else None


def _check(texts: list[object], parts: set[str | None], where: str, count: int) -> None:
    assert len(texts) == count, where
    named: set[str | None] = set()
    for text in texts:
        assert isinstance(text, str), f"{where}: not one sentence that stands here"
        assert text.strip(), where
        named |= set(NAMED.findall(text))
    given = parts | ({"num"} if count == 2 else set())
    assert named <= given, f"{where}: {named - given} is not given"
    assert given - {"num"} <= named, f"{where}: {given - named} is given and not said"


def test_nothing_else_is_called_what_marks_a_text(app: Flask) -> None:
    """A module or template that marks texts has no other `_`: it would hide the mark."""
    for path in sorted((ROOT / "nxloy_web").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if re.search(r"^from nxloy_web\.texts import .*\b_\b", source, re.M):
            stored = [
                node.lineno
                for node in ast.walk(ast.parse(source))
                if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
            ]
            assert stored == [], path
    for path in sorted((ROOT / "templates").rglob("*.*")):
        names = list(app.jinja_env.parse(path.read_text(encoding="utf-8")).find_all(nodes.Name))
        marks = {name.ctx for name in names if name.name == "_"}
        assert marks in (set(), {"load"}, {"store"}), path
