"""That a line of a template no test draws is found."""

from pathlib import Path

import pytest
from flask.templating import Environment
from jinja2 import FileSystemLoader

from tests.template_lines import Noting, complaints, texts_of

PAGE = """\
{% macro badge(text) %}
  <b>{{ text }}</b>
{% endmacro %}
{% macro never(text) %}
  <i>{{ text }}</i>
{% endmacro %}
<h1>Rewards</h1>
{% if rewards %}
  {% for reward in rewards %}
    {{ badge(reward) }}
  {% endfor %}
{% elif filtered %}
  {% set word = "match" %}
{% else %}
  <p>Nothing yet.</p>
{% endif %}
"""


class Page(Environment):
    code_generator_class = Noting
    bodies: set[str]
    drawn: set[str]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "page.html").write_text(PAGE)
    environment = Page(_NoApp(), loader=FileSystemLoader(tmp_path))  # type: ignore[arg-type]
    environment.bodies, environment.drawn = set(), set()
    return environment


class _NoApp:
    """Flask's environment asks its application for a loader when it is given none."""


def undrawn(page: Page, tmp_path: Path) -> list[str]:
    every, drawn = texts_of(page.bodies, tmp_path), texts_of(page.drawn, tmp_path)
    return [text for _, text in sorted(every - drawn)]


def test_branches_and_macros_that_nobody_came_to_are_found(page: Page, tmp_path: Path) -> None:
    template = page.get_template("page.html")
    template.render(rewards=["Mug"])
    never = "<i>{{ text }}</i>"
    assert undrawn(page, tmp_path) == [never, "<p>Nothing yet.</p>", '{% set word = "match" %}']
    template.render(rewards=[], filtered=True)
    assert undrawn(page, tmp_path) == [never, "<p>Nothing yet.</p>"]
    template.render(rewards=[], filtered=False)
    assert undrawn(page, tmp_path) == [never]


def test_the_list_may_only_become_shorter() -> None:
    drawn, dull, new, gone = (("page.html", text) for text in ("drawn", "dull", "new", "gone"))
    every = {drawn, dull, new}
    assert complaints(every, drawn={drawn, new}, listed={dull}) == []
    wrong = complaints(every, drawn={drawn}, listed={drawn, dull, gone})
    assert [line.split("page.html")[1] for line in wrong] == [": new", ": drawn", ": gone"]
