"""What features bring, composed: nothing is forgotten and every address is there."""

from importlib import import_module
from pathlib import Path

from flask import Flask

import nxloy_web
from nxloy_web import jobs
from nxloy_web.features import FEATURES


def test_every_feature_is_in_the_list_once() -> None:
    folders = sorted(path.parent.name for path in Path(nxloy_web.__path__[0]).glob("*/feature.py"))
    declared = [import_module(f"nxloy_web.{folder}.feature").FEATURE for folder in folders]
    assert sorted(map(id, declared)) == sorted(map(id, FEATURES))


def test_what_menus_and_palette_offer_is_there(app: Flask) -> None:
    offered = {
        page.endpoint
        for feature in FEATURES
        for page in (*feature.desk, *feature.portal, *feature.operator, *feature.deeds)
    }
    assert offered <= app.view_functions.keys()


def test_a_title_belongs_to_a_task(app: Flask) -> None:
    titled = {kind for feature in FEATURES for kind in feature.jobs}
    assert titled <= jobs.queue.tasks.keys()
