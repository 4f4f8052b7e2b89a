"""A wrong name in a template fails a test; in production it is only written to the log."""

import logging
from types import SimpleNamespace

import pytest
from flask import Flask, render_template_string
from jinja2 import UndefinedError

from nxloy_web import create_app

REWARD = SimpleNamespace(description="With oat milk")


@pytest.fixture(scope="module")
def in_production() -> Flask:
    return create_app({"SECRET_KEY": "only-for-tests"})


@pytest.mark.parametrize(
    "template",
    [
        "{{ reward.descripton }}",
        "{% if reward.descripton %}yes{% endif %}",
        "{% for word in reward.descripton %}{{ word }}{% endfor %}",
        "{{ rewrad }}",
        "{% if rewrad %}yes{% endif %}",
        "{{ rewrad.description }}",
    ],
)
def test_a_wrong_name_fails_here_and_draws_nothing_in_production(
    app: Flask, in_production: Flask, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError):
        render_template_string(template, reward=REWARD)
    with in_production.test_request_context(), caplog.at_level(logging.WARNING):
        assert render_template_string(template, reward=REWARD) == ""
    assert "nxloy_web.web.templates" in {record.name for record in caplog.records}


def test_a_right_name_draws_what_it_names(app: Flask) -> None:
    with app.test_request_context():
        assert render_template_string("{{ reward.description }}", reward=REWARD) == "With oat milk"


def test_developers_see_wrong_names_too() -> None:
    app = create_app({"SECRET_KEY": "only-for-tests", "DEBUG": True})
    with app.test_request_context(), pytest.raises(UndefinedError):
        render_template_string("{{ rewrad }}")
