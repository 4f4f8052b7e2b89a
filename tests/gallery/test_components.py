"""Rules of the house for templates, and that every one of them compiles."""

import re
from pathlib import Path

import pytest
from flask import Flask

from nxloy_web.web.vendoring import ROOT, icon_names
from tests.pressing import words_of

TEMPLATES = ROOT / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "mail" not in path.parts)
FORBIDDEN = {
    "an inline style": r"<(?!svg)[^>]*\sstyle=",
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an inline handler": r"<[^>]*\son[a-z]+=",
    "unescaped text": r"\|\s*safe\b",
    "an hx-on handler": r"\bhx-on",
    "a js: value": r"""=["']js:""",
}


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_every_component_compiles(look: Flask, path: Path):
    look.jinja_env.get_template(f"components/{path.name}")


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_every_component_says_how_to_use_it(path: Path):
    assert path.read_text().split("{#-", 1)[1].strip(), "a comment on top explains the arguments"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_needs_more_than_self_in_the_policy(what: str):
    pattern = re.compile(FORBIDDEN[what])
    found = [
        path.relative_to(TEMPLATES).as_posix() for path in PAGES if pattern.search(path.read_text())
    ]
    assert found == [], f"{what} in {found}"


def test_every_icon_a_template_names_is_in_the_sprite():
    used = {
        name
        for path in PAGES
        for name in re.findall(r"""\bicon(?:=|\()['"]([a-z0-9-]+)['"]""", path.read_text())
    }
    assert used - set(icon_names()) == set()


def test_every_stylesheet_of_a_component_is_in_the_components_layer():
    for path in (ROOT / "static" / "css" / "components").glob("*.css"):
        assert "@layer components" in path.read_text(), path.name


def test_every_page_of_the_gallery_opens(look: Flask):
    client = look.test_client()
    for address in ("/gallery/", "/gallery/portal", "/gallery/auth", "/gallery/drawer"):
        assert client.get(address).status_code == 200


def test_a_list_answers_with_its_fragment_when_htmx_asks(look: Flask):
    answer = look.test_client().get(
        "/gallery/?q=chloe", headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert answer.text.strip().startswith('<div id="results">')
    assert "Chloe Dubois" in answer.text
    assert "Noah" not in words_of(answer.text)
