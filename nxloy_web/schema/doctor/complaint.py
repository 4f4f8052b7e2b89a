"""What the doctor says."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """A sentence, and the statements that mend what it names."""

    sentence: str
    cure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Complaint:
    """One thing that is not as it should be. The sentence also says what to do."""

    area: str
    sentence: str
    cure: tuple[str, ...] = ()
    """The statements that the sentence speaks of, where it is too short to hold them."""

    def __str__(self) -> str:
        return f"{self.area}: {self.sentence}"


def some(names: Collection[str], most: int = 3) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(list(names)[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
