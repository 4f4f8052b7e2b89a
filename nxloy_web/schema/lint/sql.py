"""What a printed SQL statement does, change by change: enough grammar for what revisions print."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One thing that a statement does: `kind` is one of the words used below."""

    kind: str
    table: str = ""
    name: str = ""  # of the column, index, constraint, view or type
    columns: tuple[str, ...] = ()  # of a key or an index; an expression stands as it is written
    target: str = ""  # the table a foreign key points at, or the new name
    detail: str = ""  # a column's type, an index's method and predicate, and so on


def split(script: str) -> list[str]:
    """The statements of a script, tidied: small letters, one space between tokens, no comments."""
    return _parts(_tokens(script), ";")


def changes(statement: str) -> list[Change]:
    """What one tidied statement does."""
    for pattern, kind in _PLAIN:
        if found := pattern.match(statement):
            words: dict[str, Any] = found.groupdict()
            return [Change(kind, **words)]
    for pattern, read in _READERS:
        if found := pattern.match(statement):
            return list(read(*(group or "" for group in found.groups())))
    return []


_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/
      | (?P<body> \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<text> '(?:[^']|'')*')
      | "(?P<quoted>[^"]+)"
      | (?P<word> [\w.]+ | :: | [^\s\w] )""",
    re.VERBOSE | re.DOTALL,
)


def _tokens(script: str) -> Iterator[str]:
    """The body of a function is one token, and no text holds what could be taken for SQL."""
    for found in _TOKEN.finditer(script):
        if found["body"]:
            yield "$$"
        elif found["text"]:
            yield re.sub(r"[^\w.']", "_", found["text"])
        elif word := found["quoted"] or found["word"]:
            yield re.sub(r"^(nx|public)\.", "", word.lower().replace(" ", "_"))


def _depths(tokens: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each token with the number of parentheses it stands in; they themselves stand outside."""
    depth = 0
    for word in tokens:
        depth -= word == ")"
        yield word, depth
        depth += word == "("


def _parts(tokens: Iterable[str], mark: str) -> list[str]:
    """Cut at each `mark` that stands in no parentheses."""
    parts: list[list[str]] = [[]]
    for token, depth in _depths(tokens):
        if token == mark and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [" ".join(part) for part in parts if part]


def _enclosed(text: str) -> tuple[list[str], str]:
    """What the first parentheses list, and what comes after them."""
    tokens = text.split()
    edges = [place for place, (t, depth) in enumerate(_depths(tokens)) if t in "()" and not depth]
    if len(edges) < 2:
        return [], text
    return _parts(tokens[edges[0] + 1 : edges[1]], ","), " ".join(tokens[edges[1] + 1 :])


def _create_table(table: str, rest: str) -> Iterator[Change]:
    yield Change("create table", table)
    for item in _enclosed(rest)[0]:
        yield from _definition(table, item)


_KEY = re.compile(
    r"(?:constraint ([\w.]+) )?(primary key|unique|foreign key|check|exclude)\b ?(.*)"
)
_AFTER_TYPE = re.compile(
    r" (?:not null|null|default|constraint|primary key|references|unique|check|generated|collate)\b"
)


def _definition(table: str, item: str) -> Iterator[Change]:
    """A column or a constraint, as CREATE TABLE and ALTER TABLE ADD write them."""
    target = re.search(r" references ([\w.]+)", item)
    target_table = target[1] if target else ""
    if found := _KEY.match(item):
        name, kind, rest = found.groups()
        columns = () if kind in ("check", "exclude") else tuple(_enclosed(rest)[0])
        yield Change(kind, table, name or "", columns, target_table, rest)
        return
    column, _, rest = item.partition(" ")
    yield Change("add column", table, column, detail=_AFTER_TYPE.split(rest)[0])
    for kind, words in (("primary key",) * 2, ("unique",) * 2, ("foreign key", "references")):
        if f" {words} " in f" {rest} ":
            yield Change(kind, table, "", (column,), target_table)


_ACTIONS = [
    (re.compile(r"drop constraint (?:if exists )?(\w+)"), "drop constraint"),
    (re.compile(r"drop (?:column )?(?:if exists )?(\w+)"), "drop column"),
    (re.compile(r"rename constraint (\w+) to (\w+)"), "rename constraint"),
    (re.compile(r"rename to (\w+)"), "rename table"),
    (re.compile(r"rename (?:column )?(\w+) to (\w+)"), "rename column"),
    (re.compile(r"alter (?:column )?(\w+) (?:set data )?type (.*)"), "change type"),
    (re.compile(r"(.*)"), "alter"),
]


def _alter_table(table: str, rest: str) -> Iterator[Change]:
    for action in _parts(rest.split(), ","):
        if added := re.match(r"add (?:column )?(?:if not exists )?(.*)", action):
            yield from _definition(table, added[1])
            continue
        found, kind = next((f, k) for pattern, k in _ACTIONS if (f := pattern.match(action)))
        last = found.groups()[-1]
        yield Change(kind, table, found[1], target=last, detail=last)


def _index(
    unique: str, beside: str, name: str, table: str, method: str, rest: str
) -> Iterator[Change]:
    columns, after = _enclosed(rest)
    detail = f"{method or 'btree'} {beside}{after}"
    yield Change(f"{unique}index", table, name, tuple(columns), detail=detail)


def _drop(kind: str, names: str) -> Iterator[Change]:
    for name in re.findall(r"[\w.]+", names.removesuffix(" cascade")):
        yield Change("drop index", name=name) if kind == "index" else Change("drop table", name)


_TABLE, _NAME = r"(?P<table>[\w.]+)", r"(?P<name>[\w.]+)"
_PLAIN = [
    (re.compile(pattern), kind)
    for pattern, kind in [
        (rf"create policy {_NAME} on {_TABLE} ?(?P<detail>.*)", "policy"),
        (rf"drop policy (?:if exists )?{_NAME} on {_TABLE}", "drop policy"),
        (rf"create (?:or replace )?(?:constraint )?trigger {_NAME} .*? on {_TABLE}", "trigger"),
        (rf"drop trigger (?:if exists )?{_NAME} on {_TABLE}", "drop trigger"),
        (rf"create (?:or replace )?view {_NAME} (?P<detail>.*)", "view"),
        (rf"create materialized view (?:if not exists )?{_NAME}", "materialized view"),
        (rf"create type {_NAME} as enum", "enum"),
        (rf"grant .*? on (?:table )?{_TABLE} to (?P<target>.*)", "grant"),
        (
            rf"(?:truncate|lock|cluster|vacuum|reindex)(?: \( .* \))?(?: table| full)* {_TABLE}",
            "lock",
        ),
        (
            r"(?:with .*? )?(?P<detail>insert into|update|delete from|merge into|copy) (?:only )?"
            rf"{_TABLE}",
            "rows",
        ),
    ]
]
_READERS: list[tuple[re.Pattern[str], Callable[..., Iterator[Change]]]] = [
    (re.compile(r"create (?:unlogged )?table (?:if not exists )?([\w.]+) (.*)"), _create_table),
    (re.compile(r"alter table (?:if exists )?(?:only )?([\w.]+) (.*)"), _alter_table),
    (
        re.compile(
            r"create (unique )?index (concurrently )?(?:if not exists )?(?:(?!on )(\w+) )?"
            r"on (?:only )?([\w.]+) (?:using (\w+) )?(.*)"
        ),
        _index,
    ),
    (re.compile(r"drop (index|table) (?:concurrently )?(?:if exists )?(.*)"), _drop),
]
