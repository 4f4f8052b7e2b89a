"""The recorded histories, played again."""

import json
import os

import pytest
from flask import Flask

from tests.factories import inside
from tests.ledger.recorded import COUNT, FILE, a_setting, history, played, recorded


@pytest.mark.skipif(not os.environ.get("RECORD"), reason="writes the file that the others read")
def test_write_them_down(app: Flask) -> None:
    setting = a_setting(app)
    with inside(app, setting.shop), FILE.open("w") as lines:
        for seed in range(COUNT):
            told = history(seed)
            lines.write(json.dumps(told | played(setting, told)) + "\n")


def test_the_books_are_as_they_were(app: Flask) -> None:
    setting = a_setting(app)
    with inside(app, setting.shop):
        for told in recorded():
            again = played(setting, told)
            assert again == {"refused": told["refused"], "books": told["books"]}, told["seed"]
