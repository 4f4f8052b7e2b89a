"""Putting customers into the tiers that a change gives them, and back."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from nxloy_web import clock, events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import db
from nxloy_web.db.rows import write_past_version
from nxloy_web.errors import NotFound
from nxloy_web.events import EventName
from nxloy_web.jobs import enqueue, pause_if_stopping, task
from nxloy_web.programs import moving
from nxloy_web.programs.moving import Moved, Rows, Scope
from nxloy_web.tables.loyalty import LoyaltyProgram, TierChange


@task("tiers.place")
def place(program_id: str) -> None:
    """Move whom the change itself has not: those beyond its first thousands, and who came to the
    points while it was saved."""
    while not go_on(lock_program(program_id, deleted_too=True), by=SYSTEM, at=clock.now()).is_all:
        db.session.commit()
        pause_if_stopping()


def lock_program(program_id: str, *, deleted_too: bool = False) -> LoyaltyProgram:
    """The program, for one change of its tiers at a time. Not from purchases: they hold a
    balance and look at the program, so a full lock could wait for them and they for us."""
    program = db.session.scalar(
        select(LoyaltyProgram)
        .where(LoyaltyProgram.id == program_id)
        .with_for_update(key_share=True, of=LoyaltyProgram)
        .execution_options(populate_existing=True, nx_with_deleted=deleted_too)
    )
    if program is None:
        raise NotFound
    return program


def carry_out(
    program: LoyaltyProgram,
    change: TierChange,
    *,
    shown: str,
    by: Actor,
    rows: Rows | None = None,
    seen: Scope | None = None,
) -> None:
    """Move whom the thresholds that were just written move. Raises MovesPeople unless exactly
    that was shown before; the savepoint around it then undoes everything."""
    moves = moving.seen(rows or rows_of(seen or Scope(program.id, change.down_from)))
    if moves.bands and moves.signature != shown:
        raise moving.MovesPeople(moves)
    write_past_version(program, last_tier_change=change)
    moved = go_on(program, by=by, at=change.at) if rows is None else _all(program, rows, by)
    kept = change.model_copy(update={"up": moved.up, "down": moved.down})
    write_past_version(program, last_tier_change=kept)
    enqueue(place, program_id=program.id)


def go_on(program: LoyaltyProgram, *, by: Actor, at: datetime) -> Moved:
    """The next thousands of whom the latest change of the tiers moves, or brings back."""
    change = program.last_tier_change
    if change is None:
        return _count(program, moving.move(rows_of(Scope(program.id)), "", at), by, at)
    if not change.is_undone:
        rows = rows_of(Scope(program.id, change.down_from))
        return _count(program, moving.move(rows, change.id, change.at), by, at)
    brought = moving.put_back(program.id, change.id, change.at)
    if not brought.is_all:
        return brought
    # Who has reached a tier by the thresholds that were taken back holds it no longer.
    since = rows_of(Scope(program.id, None, since=change.at))
    moved = _count(program, moving.move(since, "", at), by, at)
    return replace(moved, back=brought.back)


def _all(program: LoyaltyProgram, rows: Rows, by: Actor) -> Moved:
    """Everybody at once, where nobody can be left behind."""
    change = program.last_tier_change
    assert change is not None
    up = down = 0
    while True:
        moved = moving.move(rows, change.id, change.at)
        up, down = up + moved.up, down + moved.down
        if moved.is_all:
            return _count(program, Moved(up, down), by, change.at)


def rows_of(scope: Scope) -> Rows:
    return lambda *also: moving.moving(scope, *also)


def _count(program: LoyaltyProgram, moved: Moved, by: Actor, at: datetime) -> Moved:
    directions: tuple[tuple[EventName, int], ...] = (
        ("program.members_moved_up", moved.up),
        ("program.members_moved_down", moved.down),
    )
    for name, customers in directions:
        if customers:
            events.happened(name, program, by=by, at=at, after={"customers": customers})
    return moved
