"""The contracts find what they are for: bad imports in a small package, judged by our own lines."""

import sys
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import grimp
import pytest

from tools.storeys import Plan, Storeys

CONTRACTS = Path(__file__).parents[2] / ".importlinter"
GOOD = {
    "errors": "",
    "db/__init__": "import {root}.errors",
    "tables/customers": "import {root}.db",
    "tables/purchases": "import {root}.db",
    "ledger/service": "import {root}.tables.customers",
    "segments/queries": "import {root}.tables.customers",
    "customers/service": "import {root}.ledger.service, {root}.customers.reads",
    "customers/reads": "import {root}.tables.customers",
    "web/places": "import flask, {root}.db",
    "customers/routes": "import flask, {root}.web.places, {root}.segments.queries",
    "customers/queries": "import werkzeug, {root}.tables.customers",
    "features": "import {root}.customers.routes, {root}.customers.service",
    "run/__main__": "import {root}.db",
}
Check = Callable[[dict[str, str]], list[str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Judge a package made of GOOD and more by the contract that stands in .importlinter."""

    def judged(more: dict[str, str]) -> list[str]:
        root = f"house_{tmp_path.name}"
        for path, source in {"__init__": "", **GOOD, **more}.items():
            file = tmp_path / root / f"{path}.py"
            file.parent.mkdir(exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(source.format(root=root))
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        graph = grimp.build_graph(root, include_external_packages=True, cache_dir=None)
        contract = Storeys("ours", {"root_packages": [root]}, options())
        found: list[str] = contract.check(graph, verbose=False).metadata["sentences"]
        return [sentence.replace(root, "house") for sentence in found]

    return judged


def options() -> dict[str, Any]:
    """What .importlinter says of the storeys, without the imports that it leaves out."""
    read = ConfigParser()
    read.read(CONTRACTS)
    section = read["importlinter:contract:storeys"]
    lists = ("storeys", "sees", "packages", "decided")
    return {"features": section["features"]} | {
        name: section[name].strip().splitlines() for name in lists if name in section
    }


def test_a_good_house_stands(check: Check) -> None:
    assert check({}) == []


@pytest.mark.parametrize(
    ("path", "source", "sentence"),
    [
        (
            "ledger/lots",
            "import flask",
            "house.ledger.lots, line 1: ledger may not import flask.",
        ),
        (
            "purchases/service",
            "import {root}.customers.routes",
            "house.purchases.service, line 1: verbs may not import house.customers.routes of "
            "routes above.",
        ),
        (
            "purchases/reads",
            "\nfrom {root}.web import places",
            "house.purchases.reads, line 2: verbs may not import house.web.places of web above.",
        ),
        (
            "web/forms",
            "import {root}.tables.customers",
            "house.web.forms, line 1: web does not see house.tables.customers of tables.",
        ),
        (
            "db/rows",
            "import {root}.tables.customers",
            "house.db.rows, line 1: db may not import house.tables.customers of tables above.",
        ),
        (
            "cli",
            "import {root}.run.__main__",
            "house.cli, line 1: application may not import house.run.__main__ of run above.",
        ),
        (
            "tips",
            "",
            "house.tips has no storey: no pattern in .importlinter fits its name. Give it a name "
            "that tells its storey, or add its folder there.",
        ),
        (
            "purchases/listing",
            "import {root}.customers.queries",
            "house.purchases.listing, line 1: house.customers.queries is of a feature above: "
            "purchases -> customers.",
        ),
    ],
)
def test_what_storeys_find(check: Check, path: str, source: str, sentence: str) -> None:
    assert check({path: source}) == [sentence]


def test_a_folder_that_nobody_placed_is_told_of_module_by_module(check: Check) -> None:
    found = check({"tips/service": "import flask"})
    assert [sentence.split(" has no storey")[0] for sentence in found] == [
        "house.tips",
        "house.tips.service",
    ]


def test_a_name_that_is_no_storey_is_a_mistake_of_the_contract() -> None:
    with pytest.raises(ValueError, match="No such storey: cellar"):
        Plan.read(["ground: errors"], "", [], [], ["flask: cellar"])
