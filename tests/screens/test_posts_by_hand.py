"""Tests that act as a person press a button. How many still write the fields themselves is counted,
folder by folder, and the number only falls.

A post through a function of the tests counts where that function is called. `hostile_post` does
not count, nor does a file called test_hostile_…: they send what no page offers, and say so.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
WRITTEN_DOWN = Path(__file__).with_name("posts_by_hand.toml")
PRESSING = "tests.pressing"
Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[str, str]
"""A function: its module and its name."""


class Sources:
    """The functions of all tests, and who posts by hand."""

    def __init__(self, folder: Path) -> None:
        self.functions: dict[Place, Function] = {}
        self.imported: dict[Place, Place] = {}
        for path in sorted(folder.rglob("*.py")):
            module = ".".join(["tests", *path.relative_to(folder).with_suffix("").parts])
            if module != PRESSING and not path.name.startswith("test_hostile_"):
                self._read(module, ast.parse(path.read_text()))
        self.posting = self._helpers_that_post()

    def _read(self, module: str, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    self.imported[module, name.asname or name.name] = (node.module, name.name)
        for node in tree.body:
            for each in node.body if isinstance(node, ast.ClassDef) else [node]:
                if isinstance(each, Function):
                    self.functions[module, each.name] = each

    def _helpers_that_post(self) -> set[Place]:
        helpers = [place for place in self.functions if not is_run_by_pytest(self.functions[place])]
        found: set[Place] = set()
        before = -1
        while len(found) != before:
            before = len(found)
            found |= {place for place in helpers if self.posts_in(place, found)}
        return found

    def posts_in(self, place: Place, helpers: set[Place]) -> int:
        calls = [each for each in ast.walk(self.functions[place]) if isinstance(each, ast.Call)]
        return sum(_is_a_post(each) or self._called(place[0], each) in helpers for each in calls)

    def _called(self, module: str, call: ast.Call) -> Place | None:
        if not isinstance(call.func, ast.Name):
            return None
        here = (module, call.func.id)
        return self.imported.get(here, here)

    def by_folder(self) -> Iterator[tuple[str, int]]:
        for (module, name), function in self.functions.items():
            if is_run_by_pytest(function):
                yield module.split(".")[1], self.posts_in((module, name), self.posting)


def is_run_by_pytest(function: Function) -> bool:
    """A test or a fixture; everything else is a helper of these."""
    marks = [ast.unparse(each) for each in function.decorator_list]
    return function.name.startswith("test_") or any("fixture" in mark for mark in marks)


def _is_a_post(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "post"


def counted(folder: Path) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, posts in Sources(folder).by_folder():
        found[name] += posts
    return {name: posts for name, posts in sorted(found.items()) if posts}


def test_fewer_and_fewer_tests_write_the_fields_of_a_form_themselves() -> None:
    written_down = tomllib.loads(WRITTEN_DOWN.read_text())
    found = counted(TESTS)
    for folder in sorted(written_down.keys() | found.keys()):
        before, now = written_down.get(folder, 0), found.get(folder, 0)
        assert now <= before, (
            f"tests/{folder} posts {now} times by hand, before {before} times. A person takes the "
            "form from the page and presses its button: `press` in tests/pressing.py. For what no "
            "page offers there is `hostile_post`."
        )
        assert now == before, (
            f"tests/{folder} posts {now} times by hand and no longer {before} times: "
            f"write {now} into {WRITTEN_DOWN.relative_to(TESTS.parent)}, so that it stays so."
        )


def test_a_post_counts_where_its_helper_is_called(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "desk").mkdir()
    (tmp_path / "shop" / "steps.py").write_text(
        "def send(client):\n    return client.post('/', data={})\n"
        "def send_both(client):\n    send(client)\n    send(client)\n"
    )
    (tmp_path / "desk" / "test_desk.py").write_text(
        "from tests.shop.steps import send_both as twice\n"
        "from tests.pressing import hostile_post\n"
        "def test_one(client):\n    twice(client)\n    client.post('/')\n"
        "def test_none(client):\n    hostile_post(client)\n    client.get('/')\n"
    )
    assert counted(tmp_path) == {"desk": 2}


@pytest.mark.parametrize("folder", ["counter", "portal", "programs", "redemptions", "rewards"])
def test_where_customers_and_their_points_are_everybody_presses(folder: str) -> None:
    assert folder not in tomllib.loads(WRITTEN_DOWN.read_text())
