"""Where the models and the database differ: what autogenerate would put into a revision."""

import warnings
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from nxloy_web.schema.autogenerate import include_object
from nxloy_web.tables import Base

ONLY_MODELS = "the models have it, the database does not"
ONLY_DATABASE = "the database has it, the models do not"


def differences(connection: Connection) -> list[Any]:
    """Alembic's own list; empty when models and database agree."""
    context = MigrationContext.configure(
        connection,
        opts={
            "include_object": include_object,
            "include_name": lambda name, kind, parents: name != "alembic_version",
            "compare_type": True,
        },
    )
    with warnings.catch_warnings():
        # SQLAlchemy 2.1 stumbles over its own reflection of a check that is NOT VALID.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")
        return list(compare_metadata(context, Base.metadata))


def described(difference: Any) -> list[str]:
    """One difference in words; changes to one column come as a list of them."""
    if isinstance(difference, list):
        return [
            f"{table}.{column}: {_change(kind, old, new)}"
            for kind, _, table, column, _, old, new in difference
        ]
    kind, *rest = difference
    where = ONLY_MODELS if kind.startswith("add_") else ONLY_DATABASE
    what = kind.split("_", 1)[1]
    if what == "column":
        _, table, column = rest
        return [f"{table}.{column.name}: {where}"]
    if what == "table":
        return [f"the table {rest[0].name}: {where}"]
    table = getattr(rest[0].table, "name", "")
    return [f"the {_KINDS.get(what, what)} {rest[0].name} of {table}: {where}"]


_KINDS = {"fk": "foreign key"}


def _change(kind: str, old: Any, new: Any) -> str:
    if kind == "modify_nullable":
        return f"the models say {_null(new)}, the database says {_null(old)}"
    return f"the models say {new}, the database says {old} ({kind.removeprefix('modify_')})"


def _null(nullable: bool) -> str:
    return "NULL" if nullable else "NOT NULL"
