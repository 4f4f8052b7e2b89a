"""The mutants that may live, each with its reason: they stand in docs/mutation.md.

### `nxloy_web/ledger/moves.py` `debit`

```diff
-        if part:
+        if not part:
```

Why no test can tell it from the original.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

ENTRY = re.compile(
    r"^### `(?P<path>[^`]+)`(?: `(?P<function>[^`]+)`)?\n\n"
    r"(?P<changes>(?:```diff\n.*?^```\n+)+)"
    r"(?P<reason>.*?)(?=^#|\Z)",
    re.MULTILINE | re.DOTALL,
)
CHANGE = re.compile(r"^```diff\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Survivor:
    path: str
    function: str
    diff: str


def read(document: str) -> Iterator[tuple[Survivor, str]]:
    """Each survivor with its reason; one reason may be for several changes of a function."""
    for entry in ENTRY.finditer(document):
        for change in CHANGE.findall(entry["changes"]):
            known = Survivor(entry["path"], entry["function"] or "", plain(change))
            yield known, entry["reason"].strip()


def plain(diff: str) -> str:
    """A diff without its white space, so that a survivor lives through a new `if` around it."""
    lines = (line for line in diff.splitlines() if line.strip())
    return "\n".join(f"{line[0]} {' '.join(line[1:].split())}" for line in lines)
