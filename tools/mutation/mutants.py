"""The mutants of a file: its source with one small change each."""

import ast
import difflib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from parso.tree import NodeOrLeaf

from tools.mutation.operators import operators


@dataclass(frozen=True)
class Mutant:
    path: str
    """From the root of the repository."""
    line: int
    function: str
    """The function or class around the change; empty at the top of a module."""
    before: str
    after: str
    source: str
    """The whole file, changed."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line} {self.function}".rstrip()

    @property
    def diff(self) -> str:
        """The changed lines, without the others."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), lineterm="", n=0
        )
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))

    @property
    def module(self) -> str:
        parts = Path(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def mutants_of(path: str, source: str, lines: Container[int] | None = None) -> Iterator[Mutant]:
    """Every mutant of a source, or those that begin on some lines, from top to bottom."""
    yield from sorted(_found(path, source, lines), key=lambda mutant: mutant.line)


def _found(path: str, source: str, lines: Container[int] | None) -> Iterator[Mutant]:
    """None twice: two changes that mean the same to Python are one."""
    tree = get_ast(source)
    seen = {_meaning(source)}
    for operator in operators():
        places = (
            (node, position[0][0])
            for node in ast_nodes(tree)
            for position in operator.mutation_positions(node)
        )
        for occurrence, (node, line) in enumerate(places):
            if (lines is not None and line not in lines) or _is_asserted(node):
                continue
            changed = mutate_code(source, operator, occurrence)
            if changed is None or (meaning := _meaning(changed)) in seen:
                continue
            seen.add(meaning)
            before, after = _what_differs(source, changed)
            function = ASTQuery(node).get_definition_name() or ""
            yield Mutant(path, line, function, before, after, changed)


def _is_asserted(node: NodeOrLeaf) -> bool:
    """The product asserts what the type checker cannot know: no test could see it change."""
    return node.search_ancestor("assert_stmt") is not None


def _meaning(source: str) -> str:
    return ast.dump(ast.parse(source))


def _what_differs(before: str, after: str) -> tuple[str, str]:
    """Both texts without the lines at the beginning and at the end that are the same."""
    old, new = before.splitlines(), after.splitlines()
    first = next(i for i in range(len(old)) if i >= len(new) or old[i] != new[i])
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return "\n".join(old[first : len(old) - last]), "\n".join(new[first : len(new) - last])
