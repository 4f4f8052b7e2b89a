"""Places in a list that is ordered by an instant and an id, as they stand in an address."""

from datetime import datetime

from nxloy_web.db.ids import is_id

Cursor = tuple[datetime, str]


def write_cursor(instant: datetime, row_id: str) -> str:
    return f"{instant.isoformat()}~{row_id}"


def read_cursor(text: str) -> Cursor | None:
    """None for what is no cursor: an address that was cut off shows the first page."""
    instant, _, row_id = text.partition("~")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    return (at, row_id) if at.tzinfo and is_id(row_id) else None
