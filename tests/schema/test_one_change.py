"""The states of one change (docs/decisions), walked through in any order: every row has its value
at the end, and a command that did not do its work says so."""

import random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nxloy_web.schema import batches as sizes
from tests.schema.conftest import Stock
from tests.schema.killing import filled, finish, kill, reached
from tests.schema.one_change import DONE, KILLED, REFUSED, RENAME, SPLIT, Change, Story

WALKS, MANY_WALKS, STEPS, ROWS = 70, 1_000, 12, 12

soak = pytest.mark.soak
kills = st.none() | st.none() | st.integers(1, 30)
rows = st.integers(1, ROWS)


class Walks(RuleBasedStateMachine):
    """One walk; the next begins where this one ended well, with rows of its own."""

    stock: ClassVar[Stock]
    change: ClassVar[Change]
    kept: ClassVar[list[Any]] = []
    walks: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).walks += 1
        walk = self.kept.pop() if self.kept else self.stock.at(self.change.before)
        if not walk.rows("SELECT FROM businesses"):
            walk.business("shop")
        walk.run("DELETE FROM customers")
        self.story = Story(walk, self.change)
        self.story.join(ROWS)
        self.number = 100

    @initialize(ahead=st.sampled_from(["before", "expanded", "filling", "filled"]))
    def begin_at(self, ahead: str) -> None:
        """Walks that all begin at the beginning would seldom come far."""
        if ahead != "before":
            assert self.story.command(self.change.expand) == DONE
        if ahead == "filling":
            assert self.story.fill(2) == KILLED
        if ahead == "filled":
            assert self.story.command(self.change.data) == DONE

    # --- people at work ---

    @rule(id_=rows, code=st.sampled_from(["old", "new"]))
    def write(self, id_: int, code: str) -> None:
        if code in self.story.codes:
            self.number += 1
            self.story.write(code, f"c{id_:04}", self.number)

    # --- commands ---

    @rule(kill_at=kills)
    def expand(self, kill_at: int | None) -> None:
        self.go_up(self.change.before, self.change.expand, kill_at)

    @rule(batches=st.none() | st.integers(1, 4))
    def fill(self, batches: int | None) -> None:
        if batches is None:
            self.go_up(self.change.expand, self.change.data, None)
        elif self.is_at(self.change.expand):
            assert self.story.fill(batches) in (DONE, KILLED)

    @rule(kill_at=kills)
    def contract(self, kill_at: int | None) -> None:
        self.go_up(self.change.data, self.change.contract, kill_at)

    def go_up(self, here: str, there: str, kill_at: int | None) -> None:
        """One step of its phase, as the commands do it: what is not next is refused by them."""
        if self.story.here != here:
            return
        is_back = not self.is_at(here)
        how = self.story.command(there, kill_at=kill_at)
        if is_back:
            assert how == REFUSED or kill_at
            assert self.story.here == here
        else:
            assert how in ((DONE, KILLED) if kill_at else (DONE,))
            assert how == KILLED or self.story.here == there

    @rule(kill_at=kills)
    def abort(self, kill_at: int | None) -> None:
        """As the command does: of a change whose contract has not begun."""
        step = self.story.at_work
        if self.story.here == self.change.contract or (
            step and step.revision == self.change.contract
        ):
            return
        how = self.story.back(self.change.before, kill_at=kill_at, undo=True)
        assert how in ((DONE, KILLED) if kill_at else (DONE,))
        if how == DONE:
            self.is_as_before()

    @rule(kill_at=kills)
    def one_step_back(self, kill_at: int | None) -> None:
        step, place = self.story.at_work, self.change.places.index(self.story.here)
        if place == 0 or (step and not step.is_way_back and step.revision == self.change.contract):
            return
        how = self.story.back(self.change.places[place - 1], kill_at=kill_at)
        assert how in ((DONE, KILLED) if kill_at else (DONE,))
        if how == DONE:
            assert self.story.here == self.change.places[place - 1]
            assert self.story.at_work is None

    @rule()
    def back_over_a_begun_contract(self) -> None:
        step = self.story.at_work
        if step and not step.is_way_back and step.revision == self.change.contract:
            assert self.story.back(self.change.before) == REFUSED

    @rule(command=st.sampled_from(["expand", "contract", "abort"]))
    def while_somebody_holds_the_table(self, command: str) -> None:
        here, step = self.story.here, self.story.at_work
        if step or {"expand": 0, "contract": 2}.get(command, 1) != self.change.places.index(here):
            return
        with self.story.held():
            if command == "abort":
                how = self.story.back(self.change.before, undo=True)
            else:
                place = self.change.places.index(here)
                how = self.story.command(self.change.places[place + 1])
        assert how == REFUSED
        assert self.story.here == here
        assert command == "contract" or self.story.at_work is None

    @rule()
    def pause(self) -> None:
        self.story.walk.run(
            "UPDATE data_migrations SET status = 'PAUSED' WHERE name = %s AND status <> 'DONE'",
            self.change.data,
        )
        if self.is_at(self.change.expand):
            self.story.fill(1)
        self.story.walk.run(
            "UPDATE data_migrations SET status = 'RUNNING' WHERE name = %s AND status = 'PAUSED'",
            self.change.data,
        )

    # --- what holds ---

    @invariant()
    def every_row_says_what_it_should(self) -> None:
        self.story.is_right()

    def is_at(self, place: str) -> bool:
        """Whether the next step up may be done: no way back has begun."""
        step = self.story.at_work
        return self.story.here == place and not (step and step.is_way_back)

    def is_as_before(self) -> None:
        assert self.story.here == self.change.before
        assert self.story.at_work is None
        places = self.story.walk.table("data_migrations", "status", key="name")
        assert self.change.data not in places

    def teardown(self) -> None:
        """What was begun is finished as the advice says; then up to the end, and back."""
        story, change = self.story, self.change
        step = story.at_work
        if step and step.is_way_back:
            place = change.places.index(step.revision)
            assert story.back(change.places[place - 1]) == DONE
        for place in change.places[change.places.index(story.here) + 1 :]:
            assert story.command(place) == DONE
        assert story.codes == {"new"}
        story.is_right()
        assert story.walk.rows(f"SELECT FROM customers WHERE {change.new} IS NULL") == []
        assert story.back(change.before) == DONE
        story.is_right()
        self.is_as_before()
        self.kept.append(story.walk)


