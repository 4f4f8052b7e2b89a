"""Whether the database has the golden shape of its revision, part by part."""

import re
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy.engine import Connection

from nxloy_web.db.roles import ATTRIBUTES
from nxloy_web.schema import golden, rights
from nxloy_web.schema.doctor import mending
from nxloy_web.schema.doctor.complaint import Said
from nxloy_web.schema.shape import Part, Shape, major, taken

LONGEST = 200
"""What fits into a sentence; the rest is printed by `--sql`."""
ALL_OF_IT = "`flask schema doctor --sql` prints the statements"
_HELPER = re.compile(r"(nx\.|jobs\.)?nx_(tmp|keep)_")


def complaints(
    connection: Connection, revisions: Sequence[str], following: str | None
) -> Iterator[Said]:
    """The revision that follows may have been cut short: what it makes or drops is no mistake."""
    wanted, unsure = golden.at(revisions, major(connection))
    found = taken(connection)
    if following:
        unsure |= golden.touched(following)
    different = {
        part
        for part in wanted.keys() | found.keys()
        if wanted.get(part) != found.get(part) and part not in unsure
    }
    told = [part for part in different if not _is_said_elsewhere(part, wanted, found, different)]
    for part in sorted(told, key=lambda part: mending.place(part, wanted)):
        yield _said(part, wanted, found)


def _is_said_elsewhere(part: Part, wanted: Shape, found: Shape, all_: Collection[Part]) -> bool:
    """With its table or its column, or by another part of the doctor in words of its own."""
    kind, of, name = part
    table = Part("table", "-", name.removeprefix("TABLE ") if kind in ("grant", "owner") else of)
    if table in all_ and (table not in wanted or table not in found):
        return True
    if kind != "column" and Part("column", of, name) in all_:
        whole = Part("column", of, name)
        if whole not in wanted or whole not in found:
            return True
    routine = Part("function", "-", name.removeprefix("FUNCTION "))
    if kind in ("grant", "owner") and routine in all_ and routine not in found:
        return True
    if part not in wanted and kind != "trigger" and _HELPER.match(name):
        return True  # `leftovers`
    if kind == "trigger-state" and Part("trigger", of, name) not in wanted:
        return True
    if kind == "owner":
        return of != "type"  # `protection`
    if kind == "row-level-security":
        return Part("policy", of, "tenant") in wanted or Part("table", "-", of) not in wanted
    if kind == "grant":
        is_ours = of in rights.ROLES if not name.startswith("SCHEMA ") else of in _KNOWN
        return is_ours and not name.startswith("DATABASE ")  # `grants`
    return kind == "policy"


_KNOWN = {*ATTRIBUTES, rights.PUBLIC}


def _said(part: Part, wanted: Shape, found: Shape) -> Said:
    cure = tuple(mending.statements(part, wanted, found))
    who = (
        "an administrator"
        if mending.needs_administrator(part, wanted.get(part))
        else "the migrator"
    )
    shown = "; ".join(cure)
    if not cure:
        advice = "make it again as its revision does"
    elif len(shown) > LONGEST or "\n" in shown:
        advice = f"{ALL_OF_IT} that mend it, for {who}"
    else:
        advice = f"`{shown}`, as {who}"
    sentence = _what_is_wrong(part, wanted.get(part), found.get(part))
    return Said(f"{sentence}: {advice}.", cure)


_SUBJECTS = {
    "schema": "The owner of the schema {name}",
    "default": "The default of {of}.{name}",
    "not-null": "The rule NOT NULL of {of}.{name}",
    "storage": "How {of}.{name} is stored",
    "options": "How {of} is stored",
    "row-level-security": "Row-level security of {of}",
    "owner": "The owner of the {of} {name}",
    "grant": "What {of} may do with the {name}",
    "constraint": "The rule {name} of {of}",
    "partition": "The part {name} of {of}",
    "event-trigger": "The event trigger {name}",
}
_OF_TABLE = ("column", "index", "statistics", "trigger", "rule")
_NEVER_MEANT = {
    "setting": "Everybody who comes begins with {name} = {found}, which no revision set",
    "references-off": "{of} does not look at its references: their triggers are switched off",
    "outside-function": "{name} runs as its owner, for everybody who finds it, and is no door",
    "outside-view": "The view {name} shows rows of {found} past the policies",
    "outside-rows": "The table {name} adds its rows to those of {of}",
    "replica-identity": "{of} tells others of its changes in a way that no revision chose",
}


def _what_is_wrong(part: Part, wanted: str | None, found: str | None) -> str:
    kind, of, name = part
    facts = {"of": of, "name": name, "found": found}
    if kind in _NEVER_MEANT and found is not None:
        return _NEVER_MEANT[kind].format(**facts)
    if kind == "trigger-state" and wanted is None:
        how = "is switched off" if found == "DISABLE" else f"has the state {found}"
        return f"The trigger {name} of {of} {how}"
    if kind == "trigger" and wanted is None and name.startswith("nx_keep_"):
        return (
            f"The trigger {name} of {of} keeps two columns equal, but no rename is under way "
            "(`flask schema plan`)"
        )
    if kind in _OF_TABLE:
        subject = f"The {kind} {name} of {of}"
    else:
        subject = _SUBJECTS.get(kind, f"The {kind} {{name}}").format(**facts)
    if found is None:
        lost = _what_is_lost(kind)
        return f"{subject} is not there, but a revision made it{lost}"
    if wanted is None:
        return f"{subject} was made by no revision"
    return f"{subject} is not as its revision made it{_compared(wanted, found)}"


def _what_is_lost(kind: str) -> str:
    return "; its rows come back from a backup only" if kind in ("table", "column") else ""


def _compared(wanted: str, found: str) -> str:
    if "\n" in wanted + found or len(wanted + found) > LONGEST:
        return ""
    return f" ({found}, not {wanted})"
