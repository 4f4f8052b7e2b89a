"""What `make mutate` needs besides Cosmic Ray: which lines, which tests, which may survive."""

from pathlib import Path

from tools.mutation import survivors
from tools.mutation.changed import read_diff
from tools.mutation.plan import PARTS, files, part_of
from tools.mutation.survivors import Survivor, plain

ROOT = Path(__file__).parents[2]

DIFF = """\
--- a/shop/lots.py
+++ b/shop/lots.py
@@ -3,0 +4,2 @@ def lots_of(at):
+    one
+    two
@@ -9 +12 @@ def other():
-    three
+    four
@@ -20,2 +22,0 @@ def last():
-    five
-    six
--- a/shop/gone.py
+++ /dev/null
@@ -1,2 +0,0 @@
-seven
-eight
"""

DOCUMENT = """\
# Mutants

### `shop/lots.py` `lots_of`

```diff
-    if left > 0:
+    if left >= 0:
```

```diff
-        .order_by(Lot.id)
```

A lot with nothing left gives nothing.

### `shop/rules.py`

```diff
-A = not B
+A =  B
```

Of no use.
"""


def test_changed_lines_are_those_of_the_file_as_it_is_now() -> None:
    lines = read_diff(DIFF)
    assert lines["shop/lots.py"] == {4, 5, 12}
    assert not lines.get("shop/gone.py")


def test_survivors_are_read_with_their_reasons() -> None:
    assert list(survivors.read(DOCUMENT)) == [
        (
            Survivor("shop/lots.py", "lots_of", "- if left > 0:\n+ if left >= 0:"),
            "A lot with nothing left gives nothing.",
        ),
        (
            Survivor("shop/lots.py", "lots_of", "- .order_by(Lot.id)"),
            "A lot with nothing left gives nothing.",
        ),
        (Survivor("shop/rules.py", "", "- A = not B\n+ A = B"), "Of no use."),
    ]


def test_a_survivor_is_known_however_deep_it_is_indented() -> None:
    assert plain("-  if a:\n+  if  not a:\n") == plain("-      if a:\n+      if not a:")


def test_every_survivor_has_a_reason_and_is_a_line_of_the_code() -> None:
    document = (ROOT / "docs" / "mutation.md").read_text()
    known = list(survivors.read(document))
    assert len(known) == document.count("```diff"), "an entry that is not written like the others"
    for survivor, reason in known:
        assert reason, survivor
        code = plain(
            "\n".join("-" + line for line in (ROOT / survivor.path).read_text().splitlines())
        )
        for line in survivor.diff.splitlines():
            assert line.startswith("+") or line in code.splitlines(), survivor


def test_what_is_planned_is_there() -> None:
    for part in PARTS:
        for path in (*part.sources, *part.tests):
            file, _, test = path.partition("::")
            assert (ROOT / file).exists(), path
            assert f"def {test}" in (ROOT / file).read_text() if test else True, path


def test_a_file_belongs_to_the_first_part_that_has_it() -> None:
    assert part_of("nxloy_web/ledger/moves.py") is PARTS[0]
    assert part_of("nxloy_web/ledger/books.py") is PARTS[1]
    assert part_of("nxloy_web/ledgers.py") is None
    assert "nxloy_web/actors.py" in files(ROOT, [])
    assert files(ROOT, ["nxloy_web/portal"]) == [
        "nxloy_web/portal/reads.py",
        "nxloy_web/portal/service.py",
    ]
