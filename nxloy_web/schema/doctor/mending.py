"""The SQL that makes a part of the database what it should be again.

What is returned is run in its order, each statement by itself. Rows that are gone come back from a
backup only; and a rule that rows break by now is not taken on before they are put right.
"""

import re

from nxloy_web.schema.shape import KINDS, Part, Shape

ADMINISTRATOR = {"schema", "owner", "references-off", "setting", "event-trigger"}
"""What the migrator may not mend, besides what others own."""
OTHERS_OWN = {"table", "view", "sequence", "type", "function"}
"""Things that no revision made belong to whoever made them."""


def needs_administrator(part: Part, wanted: str | None) -> bool:
    """Whether the migrator's rights do not reach."""
    is_extra = wanted is None and part.kind in OTHERS_OWN
    is_outside = part.kind.startswith("outside-") or part.name.startswith("DATABASE ")
    return part.kind in ADMINISTRATOR or is_extra or is_outside


def statements(part: Part, wanted: Shape, found: Shape) -> list[str]:
    """What makes `part` of `found` as it is in `wanted`; nothing where nobody can say."""
    old, new = found.get(part), wanted.get(part)
    if part.kind == "table" and old is None:
        return _whole_table(part.name, wanted)
    if part.kind == "column" and new is not None and old is None:
        default = wanted.get(part._replace(kind="default"))
        with_default = f" DEFAULT {default}" if default else ""
        return [f"{_alter(part)} ADD COLUMN {part.name} {new}{with_default}"]
    if part.kind == "function" and new is not None:
        return _function(part, new, wanted, is_new=old is None)
    return _one(part, old, new)


def place(part: Part, wanted: Shape) -> tuple[int, bool, Part]:
    """By this, statements are sorted: a key before what refers to it."""
    return KINDS.index(part.kind), wanted.get(part, "").startswith("FOREIGN KEY"), part


def _whole_table(name: str, wanted: Shape) -> list[str]:
    mine = [part for part in wanted if name in (part.of, part.name.removeprefix("TABLE "))]
    owned = [part for part in wanted if part.kind == "sequence" and f" {name}." in wanted[part]]
    found: list[str] = []
    for part in sorted({*mine, *owned}, key=lambda part: place(part, wanted)):
        if part.kind == "table":
            found.append(f"CREATE {wanted[part].replace('TABLE', f'TABLE {name} ()', 1)}")
        elif part.kind != "default":  # a column brings its own
            found += statements(part, wanted, {})
    return found


def _function(part: Part, new: str, wanted: Shape, *, is_new: bool) -> list[str]:
    if not new.startswith("CREATE "):
        return []
    found = [new.rstrip()]
    if is_new and Part("grant", "PUBLIC", f"FUNCTION {part.name}") not in wanted:
        found.append(f"REVOKE EXECUTE ON FUNCTION {part.name} FROM PUBLIC")
    for other, value in sorted(wanted.items()):
        if is_new and other.name in (part.name, f"FUNCTION {part.name}"):
            if other.kind == "grant" and other.of != "PUBLIC":
                found += _one(other, None, value)
            elif other.kind == "owner":
                found.append(f"ALTER FUNCTION {part.name} OWNER TO {value}")
    return found


def _one(part: Part, old: str | None, new: str | None) -> list[str]:
    kind, of, name = part
    match kind:
        case "schema":
            return [f"ALTER SCHEMA {name} OWNER TO {new}"]
        case "owner":
            return [f"ALTER {of.replace('-', ' ').upper()} {name} OWNER TO {new}"]
        case "table" if new is None:
            return [f"DROP TABLE {name}"]
        case "table":
            return [f"ALTER TABLE {name} SET LOGGED"]
        case "column" if new is None:
            return [f"{_alter(part)} DROP COLUMN {name}"]
        case "column" if "GENERATED" in f"{old}{new}":
            return []
        case "column":
            plain = new.split(" COLLATE ")[0] if new else ""
            return [f"{_column(part)} TYPE {new} USING {name}::{plain}"]
        case "default":
            return [f"{_column(part)} {f'SET DEFAULT {new}' if new else 'DROP DEFAULT'}"]
        case "not-null":
            return [f"{_column(part)} {'SET' if new else 'DROP'} NOT NULL"]
        case "storage":
            return [f"{_column(part)} {new or 'SET STORAGE EXTENDED'}"]
        case "options":
            names = ", ".join(re.findall(r"([\w.]+)=", old or ""))
            return [f"{_alter(part)} {f'SET ({new})' if new else f'RESET ({names})'}"]
        case "partition" if new:
            return [f"{_alter(part)} ATTACH PARTITION {name} {new}"]
        case "partition" if old != "inherits":
            return [f"{_alter(part)} DETACH PARTITION {name}"]
        case "partition" | "outside-rows":
            return [f"ALTER TABLE {name} NO INHERIT {of}"]
        case "replica-identity":
            return [f"{_alter(part)} REPLICA IDENTITY DEFAULT"]
        case "row-level-security":
            return _row_level_security(part, new or "")
        case "constraint":
            return _constraint(part, old, new)
        case "trigger-state":
            return [f"{_alter(part)} {new or 'ENABLE'} TRIGGER {name}"]
        case "references-off":
            return [f"{_alter(part)} ENABLE TRIGGER ALL"]
        case "grant":
            return _grant(of, name, old, new)
        case "setting":
            return [f"ALTER {of} RESET {name}"]
        case "event-trigger":
            return [f"DROP EVENT TRIGGER {name}"]
        case "outside-function":
            return [f"ALTER FUNCTION {name} SECURITY INVOKER"]
        case "outside-view":
            return [f"DROP {of} {name}"]
    return _dropped_and_made(part, old, new)


