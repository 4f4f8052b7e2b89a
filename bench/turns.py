"""`make bench-against COMMIT=…`: writes over HTTP, an older commit and this one taking turns.

A machine is never as quiet as it was an hour ago: only rates of one run can be set beside each
other. The older commit runs in a tree of its own, with the same environment.
"""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
ROW = re.compile(r"^\|\s*(purchase|redemption)\s*\|\s*(\d+)\s*\|\s*([\d,.]+)\s*\|", re.MULTILINE)


def main(commit: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        older = Path(folder) / "older"
        _git("worktree", "add", "--detach", "--quiet", str(older), commit)
        try:
            rates = {tree: _empty() for tree in (older, ROOT)}
            for number in range(ROUNDS):
                for tree in (older, ROOT):
                    print(f"round {number + 1} of {ROUNDS}, {tree.name} ...", flush=True)
                    for write, rate in _measured(tree).items():
                        rates[tree][write].append(rate)
        finally:
            _git("worktree", "remove", "--force", str(older))
    for write, then in rates[older].items():
        now = rates[ROOT][write]
        ratios = [new / old for new, old in zip(now, then, strict=True)]
        print(
            f"{write}: {statistics.median(ratios):.2f} times the rate of {commit} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
    return 0


def _empty() -> dict[str, list[float]]:
    return {"purchase": [], "redemption": []}


def _measured(tree: Path) -> dict[str, float]:
    """Requests a second of each write, as `python -m bench` of that tree finds them."""
    command = [sys.executable, "-m", "bench", "--quick", "--only", "writes"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True)
    return {write: float(rate.replace(",", "")) for write, _, rate in ROW.findall(done.stdout)}


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say which commit: make bench-against COMMIT=5f6c0d8")
    sys.exit(main(sys.argv[1]))
