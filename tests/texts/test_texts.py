"""Texts: written out late, by name, in the locale that is in scope."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from nxloy_web import texts
from nxloy_web.audit.service import _plain
from nxloy_web.texts import Text, _, ngettext, speak, speaking


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second language, made by Babel as a translator would."""
    catalogue = Catalog(locale="de")
    catalogue.add("%(reward)s is out of stock.", "%(reward)s ist nicht mehr da.")
    catalogue.add(
        ("%(num)s more point is needed.", "%(num)s more points are needed."),
        ("Es fehlt noch %(num)s Punkt.", "Es fehlen noch %(num)s Punkte."),
    )
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(texts, "CATALOGUES", tmp_path)
    with speaking("de"):
        yield


def missing(count: int) -> Text:
    return ngettext("%(num)s more point is needed.", "%(num)s more points are needed.", count)


def test_a_text_is_written_out_with_its_parts() -> None:
    text = _("%(reward)s is out of stock.", reward="Espresso")
    assert (str(text), f"{text}") == ("Espresso is out of stock.",) * 2
    assert text == "Espresso is out of stock."
    assert text == _("%(reward)s is out of stock.", reward="Espresso")
    assert len({text, "Espresso is out of stock."}) == 1
    assert text != 7


def test_a_number_chooses_the_sentence() -> None:
    assert [str(missing(count)) for count in (1, 2, 1234)] == [
        "1 more point is needed.",
        "2 more points are needed.",
        "1,234 more points are needed.",
    ]


def test_a_percent_sign_is_doubled_in_a_sentence_and_stays_as_it_is_in_a_part() -> None:
    assert str(_("100%% arabica")) == "100% arabica"
    assert str(_("%(name)s: 5%% off", name="50%(name)s %")) == "50%(name)s %: 5% off"


def test_a_part_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError):
        str(_("%(reward)s is out of stock."))


def test_a_text_is_not_glued_to_another() -> None:
    with pytest.raises(TypeError):
        _("This is full.") + " Sorry."  # type: ignore[operator]


def test_parts_are_written_as_the_locale_in_scope_has_them() -> None:
    text = _("%(n)s in %(year)s: %(why)s", n=12_345, year="2026", why=missing(1_000))
    assert str(text) == "12,345 in 2026: 1,000 more points are needed."
    with speaking("de"):
        assert str(text) == "12.345 in 2026: 1.000 more points are needed."


@pytest.mark.usefixtures("german")
def test_a_catalogue_is_all_that_another_language_needs() -> None:
    text = _("%(reward)s is out of stock.", reward="Espresso")
    assert [str(text), str(missing(1)), str(missing(1_500))] == [
        "Espresso ist nicht mehr da.",
        "Es fehlt noch 1 Punkt.",
        "Es fehlen noch 1.500 Punkte.",
    ]
    with speaking("en"):
        assert str(text) == "Espresso is out of stock."
    assert str(_("This has no German yet.")) == "This has no German yet."


def test_a_locale_is_in_scope_until_the_block_ends() -> None:
    with speaking("en"):
        speak("de")
        assert str(_("%(n)s", n=1_000)) == "1.000"
    assert str(_("%(n)s", n=1_000)) == "1,000"


def test_the_audit_keeps_a_text_as_it_was_read() -> None:
    assert json.dumps(_plain({"why": missing(2)})) == '{"why": "2 more points are needed."}'
