"""The golden shapes are those of a fresh build, on each PostgreSQL that is tested."""

import pytest
from flask import Flask

from nxloy_web.schema import golden, history
from nxloy_web.schema.golden import Part
from nxloy_web.schema.golden_command import built, stale_files
from nxloy_web.schema.shape import Shape, major
from tests.schema.conftest import At

WRITE = "run `flask schema golden --write` and commit what it writes"


def test_every_revision_makes_what_its_golden_shape_says(on_both: At, migrating_app: Flask) -> None:
    """Part by part, so that a new revision of somebody else's does not hide what differs."""
    walk = on_both("base")
    with migrating_app.app_context():
        shapes = built(walk.migrator)
        version = major(walk.migrator)
        walk.migrator.rollback()
        known = list(shapes)
        for place, revision in enumerate(known, start=1):
            try:
                wanted, unsure = golden.at(known[:place], version)
            except golden.NotWritten as missing:
                pytest.fail(str(missing))
            differs = sorted(
                part
                for part in wanted.keys() | shapes[revision].keys()
                if wanted.get(part) != shapes[revision].get(part) and part not in unsure
            )
            assert not differs, f"{revision} makes something else by now: {WRITE}"
        there = {path.stem for path in golden.folder().glob("*.txt")}
        assert there - set(known) == set(), f"of no revision: {WRITE}"


def test_the_files_are_what_the_command_would_write(migrating_app: Flask) -> None:
    """In its order and with nothing besides, or somebody's next `--write` would change them."""
    with migrating_app.app_context():
        known = [revision.id for revision in history.revisions()]
        steps = {
            one: golden.at(known[:place], version)[0]
            for version in (15, 18)
            for place, one in enumerate(known, start=1)
        }
        assert stale_files(golden.written({15: steps, 18: steps})) == [], WRITE


PART = Part("default", "nx.notes", "at")


def test_what_versions_write_differently_is_kept_apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """And a version between them is asked only for what they have in common."""
    text = Part("function", "-", "nx.f(text, integer)")
    both: Shape = {text: "two\n\tlines =\n\n and an end"}
    texts = golden.written({15: {"one": both | {PART: "now()"}}, 18: {"one": both | {PART: "t"}}})
    monkeypatch.setattr(golden, "read", lambda path: texts["one"])
    monkeypatch.setattr(golden, "folder", lambda: tmp_path)
    golden.changes.cache_clear()
    try:
        assert golden.at(["one"], 15) == (both | {PART: "now()"}, set())
        assert golden.at(["one"], 18) == (both | {PART: "t"}, set())
        assert golden.at(["one"], 16) == (both, {PART})
    finally:
        golden.changes.cache_clear()
