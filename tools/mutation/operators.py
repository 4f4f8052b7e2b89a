"""What is changed in the source: operators of Cosmic Ray, and ours for SQL, locks and guards."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import cast

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword, PythonNode
from parso.tree import BaseNode, Leaf, NodeOrLeaf

Position = tuple[tuple[int, int], tuple[int, int]]

FROM_COSMIC_RAY = (
    # Each comparison once with its edge moved and once turned around.
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
)
SQL_CONDITIONS = {"where", "having", "filter_by"}
LOGIC = {"and_", "or_"}
GUARD = re.compile(r"_?(refuse|needs|must|require)")


def operators() -> Sequence[Operator]:
    """One of each that `make mutate` tries."""
    ours: tuple[type[Operator], ...] = (Negate, Swap, DropCondition, DropLock, DropGuard)
    theirs = [get_operator(f"core/{name}") for name in FROM_COSMIC_RAY]
    return [operator() for operator in (*theirs, *ours)]


class OnePerNode(Operator):
    """An operator that changes a node in at most one way."""

    def fits(self, node: NodeOrLeaf) -> bool:
        raise NotImplementedError

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if self.fits(node):
            yield node.start_pos, node.end_pos


class Negate(Operator):
    """`if x` becomes `if not (x)`, where no other operator turns the condition around."""

    condition = {"if_stmt": 1, "while_stmt": 1, "test": 2}
    """Which child it is; a `test` is a ternary."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if node.type in self.condition:
            child = cast(BaseNode, node).children[self.condition[node.type]]
            if child.type not in ("comparison", "not_test"):
                yield child.start_pos, child.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        children = cast(BaseNode, node).children
        at = self.condition[node.type]
        code = children[at].get_code(include_prefix=False)
        children[at] = Keyword(f"not ({code})", children[at].start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("if a: b", "if not (a): b"),
            Example("while not_yet := a(): b", "while not (not_yet := a()): b"),
            Example("a if b or c else d", "a if not (b or c) else d"),
        )


class Swap(OnePerNode):
    """One word for its opposite."""

    opposites = {"+=": "-=", "-=": "+=", "in": "not in", "min": "max", "max": "min"}

    def fits(self, node: NodeOrLeaf) -> bool:
        if node.type == "comp_op":
            return node.get_code(include_prefix=False).split() == ["not", "in"]
        if not isinstance(node, Leaf) or node.value not in self.opposites:
            return False
        parent = cast(BaseNode, node.parent).type
        if node.value == "in":
            return parent == "comparison"
        return node.type == "operator" or parent == "atom_expr"

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        if isinstance(node, PythonNode):
            return Keyword("in", node.start_pos, prefix=node.get_first_leaf().prefix)
        leaf = cast(Leaf, node)
        leaf.value = self.opposites[leaf.value]
        return leaf

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("a += 1", "a -= 1"),
            Example("a in b", "a not in b"),
            Example("a not in b", "a in b"),
            Example("min(a, b)", "max(a, b)"),
        )


class DropCondition(Operator):
    """A part of a WHERE is left out: `.where(a, b)` becomes `.where(b)`, `.where(a)` goes."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        for arguments, number in self._conditions(node):
            argument = arguments[number]
            yield argument.start_pos, argument.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        arguments, number = list(self._conditions(node))[index]
        call = cast(BaseNode, node)
        if len(arguments) > 1:
            _drop_argument(arguments[number])
            return call
        at = next(i for i, one in enumerate(call.children) if one is _trailer_of(arguments[0]))
        del call.children[at - 1 : at + 1]
        return call

    @staticmethod
    def _conditions(node: NodeOrLeaf) -> Iterator[tuple[list[NodeOrLeaf], int]]:
        for name, trailer in _calls(node):
            arguments = _arguments(trailer)
            if name in SQL_CONDITIONS or (name in LOGIC and len(arguments) > 1):
                for number in range(len(arguments)):
                    yield arguments, number

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("q.where(a == 1, b).all()", "q.where( b).all()"),
            Example("q.where(a == 1, b).all()", "q.where(a == 1).all()", occurrence=1),
            Example("q.where(a == 1).all()", "q.all()"),
            Example("or_(a, b)", "or_(a)", occurrence=1),
        )


class DropLock(Operator):
    """`.with_for_update(...)` goes; `lock=True` becomes `lock=False`."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        if self._is_wish(node):
            yield node.start_pos, node.end_pos
        for name, trailer in _calls(node):
            if name == "with_for_update":
                yield trailer.start_pos, trailer.end_pos

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        call = cast(BaseNode, node)
        if self._is_wish(node):
            cast(Leaf, call.children[2]).value = "False"
            return node
        locks = [trailer for name, trailer in _calls(node) if name == "with_for_update"]
        at = next(i for i, one in enumerate(call.children) if one is locks[index])
        del call.children[at - 1 : at + 1]
        return node

    @staticmethod
    def _is_wish(node: NodeOrLeaf) -> bool:
        code = node.get_code(include_prefix=False) if node.type == "argument" else ""
        return code.replace(" ", "") == "lock=True"

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("q.with_for_update(key_share=True).all()", "q.all()"),
            Example("find(Row, id, lock=True)", "find(Row, id, lock=False)"),
        )


class DropGuard(OnePerNode):
    """A call that is there to refuse is left out: `by.needs(...)`, `_refuse_lapsed(...)`."""

    def fits(self, node: NodeOrLeaf) -> bool:
        if node.parent is None or node.parent.type != "simple_stmt":
            return False
        called = [name for name, _ in _calls(node)]
        return bool(called) and GUARD.match(called[-1]) is not None

    def mutate(self, node: NodeOrLeaf, index: int) -> NodeOrLeaf:
        return Keyword("pass", node.start_pos, prefix=node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (
            Example("by.needs(Permission.HOME)\n", "pass\n"),
            Example("_refuse_lapsed(row, at)\n", "pass\n"),
        )


def _calls(node: NodeOrLeaf) -> Iterator[tuple[str, BaseNode]]:
    """Of a chain like `select(Row).where(a)`: each name that is called, and its brackets."""
    if node.type != "atom_expr":
        return
    children = cast(BaseNode, node).children
    for before, trailer in pairwise(children):
        if isinstance(trailer, BaseNode) and cast(Leaf, trailer.children[0]).value == "(":
            yield before.get_last_leaf().value, trailer


def _arguments(trailer: BaseNode) -> list[NodeOrLeaf]:
    inner = trailer.children[1:-1]
    if inner and inner[0].type == "arglist":
        inner = cast(BaseNode, inner[0]).children
    return [one for one in inner if not (isinstance(one, Leaf) and one.value == ",")]


def _trailer_of(argument: NodeOrLeaf) -> BaseNode:
    parent = cast(BaseNode, argument.parent)
    return cast(BaseNode, parent.parent) if parent.type == "arglist" else parent


def _drop_argument(argument: NodeOrLeaf) -> None:
    """With the comma after it, or before it when it is the last."""
    children = cast(BaseNode, argument.parent).children
    at = next(i for i, one in enumerate(children) if one is argument)
    if at + 1 < len(children):
        del children[at : at + 2]
    else:
        del children[at - 1 : at + 1]
