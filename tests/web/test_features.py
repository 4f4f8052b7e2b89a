"""What features bring, composed: nothing is forgotten and every address is there."""

from importlib import import_module
from pathlib import Path

from flask import Flask

import nxloy_web
from nxloy_web import jobs, tasks
from nxloy_web.features import FEATURES
from nxloy_web.web.features import Feature


def test_every_feature_is_in_the_list_once() -> None:
    files = Path(nxloy_web.__path__[0]).glob("*/feature.py")
    declared = {path.parent.name: feature_of(path.parent.name) for path in files}
    left_out = [name for name, feature in declared.items() if feature not in FEATURES]
    assert left_out == []
    assert len(FEATURES) == len(declared)


def feature_of(folder: str) -> Feature:
    found: Feature = import_module(f"nxloy_web.{folder}.feature").FEATURE
    return found


def test_what_menus_and_palette_offer_is_there(app: Flask) -> None:
    offered = {
        page.endpoint
        for feature in FEATURES
        for page in (*feature.desk, *feature.portal, *feature.operator, *feature.deeds)
    }
    assert offered <= app.view_functions.keys()


def test_every_task_has_a_title_that_people_read(app: Flask) -> None:
    """D12: "Ledger settle" tells a merchant nothing."""
    tasks.load()
    titled = {kind for feature in FEATURES for kind in feature.jobs}
    theirs = ("tests.", "each.", "builtin:", "procrastinate.")
    assert titled == {name for name in jobs.queue.tasks if not name.startswith(theirs)}
