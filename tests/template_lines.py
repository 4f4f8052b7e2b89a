"""Which lines of the templates no test draws: a plugin for the run of all tests.

`pytest -p tests.template_lines` notes every body of a template (a page, a branch, a loop, a macro)
as it is drawn, in all workers, and adds one more result at the end. Lines that are known not to be
drawn stand in `template_lines.txt`; the list may only become shorter. With TEMPLATE_LINES=write the
run writes the list anew instead of judging by it.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

ROOT = Path(__file__).resolve().parent.parent
LISTED = Path(__file__).with_suffix(".txt")
NODE_ID = "tests/template_lines.py::every_line_is_drawn"
OUTPUT = "drawn_bodies"
HEAD = "# Lines of templates that no test draws. Only to be made shorter.\n"

Line = tuple[str, str]
"""The template, and the text of the line: numbers move with every edit above them."""


class Noting(CodeGenerator):
    """Jinja's compiler; what it compiles notes each body that is drawn.

    A body is noted as "template:3,4,7", with the lines that stand in it and in no body within it.
    """

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        body = list(nodes)
        numbers = sorted(set(_lines(body)))
        if numbers and self.name is not None:  # not for a template that a test wrote itself
            note = f"{self.name}:{','.join(map(str, numbers))}"
            self.environment.bodies.add(note)  # type: ignore[attr-defined]
            self.writeline(f"environment.drawn.add({note!r})")
        super().blockvisit(body, frame)


def _lines(body: Iterable[nodes.Node]) -> Iterator[int]:
    for node in body:
        if not isinstance(node, nodes.Output):
            yield node.lineno
            continue
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                texts = enumerate(part.data.split("\n"), start=part.lineno)
                yield from (number for number, text in texts if text.strip())
            else:
                yield part.lineno


def note_bodies() -> None:
    """From here on every template that is compiled notes what of it is drawn."""
    Environment.code_generator_class = Noting
    Environment.bodies = set()  # type: ignore[attr-defined]
    Environment.drawn = set()  # type: ignore[attr-defined]


def texts_of(bodies: Iterable[str], folder: Path = ROOT / "templates") -> set[Line]:
    found = set()
    for body in bodies:
        name, _, numbers = body.rpartition(":")
        lines = (folder / name).read_text().splitlines()
        found |= {(name, lines[int(number) - 1].strip()) for number in numbers.split(",")}
    return found


def complaints(every: set[Line], drawn: set[Line], listed: set[Line]) -> list[str]:
    """What is wrong, line by line: never drawn and not listed, or listed without need."""
    wrong = [f"no test draws    {name}: {text}" for name, text in sorted(every - drawn - listed)]
    wrong += [f"drawn by now     {name}: {text}" for name, text in sorted(listed & drawn)]
    wrong += [f"not there (more) {name}: {text}" for name, text in sorted(listed - every)]
    return wrong


def listed_lines() -> set[Line]:
    lines = LISTED.read_text().splitlines()
    return {
        (name, text)
        for name, _, text in (line.partition(": ") for line in lines if not line.startswith("#"))
        if name
    }


def write_list(lines: set[Line]) -> None:
    LISTED.write_text(HEAD + "".join(f"{name}: {text}\n" for name, text in sorted(lines)))


def every_body() -> set[str]:
    from nxloy_web import create_app

    environment = create_app({"TESTING": True, "SECRET_KEY": "only-for-tests"}).jinja_env
    for name in environment.list_templates():
        environment.get_template(name)
    return set(Environment.bodies)  # type: ignore[attr-defined]


class Plugin:
    """In a worker: send what was drawn. In the process that started them: put it together."""

    def __init__(self) -> None:
        self.of_workers: set[str] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        self.of_workers |= set(getattr(node, "workeroutput", {}).get(OUTPUT, ()))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        result = yield
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[OUTPUT] = sorted(Environment.drawn)  # type: ignore[attr-defined]
        elif os.environ.get("TEMPLATE_LINES") == "write":
            write_list(texts_of(every_body()) - texts_of(self.drawn()))
        elif not session.testsfailed:  # else what was drawn says nothing
            self.judge(session)
        return result

    def drawn(self) -> set[str]:
        return self.of_workers | set(Environment.drawn)  # type: ignore[attr-defined]

    def judge(self, session: pytest.Session) -> None:
        wrong = complaints(texts_of(every_body()), texts_of(self.drawn()), listed_lines())
        report = pytest.TestReport(
            nodeid=NODE_ID,
            location=(NODE_ID.partition("::")[0], 0, NODE_ID.rpartition(":")[2]),
            keywords={},
            outcome="failed" if wrong else "passed",
            longrepr="\n".join(wrong) or None,
            when="call",
        )
        session.config.hook.pytest_runtest_logreport(report=report)


def pytest_configure(config: pytest.Config) -> None:
    note_bodies()
    config.pluginmanager.register(Plugin())
