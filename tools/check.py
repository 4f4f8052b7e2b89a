"""Everything `make test` runs. Each part runs even when an earlier one failed; tests come last."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NGINX_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
SYSTEM_POSTGRES = Path("/usr/lib/postgresql/15/bin")
ON_SYSTEM_POSTGRES = ("tests/db", "tests/schema")
ON_NEWEST_ALONE = (
    # The linter asks no database.
    "tests/schema/lint",
    # What a developer's own machine writes.
    "tests/schema/test_migrate.py",
    "tests/schema/test_new_change.py",
    "tests/schema/test_new_table.py",
    "tests/schema/test_reparent.py",
    # A model of our own commands; each operation in it is tried on both elsewhere.
    "tests/schema/test_one_change.py",
)
NO_TESTS = 5  # pytest's exit status when it collected nothing


def main() -> int:
    os.chdir(ROOT)
    # The caller's locale, time zone and databases must not decide what the tests see.
    for name in list(os.environ):
        if name.startswith(("LC_", "PG", "NX_")) or name.endswith("DATABASE_URL"):
            del os.environ[name]
    os.environ |= {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}
    chromium = find_chromium()
    results = {
        "format": run("ruff", "format", "--check", "."),
        "lint": run("ruff", "check", "."),
        "types": run("mypy"),
        "imports": call([PYTHON, "-c", LINT_IMPORTS]),
        "templates": run("djlint", "templates", "--lint", "--quiet"),
        "chromium": chromium is not None,
        "nginx": find_nginx() is not None,
    }
    if chromium is not None:
        os.environ["CHROMIUM"] = chromium
    if SYSTEM_POSTGRES.exists():
        results["PostgreSQL 15"] = on_system_postgres()
    summary(results)
    tests = run("pytest", *workers(), "-q", "-m", "not soak")
    return 0 if tests and all(results.values()) else 1


# `lint-imports` has no module of its own to run, and scripts break when the folder is moved.
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"


def run(module: str, *arguments: str) -> bool:
    return call([PYTHON, "-m", module, *arguments])


def call(command: list[str], **extra: str) -> bool:
    shown = " ".join(command[2:] if command[1] == "-m" else ["lint-imports"])
    print(f"\n==> {shown}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, env={**os.environ, **extra}, check=False).returncode
    print(f"    {time.monotonic() - started:.0f} s", flush=True)
    return status == 0


def workers() -> list[str]:
    """A file's tests stay together: they share a database that is cloned once per file."""
    count = min(4, os.cpu_count() or 1)
    if count < 2:
        return []
    # The files in the order of tests/conftest.py, not those with the most tests first.
    return ["-n", str(count), "--dist", "loadfile", "--no-loadscope-reorder"]


def on_system_postgres() -> bool:
    folders = [folder for folder in ON_SYSTEM_POSTGRES if (ROOT / folder).exists()]
    # `both`: the run of all tests has them on PostgreSQL 15 too.
    command = [PYTHON, "-m", "pytest", *workers(), "-q"]
    command += ["-m", "not soak and not browser and not both"]
    command += [f"--ignore={path}" for path in ON_NEWEST_ALONE]
    return call([*command, *folders], NX_PG_BIN=str(SYSTEM_POSTGRES))


def find_chromium() -> str | None:
    """$CHROMIUM, one on PATH, Debian's package when root, Playwright's own; else a sentence."""
    given = os.environ.get("CHROMIUM")
    if given:
        if shutil.which(given):
            return shutil.which(given)
        print(f"CHROMIUM={given} cannot be run: browser tests are left out, and this run fails.")
        return None
    return on_path() or from_debian() or from_playwright() or no_chromium()


def on_path() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def from_debian() -> str | None:
    if not may_install():
        return None
    print("Installing Chromium for the browser tests ...", flush=True)
    install("chromium")
    return on_path()


def may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and bool(shutil.which("apt-get"))


def install(*packages: str) -> None:
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run(
            ["apt-get", "-qq", *command],
            # RUNLEVEL: a server that is installed must not start by that.
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"},
            stdout=subprocess.DEVNULL,
            check=False,
        )


def find_nginx() -> str | None:
    """One on PATH or in the folders of root, Debian's package when root; else a sentence."""
    found = shutil.which("nginx", path=NGINX_PATH)
    if found is None and may_install():
        print("Installing nginx for the tests of docs/deploy.md ...", flush=True)
        install("nginx-light", "openssl")
        found = shutil.which("nginx", path=NGINX_PATH)
    if found is None:
        print("No nginx could be had: install it; tests of docs/deploy.md are left out, and fail.")
    return found


def from_playwright() -> str | None:
    ask = (
        "from playwright.sync_api import sync_playwright as s\n"
        "with s() as p: print(p.chromium.executable_path)"
    )
    subprocess.run([PYTHON, "-m", "playwright", "install", "chromium"], check=False)
    found = subprocess.run([PYTHON, "-c", ask], capture_output=True, text=True, check=False)
    path = found.stdout.strip()
    return path if path and Path(path).exists() else None


def no_chromium() -> None:
    print("No Chromium could be had: set CHROMIUM to one; browser tests are left out, and fail.")


def summary(results: dict[str, bool]) -> None:
    print("\nBefore the tests:")
    for name, passed in results.items():
        print(f"  {'ok    ' if passed else 'FAILED'}  {name}")
    failed = [name for name, passed in results.items() if not passed]
    if failed:
        print(f"  This run fails, whatever the tests say: {', '.join(failed)}.")


if __name__ == "__main__":
    sys.exit(main())
