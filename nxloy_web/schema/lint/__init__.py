"""The linter of revisions: our own rules, and squawk over the SQL that each revision prints."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from nxloy_web.schema.lint import bodies, locks, old_code, phases, squawk, tenancy
from nxloy_web.schema.lint.assurance import heard
from nxloy_web.schema.lint.phases import Filled
from nxloy_web.schema.lint.reading import Finding, Revision, read
from nxloy_web.schema.lint.tables import Schema

__all__ = ["Finding", "check"]


def check(versions_folder: Path) -> list[Finding]:
    """Everything there is to say about the revisions of a folder, in their order."""
    revisions = read(versions_folder)
    found: dict[str, dict[Finding, None]] = defaultdict(dict)  # a set that keeps its order
    for finding in [*_ours(revisions), *squawk.findings(revisions)]:
        found[finding.file][finding] = None
    return [
        finding
        for revision in revisions
        for finding in sorted(heard(revision, found[revision.path.name]), key=lambda f: f.line)
    ]


def _ours(revisions: list[Revision]) -> Iterator[Finding]:
    schemas: dict[str, Schema] = {}
    migrations: dict[str, Filled] = {}
    parents = {parent for revision in revisions for parent in revision.parents}
    for revision in revisions:
        name = revision.module.revision
        before = schemas[revision.parents[0]] if revision.parents else Schema()
        after = schemas[name] = before.after(revision)
        if revision.error:
            yield revision.finding("NX015", 1, error=revision.error)
        yield from tenancy.rules(revision, before, after)
        yield from locks.rules(revision, before)
        yield from old_code.rules(revision, before, after)
        yield from bodies.rules(revision)
        yield from phases.rules(revision, before, migrations)
        if migration := revision.says("MIGRATION"):
            migrations[migration.name] = Filled(revision.says("group"), migration.table)
        if name not in parents:
            yield from tenancy.at_the_end(after)
            yield from old_code.at_the_end(after)
