"""A short word must not be looked for in the source of a page: by chance it is in a token.

"Ann" was in one of about a thousand tokens, and the test of that page failed once in a while.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
SHORT = re.compile(r"[\w-]{1,4}")
"""Of five letters and more, one token in about a hundred thousand has them."""


def wrongly_looked_for(source: str) -> Iterator[int]:
    """The lines that say `"Ann" not in page.text`, whatever the page is called there."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(
                left=ast.Constant(value=str(word)), ops=[ast.NotIn()], comparators=[place]
            ) if SHORT.fullmatch(word) and not _is_read_by_people(place):
                yield node.lineno


def _is_read_by_people(place: ast.expr) -> bool:
    match place:
        case ast.Call(func=ast.Name(id="words_of" | "buttons_of")):
            return True
        case ast.Name(id="report" | "sentence") | ast.BoolOp():
            return True
        case ast.Attribute(attr="methods" | "parts") | ast.Attribute(value=ast.Name(id="message")):
            return True
    return False


def test_no_short_word_is_looked_for_in_the_source_of_a_page() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        for line in wrongly_looked_for(path.read_text())
    ]
    assert found == [], "ask words_of(page) of tests/pressing.py"


def test_it_finds_them() -> None:
    assert list(wrongly_looked_for('assert "Ann" not in answer.text')) == [1]
    assert list(wrongly_looked_for('assert "Cleo" not in page')) == [1]
    assert list(wrongly_looked_for('assert "Ann" not in words_of(page)')) == []
    assert list(wrongly_looked_for('assert "Amara" not in page')) == []
