"""Where the pages of customers hang."""

from typing import Any

from nxloy_web.db.ids import is_id
from nxloy_web.errors import NotFound
from nxloy_web.web.places import desk

bp = desk("customers", __name__, "/customers")


@bp.url_value_preprocessor
def only_ids(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """An address with anything else finds nothing, and never reaches the database."""
    if not all(is_id(value) for value in (values or {}).values()):
        raise NotFound
