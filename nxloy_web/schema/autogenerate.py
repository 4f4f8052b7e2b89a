"""How autogenerate sees our columns: plain database types, not our Python ones."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy.sql.schema import SchemaItem

from nxloy_web.db.base import EnumText, TypedJson

PLUGINS = ("alembic.autogenerate.*", "alembic.ext.checkconstraint_byname")
"""What is compared: CHECKs too, by their names."""


def include_object(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, compare_to: Any
) -> bool:
    """Leave out what revisions make for themselves while they run, and the job queue's tables."""
    table = getattr(item, "table", item)
    of_queue = str(getattr(table, "name", "")).startswith("procrastinate_")
    return not of_queue and not (name or "").startswith("nx_tmp_")


def render_item(kind: str, item: Any, context: AutogenContext) -> str | bool:
    """Revisions must not import the application, so its types are written as what they are."""
    if kind != "type":
        return False
    if isinstance(item, EnumText):
        return "sa.Text()"
    if isinstance(item, TypedJson):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return "postgresql.JSONB()"
    return False
