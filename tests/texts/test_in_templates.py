"""Texts in templates: the same sentences, with their parts escaped and figures in the locale."""

from collections.abc import Callable

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import Business
from nxloy_web.texts import _, speaking
from nxloy_web.web.components import first_error
from tests.factories import as_role, inside, make_shop


@pytest.fixture
def drawn(app: Flask) -> Callable[..., str]:
    def draw(source: str, **context: object) -> str:
        return str(app.jinja_env.from_string(source).render(**context))

    return draw


def test_parts_are_escaped_once_and_figures_are_in_the_locale(drawn: Callable[..., str]) -> None:
    source = "{{ _('%(name)s has %(n)s, 5%% off', name=name, n=n) }}"
    assert drawn(source, name="<b>%s", n=1234) == "&lt;b&gt;%s has 1,234, 5% off"
    with speaking("de"):
        assert drawn(source, name="A&B", n=1234) == "A&amp;B has 1.234, 5% off"


def test_a_number_chooses_the_sentence(drawn: Callable[..., str]) -> None:
    call = "{{ ngettext('%(num)s customer', '%(num)s customers', n) }}"
    block = "{% trans n=n %}{{ n }} customer{% pluralize n %}{{ n }} customers{% endtrans %}"
    for source in (call, block):
        assert [drawn(source, n=n) for n in (1, 1000)] == ["1 customer", "1,000 customers"]


def test_a_block_may_hold_markup_and_a_percent_sign(drawn: Callable[..., str]) -> None:
    source = "{% trans who=who %}\n  <b>{{ who }}</b>\n  saves 5%\n{% endtrans %}"
    assert drawn(source, who="<i>") == "<b>&lt;i&gt;</b> saves 5%"


def test_a_text_of_python_is_escaped_as_any_other(drawn: Callable[..., str]) -> None:
    text = _("%(name)s is out of stock.", name="<b>")
    assert drawn("{{ text }}", text=text) == "&lt;b&gt; is out of stock."
    assert drawn("{{ _('%(why)s Sorry.', why=text) }}", text=text).startswith("&lt;b&gt; is out")


def test_an_error_of_a_field_may_be_a_text() -> None:
    sentence = _("Enter a day, like 2026-03-31.")
    assert first_error([sentence]) == sentence
    assert first_error({"rows": [{}, {"day": [sentence]}]}) == sentence
    assert first_error([]) == ""


def test_a_page_and_a_refusal_speak_as_their_business_does(app: Flask) -> None:
    """Also the refusal, whose page is drawn after the request has left the business."""
    shop = make_shop(app)
    with inside(app, shop):
        business = db.session.get_one(Business, shop.business_id)
        business.locale = "de"
        db.session.commit()
    staff: FlaskClient = as_role(app, shop, Role.STAFF)
    seen: list[str] = []

    def listen(sender: object, **drawn: object) -> None:
        seen.append(str(_("%(n)s", n=1234)))

    with template_rendered.connected_to(listen, app):
        for path, status in (("/counter/", 200), (f"/customers/{new_id()}", 404)):
            assert staff.get(shop.url(path)).status_code == status
        assert set(seen) == {"1.234"}
        seen.clear()
        assert app.test_client().get("/nothing-here").status_code == 404
    assert set(seen) == {"1,234"}
