"""Which version of the application this is, and the order of versions."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def _read() -> str:
    # Where the project's file stands beside the code, it is of the code that runs; what is
    # installed in the environment may be of another checkout.
    if _PROJECT.exists():
        return str(tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"])
    return version("nxloy-web")


VERSION = _read()


def version_numbers(of: str) -> tuple[int, ...]:
    """A version in the order of versions: "0.10.1" comes after "0.9.3"."""
    return tuple(int(number) for number in re.findall(r"\d+", of))