def _alter(part: Part) -> str:
    return f"ALTER TABLE {part.of}"


def _column(part: Part) -> str:
    return f"{_alter(part)} ALTER COLUMN {part.name}"


def _row_level_security(part: Part, wanted: str) -> list[str]:
    enable = "ENABLE" if "ENABLE" in wanted else "DISABLE"
    force = "FORCE" if "FORCE" in wanted else "NO FORCE"
    return [f"{_alter(part)} {enable} ROW LEVEL SECURITY, {force} ROW LEVEL SECURITY"]


def _constraint(part: Part, old: str | None, new: str | None) -> list[str]:
    drop = [f"DROP CONSTRAINT {part.name}"] if old else []
    if new is None:
        return [f"{_alter(part)} {drop[0]}"]
    is_proven_later = new.startswith(("CHECK", "FOREIGN KEY"))
    add = f"ADD CONSTRAINT {part.name} {new}{' NOT VALID' if is_proven_later else ''}"
    prove = f"{_alter(part)} VALIDATE CONSTRAINT {part.name}"
    return [f"{_alter(part)} {', '.join([*drop, add])}", *([prove] if is_proven_later else [])]


def _grant(role: str, thing: str, old: str | None, new: str | None) -> list[str]:
    kind, name = thing.split(" ", 1)
    column = ""
    if kind == "COLUMN":
        name, _, column = name.rpartition(".")
        column, kind = f" ({column})", "TABLE"
    found = [f"REVOKE ALL{column} ON {kind} {name} FROM {role}"] if old else []
    for right in new.split(", ") if new else ():
        plain = right.removesuffix(" WITH GRANT OPTION")
        option = right.removeprefix(plain)
        found.append(f"GRANT {plain}{column} ON {kind} {name} TO {role}{option}")
    return found


def _dropped_and_made(part: Part, old: str | None, new: str | None) -> list[str]:
    """Types, sequences, views, indexes, statistics, triggers, rules, policies."""
    kind, of, name = part
    schema = of.split(".")[0]
    if kind == "type" and old and new:
        return _more_labels(name, old, new)
    if kind == "sequence" and old and new:
        return [f"ALTER SEQUENCE {name} {new}"]
    drop = {
        "index": f"DROP INDEX CONCURRENTLY {schema}.{name}",
        "statistics": f"DROP STATISTICS {schema}.{name}",
        "trigger": f"DROP TRIGGER {name} ON {of}",
        "rule": f"DROP RULE {name} ON {of}",
        "policy": f"DROP POLICY {name} ON {of}",
        "view": f"DROP {(old or '').split('VIEW')[0]}VIEW {name}",
        "function": f"DROP ROUTINE {name}",
    }.get(kind, f"DROP {kind.upper()} {name}")
    made = {
        "type": f"CREATE TYPE {name} {new}",
        "view": f"CREATE {(new or '').replace('VIEW', f'VIEW {name}', 1)}",
        "sequence": f"CREATE SEQUENCE {name} {new}",
        "index": (new or "").replace("INDEX ", "INDEX CONCURRENTLY ", 1),
        "policy": f"CREATE POLICY {name} ON {of} {new}",
    }.get(kind, new or "")
    return ([drop] if old else []) + ([made] if new else [])


def _more_labels(name: str, old: str, new: str) -> list[str]:
    """An enum's members can be added, and never taken away."""
    had, wanted = (re.findall(r"'(?:[^']|'')*'", value) for value in (old, new))
    return [f"ALTER TYPE {name} ADD VALUE {label}" for label in wanted if label not in had]
