"""What is mutated, and the tests that have to notice, the quick ones first."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    sources: tuple[str, ...]
    """Files, and folders with all that is in them."""
    tests: tuple[str, ...]


OF_MOVES = "tests/ledger/test_properties.py::"
MOVES = (
    # These ask no database.
    OF_MOVES + "test_the_moves_of_rare_histories_are_too",
    "tests/ledger/test_what_moves_say.py",
    "tests/ledger/test_moves.py",
    OF_MOVES + "test_the_moves_are_those_of_the_model",
    OF_MOVES + "test_with_time_standing_still_reversals_end_the_same_in_every_order",
    "tests/ledger/test_service.py",
    "tests/ledger/test_batch.py",
    "tests/ledger/test_expiry.py",
    OF_MOVES + "test_the_books_are_those_of_the_model",
)

PARTS = (
    Part(
        (
            "nxloy_web/ledger/account.py",
            "nxloy_web/ledger/laying.py",
            "nxloy_web/ledger/moves.py",
        ),
        MOVES,
    ),
    Part(
        ("nxloy_web/ledger",),
        (
            "tests/ledger/test_adjusting.py",
            "tests/ledger/test_service.py",
            "tests/ledger",
            "tests/purchases",
            "tests/redemptions/test_service.py",
            "tests/programs/test_tiers.py",
        ),
    ),
    Part(("nxloy_web/earning",), ("tests/earning", "tests/purchases", "tests/programs")),
    Part(
        ("nxloy_web/purchases",),
        ("tests/purchases", "tests/verbs", "tests/ledger", "tests/counter", "tests/imports"),
    ),
    Part(
        ("nxloy_web/redemptions",),
        (
            "tests/redemptions/test_who_may_what.py",
            "tests/redemptions/test_service.py",
            "tests/redemptions",
            "tests/portal",
            "tests/verbs",
        ),
    ),
    Part(
        ("nxloy_web/permissions.py", "nxloy_web/actors.py"),
        ("tests/verbs", "tests/web/test_permissions.py", "tests/team"),
    ),
    Part(
        ("nxloy_web/portal/service.py", "nxloy_web/portal/reads.py"),
        ("tests/portal", "tests/verbs"),
    ),
)


def part_of(path: str) -> Part | None:
    """The first part that has a file; None when it is not mutated."""
    own = Path(path)
    return next(
        (part for part in PARTS for source in part.sources if own.is_relative_to(source)), None
    )


def files(root: Path, wanted: list[str]) -> list[str]:
    """The planned files in some folders, or all of them."""
    sources = {source for part in PARTS for source in part.sources}
    found = {
        str(file.relative_to(root))
        for source in sources
        for file in ([root / source] if source.endswith(".py") else (root / source).rglob("*.py"))
    }
    folders = [Path(folder) for folder in wanted or ["."]]
    return sorted(
        path for path in found if any(Path(path).is_relative_to(folder) for folder in folders)
    )
