"""The whole history, up from nothing, down and up: on each PostgreSQL, and every single step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from nxloy_web.schema import drift, locking
from nxloy_web.schema.history import DATA
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import Walk


def test_up_down_and_up_again_leaves_nothing_behind(on_both: At) -> None:
    walk = on_both("base")
    nothing = walk.shape()
    assert not any(nothing.values())
    walk.up()
    final = walk.shape()
    assert drift.differences(walk.migrator) == []
    walk.migrator.rollback()
    walk.down("base")
    assert differences(nothing, walk.shape()) == []
    walk.up()
    assert differences(final, walk.shape()) == []


def test_every_step_leads_back_to_where_it_began(on_both: At) -> None:
    walk = on_both("base")
    before = walk.shape()
    for revision in walk.revisions:
        walk.quickly(revision.id)
        after = walk.shape()
        walk.quickly(walk.before(revision.id))
        assert differences(before, walk.shape()) == [], revision.id
        walk.quickly(revision.id)
        assert differences(after, walk.shape()) == [], revision.id
        before = after


class Cut(Exception):
    """The session ended here."""


def test_a_step_that_was_cut_anywhere_is_finished_by_the_next_run(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each operation of each step up, the last time just before Alembic writes down that it
    is done; and after the first operation of each step down."""
    walk = at("base")
    before = walk.shape()
    for revision in walk.revisions:
        earlier = walk.before(revision.id)
        walk.quickly(revision.id)
        after = walk.shape()
        for place, to, goal, cuts in (
            (revision.id, earlier, before, 1),
            (earlier, revision.id, after, 99),
        ):
            for cut in range(1, cuts + 1):
                if not _cut_after(cut, walk, to, monkeypatch):
                    break
                walk.quickly(to)
                assert differences(goal, walk.shape()) == [], (revision.id, to, cut)
                walk.quickly(place)
            if cuts == 1:
                walk.quickly(earlier)
        if revision.phase == DATA:
            walk.stamp(earlier)
            walk.quickly(revision.id)
        assert differences(after, walk.shape()) == [], revision.id
        before = after


def _cut_after(count: int, walk: Walk, to: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether there were so many operations on the way that it was cut after this one."""
    with _counting(count, monkeypatch):
        try:
            walk.quickly(to)
        except Cut:
            return True
    return False


@contextmanager
def _counting(most: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    persist, done = locking._persist, 0

    def counted(*arguments: Any, **named: Any) -> None:
        nonlocal done
        persist(*arguments, **named)
        done += 1
        if done == most:
            raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(locking, "_persist", counted)
        yield
