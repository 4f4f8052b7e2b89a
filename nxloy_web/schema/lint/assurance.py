"""`# nx: assured NX004 the reason`: a person answers for what a rule would not let pass."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nxloy_web.schema.lint.reading import Finding, Revision

_COMMENT = re.compile(r"#\s*nx:\s*assured\s+([\w-]+)[:,]?\s*(.*)")


@dataclass(frozen=True)
class Assurance:
    rule: str
    reason: str
    line: int
    covers: frozenset[int]  # its own line, and the first line of code below its comment


def heard(revision: Revision, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings that nobody answers for, and the assurances that are idle or give no reason."""
    assurances = list(_assurances(revision))
    used: set[Assurance] = set()
    for finding in findings:
        lines = {finding.line, finding.statement_line}
        answers = [a for a in assurances if a.rule == finding.rule and a.covers & lines]
        used.update(answers)
        if not answers:
            yield finding
    for assurance in assurances:
        if not assurance.reason or assurance not in used:
            key = "NX000 idle" if assurance.reason else "NX000 silent"
            yield revision.finding(key, assurance.line, rule=assurance.rule)


def _assurances(revision: Revision) -> Iterator[Assurance]:
    for number, line in enumerate(revision.lines, start=1):
        if found := _COMMENT.search(line):
            below = number
            while below <= len(revision.lines) and revision.lines[below - 1].lstrip()[:1] == "#":
                below += 1
            yield Assurance(found[1], found[2].strip(), number, frozenset((number, below)))
