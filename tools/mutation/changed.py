"""The lines that are new since a branch was left, saved or not."""

import re
import subprocess
from pathlib import Path

HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def changed_lines(root: Path, branch: str) -> dict[str, set[int]]:
    """Path to line numbers, as the files are now. New files count with all their lines."""
    base = _git(root, "merge-base", branch, "HEAD").strip()
    lines = read_diff(_git(root, "diff", "-U0", "--no-color", "--no-ext-diff", base))
    for path in _git(root, "ls-files", "--others", "--exclude-standard", "*.py").splitlines():
        count = len((root / path).read_text().splitlines())
        lines[path] = set(range(1, count + 1))
    return lines


def read_diff(diff: str) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {}
    path = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        elif found := HUNK.match(line):
            first, count = int(found[1]), int(found[2] or 1)
            lines.setdefault(path, set()).update(range(first, first + count))
    return lines


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(
        ["git", "-C", root, *command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"git {command[0]}: {done.stderr.strip()}")
    return done.stdout
