"""Make .venv and install pinned packages into it; run by make with any Python 3.11 or later.

Standard library only. A stamp of everything that decides the result makes the next start quick,
and is written last: an installation that was cut short is done again.
"""

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while loading: no traceback

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A tool whose packages would change how the product runs has an environment of its own.
VENV = ROOT / os.environ.get("NX_VENV", ".venv")
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)


def main(groups):
    if sys.version_info < OLDEST:
        sys.exit("Python 3.11 or later is needed: set PYTHON, as in `make run PYTHON=python3.12`.")
    wanted = fingerprint(groups)
    stamp = VENV / ("stamp-" + "-".join(["base", *groups]))
    if stamp.exists() and stamp.read_text() == wanted and works():
        return
    if not works():
        make_environment()
    print(f"Installing packages into {VENV.name} (the first time takes a minute) ...", flush=True)
    install(groups)
    stamp.write_text(wanted)


def fingerprint(groups):
    digest = hashlib.sha256(repr((groups, sys.version_info[:2])).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def works():
    """Is there a Python of the right age with pip? Not in a folder that was moved or half made."""
    code = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    try:
        return run(PYTHON, "-c", code, capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment():
    print(f"Making {VENV.name} ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = run(sys.executable, "-m", "venv", VENV, capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(
            f"Could not make {VENV}: on Debian and Ubuntu install the package python3-venv; "
            f"otherwise make the folder writable. Python said: {last_line(made)}"
        )


def install(groups):
    import tomllib  # not in the old Pythons that get the sentence above

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = list(project["dependencies"])
    for group in groups:
        packages += project["optional-dependencies"][group]
    pip = (PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check")
    done = run(*pip, "-c", ROOT / "constraints.txt", *packages, cwd=ROOT)
    if done.returncode != 0:
        sys.exit("The packages could not be installed: see above, and run the command again.")


def run(*command, **how):
    """In a session of its own: Ctrl-C reaches us alone, and we end it without a word from it."""
    return subprocess.run(command, start_new_session=True, **how)


def last_line(result):
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1] if lines else "nothing"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next start goes on from here.")
