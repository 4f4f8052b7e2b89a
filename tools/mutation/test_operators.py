"""Run by `make mutate` first: Cosmic Ray is in its environment alone."""

from textwrap import dedent

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator

from tools.mutation.mutants import mutants_of
from tools.mutation.operators import DropCondition, DropGuard, DropLock, Negate, Swap

EXAMPLES = [
    (operator, example)
    for operator in (DropCondition, DropGuard, DropLock, Negate, Swap)
    for example in operator.examples()
]


@pytest.mark.parametrize(("operator", "example"), EXAMPLES)
def test_an_operator_does_what_its_examples_say(operator: type[Operator], example: Example) -> None:
    changed = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
    assert changed == example.post_mutation_code


@pytest.mark.parametrize(
    "source",
    [
        "for a in b: c",
        "[a for a in b]",
        "row.min = 1",
        "q.where()",
        "find(Row, lock=locked)",
        "limit = needs(1)",
        "or_(a)",
    ],
)
def test_what_is_left_alone(source: str) -> None:
    ours = (DropCondition(), DropGuard(), DropLock(), Swap())
    assert [mutate_code(source + "\n", one, 0) for one in ours] == [None] * len(ours)


def test_a_condition_is_turned_around_once() -> None:
    assert mutate_code("if a: b\n", Negate(), 0) == "if not (a): b\n"
    assert mutate_code("if a < 1: b\n", Negate(), 0) is None
    assert mutate_code("if not a: b\n", Negate(), 0) is None


SOURCE = dedent(
    """
    def lots_of(at):
        return (
            select(Lot)
            .where(
                Lot.left > 0,
                Lot.ends_at > at,
            )
            .with_for_update()
        )
    """
)


def test_a_mutant_says_where_it_is_and_what_changed() -> None:
    found = {mutant.diff: mutant for mutant in mutants_of("shop/lots.py", SOURCE)}
    assert set(found) == {
        "-            Lot.left > 0,\n+            Lot.left >= 0,",
        "-            Lot.left > 0,\n+            Lot.left <= 0,",
        "-            Lot.ends_at > at,\n+            Lot.ends_at >= at,",
        "-            Lot.ends_at > at,\n+            Lot.ends_at <= at,",
        "-            Lot.left > 0,",
        "-            Lot.ends_at > at,",
        "-        .with_for_update()",
    }
    mutant = found["-            Lot.left > 0,"]
    assert (mutant.place, mutant.module) == ("shop/lots.py:6 lots_of", "shop.lots")


def test_what_stands_for_the_type_checker_is_left_alone() -> None:
    assert list(mutants_of("shop/lots.py", "assert lot is not None\n")) == []


def test_only_what_begins_on_the_lines_asked_for() -> None:
    assert {mutant.line for mutant in mutants_of("shop/lots.py", SOURCE, {7})} == {7}
    assert list(mutants_of("shop/lots.py", SOURCE, set())) == []
