"""Change the code in small ways and see whether the tests notice: `make mutate`.

Exit status 0: every mutant was killed, or may live by docs/mutation.md.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tools.mutation import survivors
from tools.mutation.changed import changed_lines
from tools.mutation.ground import Ground, ground
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.plan import PARTS, Part, files, part_of
from tools.mutation.survivors import Survivor
from tools.mutation.trials import Outcome, Trial, run_trials

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "mutation.md"
PATIENCE = 4  # times what the tests take without a mutant
SLOWEST = 30 * 60


def main() -> int:
    os.chdir(ROOT)
    asked = arguments()
    mutants = list(wanted(asked))
    if not mutants:
        print("Nothing to mutate.")
        return 0
    print(f"{len(mutants)} mutants", flush=True)
    if asked.list:
        for mutant in mutants:
            print(f"{mutant.place}\n{mutant.diff}\n")
        return 0
    known = {survivor for survivor, _ in survivors.read(DOCUMENT.read_text())}
    with ground() as given:
        return judge(mutants, known, given, asked.workers)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("folders", nargs="*", help="every line in these folders or files")
    parser.add_argument("--all", action="store_true", help="every line of all that is planned")
    parser.add_argument("--since", default="main", help="the branch that changes are counted from")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--list", action="store_true", help="show the mutants, and try none")
    return parser.parse_args()


def wanted(asked: argparse.Namespace) -> Iterator[Mutant]:
    whole = asked.all or asked.folders
    changed = {} if whole else changed_lines(ROOT, asked.since)
    for path in files(ROOT, asked.folders):
        lines = None if whole else changed.get(path, set())
        if lines is None or lines:
            yield from mutants_of(path, (ROOT / path).read_text(), lines)


def judge(mutants: list[Mutant], known: set[Survivor], given: Ground, workers: int) -> int:
    """Try them all, say what became of each, and sum up."""
    times = without_a_mutant({part_of(mutant.path) for mutant in mutants}, given, workers)
    started = time.monotonic()
    killed, may_live, alive = 0, 0, []
    trials = (
        Trial(mutant, part.tests, 20 + PATIENCE * times[part])
        for mutant in mutants
        if (part := part_of(mutant.path))
    )
    for trial in run_trials(trials, given, workers):
        mutant = trial.mutant
        assert mutant is not None
        if trial.outcome is Outcome.KILLED:
            killed += 1
            say("killed", mutant, trial.took, f"by {trial.killed_by}")
        elif Survivor(mutant.path, mutant.function, survivors.plain(mutant.diff)) in known:
            may_live += 1
            say("may live", mutant, trial.took, "by docs/mutation.md")
        else:
            alive.append(mutant)
            say("SURVIVED", mutant, trial.took, "all tests")
    print(
        f"{killed} killed, {may_live} may live, {len(alive)} survived; "
        f"{time.monotonic() - started:.0f} s"
    )
    for mutant in alive:
        print(f"\n{mutant.place}\n{mutant.diff}")
    return 1 if alive else 0


def without_a_mutant(parts: set[Part | None], given: Ground, workers: int) -> dict[Part, float]:
    """How long the tests of each part take; they have to be green before anything is changed."""
    trials = {part: Trial(None, part.tests, SLOWEST) for part in PARTS if part in parts}
    for trial in run_trials(trials.values(), given, workers):
        if trial.outcome is Outcome.KILLED:
            raise SystemExit(f"The tests fail without a mutant:\n{trial.output}")
    return {part: trial.took for part, trial in trials.items()}


def say(what: str, mutant: Mutant, took: float, how: str) -> None:
    print(f"\n{what:8}  {mutant.place}  ({took:.1f} s, {how})\n{mutant.diff}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
