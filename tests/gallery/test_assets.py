"""What the browser loads: how much, under which name, for how long."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree, ignore_patterns

import brotli
import pytest
from flask import Flask

from nxloy_web.web import assets

BUDGET = 90 * 1024
FIRST_LOAD = ("nx.css", "nx.js", "geist.woff2", "icons.svg", "logo.svg")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return Path(copytree(assets.STATIC, tmp_path / "static", ignore=ignore_patterns("dist")))


def test_the_whole_first_load_stays_under_90_kilobytes(look: Flask):
    sizes = {"page": len(brotli.compress(look.test_client().get("/gallery/").data, quality=5))}
    for name in FIRST_LOAD:
        sizes[name] = int(fetched(look, name)["Content-Length"])
    assert sum(sizes.values()) < BUDGET, sizes


def test_a_fingerprinted_file_may_be_kept_for_ever(look: Flask):
    headers = fetched(look, "nx.js")
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Encoding"] == "br"
    assert headers["Content-Type"].startswith("text/javascript")


def fetched(look: Flask, name: str) -> dict[str, str]:
    address = look.extensions["assets"].url(name)
    with look.test_client().get(address, headers={"Accept-Encoding": "br"}) as answer:
        assert answer.status_code == 200
        return dict(answer.headers)


def test_the_name_changes_with_the_content(sources: Path):
    before = assets.build(sources)
    tokens = sources / "css" / "tokens.css"
    tokens.write_text(tokens.read_text() + ":root { --extra: 1 }\n")
    after = assets.build(sources)
    assert after["nx.css"] != before["nx.css"]
    assert after["nx.js"] == before["nx.js"]
    assert (sources / "dist" / before["nx.css"]).exists(), "a worker before may still name it"


def test_many_workers_may_start_at_once(sources: Path):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(assets.build, [sources] * 8))
    assert all(result == results[0] for result in results)
    assert not list((sources / "dist").glob(".new-*"))


def test_the_stylesheet_points_at_fingerprinted_files(sources: Path):
    files = assets.build(sources)
    css = (sources / "dist" / files["nx.css"]).read_text()
    assert files["geist.woff2"] in css
    assert '"geist.woff2"' not in css


def test_htmx_comes_before_what_extends_it(sources: Path):
    files = assets.build(sources)
    script = (sources / "dist" / files["nx.js"]).read_text()
    assert script.index("var htmx=") < script.index("registerExtension(") < script.index("nx-toast")
