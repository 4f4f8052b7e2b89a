"""docs/deploy.md as something to run: its commands, files and the proxy's snippet."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "deploy.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def block(kind: str, words: str) -> str:
    """The one block of this kind that has these words in it."""
    found = [text for a_kind, text in _BLOCK.findall(PAGE.read_text()) if a_kind == kind]
    fitting = [text for text in found if words in text]
    assert len(fitting) == 1, f"{len(fitting)} blocks of {kind} say {words!r}"
    return fitting[0]


def filled_in(text: str, **replacements: str) -> str:
    """The text with what the page leaves open, or calls by an example's name. Nothing may be left
    open, and nothing may be given that the page does not say."""
    for example, real in replacements.items():
        assert example in text, f"the page does not say {example!r}"
        text = text.replace(example, real)
    assert "…" not in text, text
    return text


def settings(values: dict[str, str]) -> dict[str, str]:
    """The page's environment file, with values for what it leaves open."""
    lines = dict(line.split("=", 1) for line in block("ini", "SECRET_KEY").splitlines())
    unknown = values.keys() - lines.keys()
    assert not unknown, f"the page does not set {unknown}"
    assert {name for name, value in lines.items() if value == "…"} <= values.keys()
    return lines | values


def unit(description: str) -> tuple[list[str], dict[str, str]]:
    """The command that a unit of the page starts, and what it adds to the environment."""
    lines = block("ini", f"Description=NxLoy Web, {description}").splitlines()
    said = [line.split("=", 1) for line in lines if "=" in line]
    command = next(value for name, value in said if name == "ExecStart").split()
    added = dict(value.split("=", 1) for name, value in said if name == "Environment")
    return command, added
