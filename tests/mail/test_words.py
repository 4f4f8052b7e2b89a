"""Every letter has its words, and says nothing that they do not hold."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import meta

from nxloy_web.mail.letters import Words
from nxloy_web.redemptions.notices import RedemptionWords

MAIL = Path(__file__).parents[2] / "templates" / "mail"
KINDS = sorted(file.stem for file in MAIL.glob("*.txt"))


def below(words: type[Words]) -> Iterator[type[Words]]:
    for kind in words.__subclasses__():
        yield kind
        yield from below(kind)


def words_of(kind: str) -> type[Words]:
    if kind.startswith("redemption_"):
        return RedemptionWords
    (found,) = (each for each in below(Words) if getattr(each, "kind", None) == kind)
    return found


def test_all_words_have_a_letter(app: Flask) -> None:
    named = {each.kind for each in below(Words) if hasattr(each, "kind")}
    assert named == {kind for kind in KINDS if not kind.startswith("redemption_")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_asks_only_for_what_its_words_hold(app: Flask, kind: str) -> None:
    asked = meta.find_undeclared_variables(app.jinja_env.parse((MAIL / f"{kind}.txt").read_text()))
    assert asked <= {field.name for field in fields(words_of(kind))}
