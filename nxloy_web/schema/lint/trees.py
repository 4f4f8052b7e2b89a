"""PostgreSQL's own parse trees, and parts of them written out again in one way.

One way: small letters, one space between words, `( a , b )`; so that two spellings compare equal.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pgparse

Node = dict[str, Any]


def parse(script: str) -> list[tuple[str, str, Node]]:
    """Each statement of a script: its text, the kind of its tree, and the tree. Raises
    `pgparse.PGQueryError`."""
    source = script.encode()
    found = []
    for one in pgparse.parse(script):
        begin = one.get("stmt_location", 0)
        end = begin + one["stmt_len"] if "stmt_len" in one else None
        ((kind, node),) = one["stmt"].items()
        found.append((source[begin:end].decode(), kind, node))
    return found


def inside(node: Any, kind: str) -> Iterator[Node]:
    """All nodes of a kind, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == kind:
                yield value
            yield from inside(value, kind)
    elif isinstance(node, list):
        for one in node:
            yield from inside(one, kind)


def names(nodes: Iterable[Node]) -> list[str]:
    """What a list of names holds."""
    return [str(one["String"].get("sval", "")) for one in nodes if "String" in one]


def table(relation: Node) -> str:
    """A table's name; our own schema goes without saying, and so do capitals."""
    schema, name = relation.get("schemaname", ""), str(relation.get("relname", "")).lower()
    return f"{schema}.{name}" if schema not in ("", "nx", "public") else name


def type_name(node: Node) -> str:
    """`int4`, `varchar ( 20 )`, `timestamptz`, `text [ ]`."""
    found = names(node.get("names", []))[-1]
    if limits := node.get("typmods"):
        found += f" ( {' , '.join(map(written, limits))} )"
    return found + (" [ ]" if node.get("arrayBounds") else "")


def written(node: Node) -> str:
    """An expression, written in one way."""
    ((kind, tree),) = node.items()
    if kind == "ColumnRef":
        return ".".join(names(tree["fields"])) or "*"
    if kind == "A_Const":
        return _constant(tree)
    if kind == "A_Expr":
        return _comparison(tree)
    if kind == "NullTest":
        is_null = tree["nulltesttype"] == "IS_NULL"
        return f"{written(tree['arg'])} is {'null' if is_null else 'not null'}"
    if kind == "BoolExpr":
        word = tree["boolop"].removesuffix("_EXPR").lower()
        parts = [written(one) for one in tree["args"]]
        return f"not ( {parts[0]} )" if word == "not" else f" {word} ".join(parts)
    if kind == "TypeCast":
        return f"{written(tree['arg'])} :: {type_name(tree['typeName'])}"
    if kind == "FuncCall":
        return f"{names(tree['funcname'])[-1]} {_listed(tree.get('args', []))}"
    if kind == "CoalesceExpr":
        return f"coalesce {_listed(tree['args'])}"
    if kind == "MinMaxExpr":
        return f"{tree['op'].removeprefix('IS_').lower()} {_listed(tree['args'])}"
    if kind == "List":
        return _listed(tree["items"])
    if kind == "A_ArrayExpr":
        return f"array {_listed(tree.get('elements', []))}"
    return " ".join([kind.lower(), *_below(tree)])


def _listed(nodes: list[Node]) -> str:
    return f"( {' , '.join(map(written, nodes))} )"


def _below(tree: Any) -> Iterator[str]:
    """Of a tree without a spelling of its own: what can be written in it."""
    if isinstance(tree, list):
        for one in tree:
            yield from _below(one)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if key in ("ColumnRef", "A_Const", "A_Expr", "FuncCall", "NullTest", "BoolExpr"):
                yield written({key: value})
            else:
                yield from _below(value)


def _constant(tree: Node) -> str:
    if tree.get("isnull"):
        return "null"
    for key, empty in (("ival", 0), ("fval", ""), ("sval", ""), ("boolval", False)):
        if key in tree:
            value = tree[key].get(key, empty)
            return f"'{value}'" if key == "sval" else str(value).lower()
    return "?"


def _comparison(tree: Node) -> str:
    left = written(tree["lexpr"]) if "lexpr" in tree else ""
    right = written(tree["rexpr"])
    sign = names(tree["name"])[-1]
    if tree["kind"] == "AEXPR_IN":
        sign = "in" if sign == "=" else "not in"
    elif tree["kind"] in ("AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        return f"{left} {sign} {tree['kind'].removeprefix('AEXPR_OP_').lower()} ( {right} )"
    elif tree["kind"] != "AEXPR_OP":
        sign = f"{tree['kind'].removeprefix('AEXPR_').lower()} {sign}"
    return f"{left} {sign} {right}".strip()
