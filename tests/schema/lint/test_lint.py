"""Every rule has a revision that it must catch and one that it must pass.

The revisions say themselves what is expected: `# expect: NX004` at the end of the line that the
finding names, or `# expect below: NX004` on the line above it. Those with the catalogue's own SQL
say at their beginning what must be caught anywhere in them.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from flask import Flask

from nxloy_web.schema import lint
from nxloy_web.schema.lint import squawk
from nxloy_web.schema.lint.command import lint_command
from nxloy_web.schema.lint.sentences import SENTENCES

ROOT = Path(__file__).parents[3]
REVISIONS = Path(__file__).parent / "revisions"
FILES = sorted(path.name for path in REVISIONS.glob("*.py"))

Places = set[tuple[int, str]]


@pytest.fixture(scope="module")
def findings() -> list[lint.Finding]:
    return lint.check(REVISIONS)


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("seed_")])
def test_a_revision_breaks_the_rules_it_says_it_breaks(
    findings: list[lint.Finding], file: str
) -> None:
    found = {(f.line, f.rule): str(f) for f in findings if f.file == file}

    assert set(found) == expected(file), "\n".join(found.values())


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("seed_")])
def test_what_the_catalogue_shows_is_caught(findings: list[lint.Finding], file: str) -> None:
    assert {f.rule for f in findings if f.file == file} == {rule for _, rule in expected(file)}


@pytest.mark.parametrize("kind", ["bad", "good"])
def test_every_rule_has_a_revision_it_catches_and_one_it_passes(kind: str) -> None:
    shown = {found[1].upper() for f in FILES if (found := re.match(rf"{kind}_(nx\d+)", f))}

    assert shown == {key.split()[0] for key in SENTENCES}


def test_every_sentence_is_said_of_some_revision(findings: list[lint.Finding]) -> None:
    said = defaultdict(list)
    for finding in findings:
        said[finding.rule].append(finding.sentence)

    for key, sentence in SENTENCES.items():
        pattern = re.compile(".+".join(map(re.escape, re.split(r"\{.*?\}", sentence))))
        assert any(map(pattern.fullmatch, said[key.split()[0]])), key


def test_what_squawk_is_not_asked_for_has_a_reason() -> None:
    assert squawk.program()
    assert all({**squawk.LEFT_OUT, **squawk.LEFT_TO_OPERATIONS}.values())


def test_the_command_shows_the_findings_and_fails() -> None:
    answer = Flask("schema").test_cli_runner().invoke(lint_command, [str(REVISIONS)])

    assert answer.exit_code == 1
    assert "bad_nx021.py:5: NX021 nxloy_web.permissions" in answer.output


def test_our_history_is_clean() -> None:
    found = lint.check(ROOT / "migrations" / "versions")

    assert not found, "\n".join(map(str, found))


def expected(file: str) -> Places:
    places: Places = set()
    for number, line in enumerate((REVISIONS / file).read_text().splitlines(), start=1):
        if found := re.search(r"# expect( below)?: (.*)", line):
            at = number + 1 if found[1] else number
            places |= {(at, rule) for rule in found[2].split(", ")}
    return places


def test_the_page_has_every_rule_and_no_other() -> None:
    page = (ROOT / "docs" / "linting.md").read_text()

    assert set(re.findall(r"NX\d+", page)) == {key.split()[0] for key in SENTENCES}
