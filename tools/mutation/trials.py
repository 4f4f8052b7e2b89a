"""The tests, run once with a mutant in the place of its module.

A trial is a fork of a process that has imported the libraries and nothing of ours, so the mutant
is read like any module, and the files on the disk stay as they are.
"""

import contextlib
import enum
import importlib
import importlib.machinery
import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

import pytest

from tools.mutation.ground import Ground
from tools.mutation.mutants import Mutant

# Not Hypothesis: pytest has to import it, being a plugin.
LIBRARIES = (
    "alembic",
    "babel.dates",
    "flask_login",
    "flask_migrate",
    "flask_sqlalchemy",
    "flask_wtf",
    "phonenumbers",
    "playwright.sync_api",
    "procrastinate",
    "psycopg",
    "pydantic",
    "sqlalchemy.orm",
    "webtest",
)
ARGUMENTS = (
    *("-q", "-x", "--tb=short", "-m", "not soak and not browser"),
    *("-p", "no:cacheprovider", "-p", "no:xdist"),
)


class Outcome(enum.Enum):
    KILLED = "killed"
    SURVIVED = "survived"


@dataclass
class Trial:
    mutant: Mutant | None
    """None: the code as it is."""
    tests: Sequence[str]
    seconds: float
    """How long it may take."""
    outcome: Outcome = Outcome.SURVIVED
    killed_by: str = ""
    output: str = ""
    took: float = 0.0
    pid: int = 0
    started: float = 0.0
    folder: Path = field(default_factory=Path)


def run_trials(trials: Iterable[Trial], ground: Ground, workers: int) -> Iterator[Trial]:
    """So many at a time; each when it has ended."""
    for library in LIBRARIES:
        importlib.import_module(library)
    waiting, running = iter(trials), list[Trial]()
    with tempfile.TemporaryDirectory(prefix="nxloy-trials-") as folder:
        try:
            while True:
                while len(running) < workers and (trial := next(waiting, None)):
                    _start(trial, ground, Path(tempfile.mkdtemp(dir=folder)))
                    running.append(trial)
                if not running:
                    return
                for trial in [one for one in running if _has_ended(one)]:
                    running.remove(trial)
                    yield trial
                time.sleep(0.05)
        finally:
            for trial in running:
                _end(trial)


def _start(trial: Trial, ground: Ground, folder: Path) -> None:
    sys.stdout.flush()
    trial.folder, trial.started = folder, time.monotonic()
    trial.pid = os.fork()
    if trial.pid:
        return
    status = 3
    try:
        os.setsid()
        output = os.open(folder / "output", os.O_CREAT | os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if trial.mutant is not None:
            sys.meta_path.insert(0, Planted(trial.mutant))
        fixtures = GivenFixtures(ground, f"m{os.getpid()}")
        arguments = [*ARGUMENTS, f"--basetemp={folder / 'files'}", *trial.tests]
        status = pytest.main(arguments, plugins=[fixtures])
    finally:
        sys.stdout.flush()
        os._exit(status)


def _has_ended(trial: Trial) -> bool:
    trial.took = time.monotonic() - trial.started
    pid, waited = os.waitpid(trial.pid, os.WNOHANG)
    if not pid:
        if trial.took < trial.seconds:
            return False
        _end(trial)
        trial.outcome, trial.killed_by = Outcome.KILLED, "taking too long"
        return True
    trial.output = (trial.folder / "output").read_text(errors="replace")
    status = os.waitstatus_to_exitcode(waited)
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        raise SystemExit(f"There are no tests in {', '.join(trial.tests)}.")
    if status != pytest.ExitCode.OK:
        trial.outcome, trial.killed_by = Outcome.KILLED, _first_failure(trial.output)
    return True


def _end(trial: Trial) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(trial.pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(trial.pid, 0)


def _first_failure(output: str) -> str:
    _, _, summary = output.rpartition("short test summary info")
    for line in summary.splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split(" - ")[0].split(maxsplit=1)[1]
    return "not being loaded at all"


class Planted(importlib.machinery.SourceFileLoader):
    """Finds and loads the mutant when its module is imported, and no other."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(Path(mutant.path).resolve()))
        self.mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.mutant.source, self.path, "exec", dont_inherit=True)


class GivenFixtures:
    """A pytest plugin: the running server in the place of the tests' own."""

    def __init__(self, ground: Ground, prefix: str) -> None:
        self.ground = ground
        self.prefix = prefix

    def pytest_configure(self) -> None:
        """A mutant need not be explained in the smallest way, and is judged the same each time."""
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", phases=[Phase.explicit, Phase.generate], database=None, derandomize=True
        )
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: Any
    ) -> object | None:
        given: dict[str, Callable[[], object]] = {
            "server": lambda: self.ground,
            "template_db": lambda: self.ground.template_db,
            "clone": lambda: self._clone(fixturedef),
        }
        if fixturedef.argname not in given:
            return None
        value = given[fixturedef.argname]()
        fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
        return value

    def _clone(self, fixturedef: pytest.FixtureDef[Any]) -> Callable[[str], object]:
        """Databases of two trials must not have the same name."""
        fixture = cast(Callable[..., Callable[[str], object]], fixturedef.func)
        make = fixture(self.ground, self.ground.template_db)
        return lambda name: make(f"{self.prefix}_{name[-50:]}")