@pytest.fixture
def small_batches(newest_stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    for change in (RENAME, SPLIT):  # other tests begin there too, with batches of the usual size
        newest_stock.drop(newest_stock.at(change.before))
    for size in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
        monkeypatch.setattr(sizes, size, 3)


def play(stock: Stock, change: Change, walks: int) -> None:
    kept: list[Any] = []
    machine = type("Walks", (Walks,), {"stock": stock, "change": change, "kept": kept})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    for walk in kept:
        stock.drop(walk)


both_changes = pytest.mark.parametrize("change", [RENAME, SPLIT], ids=["rename", "split"])


@pytest.mark.usefixtures("small_batches")
@both_changes
def test_no_order_of_commands_loses_a_value(newest_stock: Stock, change: Change) -> None:
    """S1, S8: in any order, cut short anywhere."""
    play(newest_stock, change, WALKS)


@pytest.mark.soak
@pytest.mark.usefixtures("small_batches")
@both_changes
def test_no_order_of_a_thousand_loses_a_value(newest_stock: Stock, change: Change) -> None:
    play(newest_stock, change, MANY_WALKS)


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(n, marks=soak) for n in range(3, 53))])
def test_killed_on_the_way_there_and_back_it_goes_on(newest_stock: Stock, seed: int) -> None:
    """S1: real processes and SIGKILL, while rows are filled and while that is undone."""
    chance, change, count = random.Random(seed), SPLIT, 400
    walk = newest_stock.at(change.before)
    walk.business("shop")
    story = Story(walk, change)
    story.join(count)
    finish(walk, "schema", "expand")
    moment = filled(change.data, chance.randint(1, count))
    kill(walk, moment, chance.uniform(0, 0.02), "schema", "data", "run")
    story.write("old", "c0001", 1_000)
    back = ("db", "downgrade", change.before)
    kill(walk, reached(chance.choice([change.data, change.expand])), chance.uniform(0, 0.05), *back)
    story.is_right()
    finish(walk, *back)
    story.is_right()
    story.write("old", "c0002", 1_001)
    for command in (("expand",), ("data", "run"), ("contract",)):
        finish(walk, "schema", *command)
    story.is_right()
    newest_stock.drop(walk)
