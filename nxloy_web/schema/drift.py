"""Where the models and the database differ: what autogenerate would put into a revision."""

import warnings
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from nxloy_web.schema.autogenerate import PLUGINS, include_object
from nxloy_web.tables import Base


def differences(connection: Connection) -> list[Any]:
    """Alembic's own list; empty when models and database agree."""
    context = MigrationContext.configure(
        connection,
        opts={
            "include_object": include_object,
            "include_name": lambda name, kind, parents: name != "alembic_version",
            "compare_type": True,
            "autogenerate_plugins": PLUGINS,
        },
    )
    with warnings.catch_warnings():
        # SQLAlchemy 2.1 stumbles over its own reflection of a check that is NOT VALID.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")
        return list(compare_metadata(context, Base.metadata))
