"""squawk beside our own rules: what anybody's PostgreSQL would suffer from."""

import json
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from nxloy_web.schema.lint.reading import Finding, Revision, Statement

LEFT_OUT = {
    "prefer-robust-stmts": "our operations ask the catalog, which also knows invalid indexes",
    "prefer-text-field": "a length stands in the models where one is meant",
    "prefer-bigint-over-int": "points and counts stay far below 2^31, and ids are text (NX031)",
}
LEFT_TO_OPERATIONS = {  # said only of SQL that a revision holds itself
    "ban-drop-column": "NX030 asks for more: a contract revision, finished data, new code",
    "ban-drop-constraint": "a rule that is replaced is proven first; one that goes was old",
    "ban-drop-not-null": "letting nulls in breaks no writer",
    "ban-drop-function": "the trigger's function of a rename goes with its column",
    "renaming-object": "a constraint gets its lasting name after it is proven",
}


def program() -> str | None:
    """squawk of this environment; it is one of the development packages."""
    return shutil.which("squawk", path=sysconfig.get_path("scripts")) or shutil.which("squawk")


def findings(revisions: Iterable[Revision]) -> Iterator[Finding]:
    """One call for all revisions: each a file of SQL whose lines lead back to its statements."""
    squawk = program()
    if squawk is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        origins: dict[str, tuple[Revision, list[Statement]]] = {}
        for revision in revisions:
            path = Path(folder, f"{revision.path.stem}.sql")
            path.write_text("".join(f"{printed.sql}\n\n" for printed in revision.printed))
            lines = [p.statement for p in revision.printed for _ in f"{p.sql}\n".split("\n")]
            origins[str(path)] = revision, lines
        command = [squawk, "--reporter", "json", "--pg-version", "15"]
        command += ["--exclude", ",".join(LEFT_OUT), *origins]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        for said in json.loads(done.stdout):
            revision, lines = origins[said["file"]]
            statement = lines[said["line"]]
            if (statement.line, said["rule_name"]) in revision.harmless:
                continue
            if statement.is_written_here or said["rule_name"] not in LEFT_TO_OPERATIONS:
                sentence = " ".join(filter(None, (said["message"], said["help"])))
                yield revision.at(said["rule_name"], statement, sentence)
