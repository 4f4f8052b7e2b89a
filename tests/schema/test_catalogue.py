"""docs/schema.md leads from every heading of the catalogue to its revisions, and to all of them."""

import re
from pathlib import Path

import pytest

from tests.schema.walking import VERSIONS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "schema.md").read_text()
CATALOGUE = {
    "Common NxLoy Patterns": ["Base Table Template"],
    "Authentication Domain Examples": [
        "Example 1: Add Email Verification",
        "Example 2: Add PIN Verification Table",
        "Example 3: Add OAuth Account Linking",
    ],
    "Loyalty Domain Examples": [
        "Example 1: Add Loyalty Program Table",
        "Example 2: Add Loyalty Tiers",
        "Example 3: Add Point Transactions",
    ],
    "Rewards Domain Examples": [
        "Example 1: Add Reward Catalog",
        "Example 2: Add Reward Redemptions",
    ],
    "Customer Domain Examples": [
        "Example 1: Add Customer Profile",
        "Example 2: Add Customer Segments",
    ],
    "Multi-Tenant Examples": ["Example 1: Add businessId to Existing Table"],
    "Soft Delete Examples": [
        "Example 1: Add Soft Delete to Existing Table",
        "Example 2: Implement Soft Delete Middleware",
    ],
    "Data Migration Examples": ["Example 1: Split Name Field into First/Last"],
    "Zero-Downtime Examples": ["Example 1: Rename Column (Zero-Downtime)"],
    "Complex Relationship Examples": [
        "Example 1: Many-to-Many Relationship",
        "Example 2: Self-Referential Relationship",
    ],
    "Complete Real-World Example": ["Scenario: Launch New Loyalty Program Feature"],
}
HEADINGS = [(part, heading) for part, headings in CATALOGUE.items() for heading in headings]
FILE = re.compile(r"`(\d{4}_\w+)`")
FILES = {path.stem.split("_", 1)[1] for path in VERSIONS.glob("*.py")}


def rows() -> dict[tuple[str, str], list[str]]:
    """The table's cells by part and heading; a part is a row of its own, in bold."""
    part, found = "", {}
    for line in DOCUMENT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if cells and cells[0].startswith("**"):
            part = cells[0].strip("*")
        elif cells and part:
            found[part, cells[0]] = cells[1:]
        elif not cells:
            part = ""
    return found


@pytest.mark.parametrize(("part", "heading"), HEADINGS)
def test_the_heading_leads_somewhere_and_says_what_differs(part: str, heading: str) -> None:
    revisions, wrong, ours = rows()[part, heading]
    assert wrong
    assert ours
    paths = re.findall(r"`(nxloy_web/[\w/.]+)`", revisions)
    assert FILE.findall(revisions) or paths
    for path in paths:
        assert (VERSIONS.parents[1] / path).exists()


def test_there_is_no_heading_that_the_catalogue_does_not_have() -> None:
    assert list(rows()) == HEADINGS


def test_every_revision_is_named_and_every_name_is_a_revision() -> None:
    named = set(FILE.findall(DOCUMENT))
    assert named - FILES == set(), "no such files"
    assert FILES - named == set(), "not named"


def test_the_commands_are_there() -> None:
    """What the document tells people to type."""
    from nxloy_web.schema.commands import schema_group
    from nxloy_web.schema.data_commands import data_group

    told = set(re.findall(r"`flask schema (\w[\w-]*)(?: (\w[\w-]*))?", DOCUMENT))
    for command, under in told:
        assert command in schema_group.commands, command
        if command == "data":
            assert under in data_group.commands, under
    assert set(schema_group.commands) - {command for command, _ in told} <= NOT_TOLD


NOT_TOLD = {"lint", "doctor", "operator"}
"""Told in a list after `report`, or for another reader (docs/deploy.md)."""
