"""The ledger's filter as it stands in the address."""

from collections.abc import Mapping
from datetime import date

from nxloy_web.db.cursors import read_cursor
from nxloy_web.entries.queries import Filter
from nxloy_web.tables.points import TransactionType

LONGEST_TEXT = 100


def read_filter(args: Mapping[str, str]) -> Filter:
    """What cannot be read does not filter: an address that was cut off still shows the list."""
    return Filter(
        type=TransactionType.__members__.get(args.get("type", "")),
        program_id=args.get("program", ""),
        customer_id=args.get("customer", ""),
        text=args.get("q", "").replace("\x00", "").strip()[:LONGEST_TEXT],
        since=_day(args.get("since", "")),
        until=_day(args.get("until", "")),
        after=read_cursor(args.get("after", "")),
    )


def written(filter_: Filter) -> dict[str, str]:
    """The filter as it stands in an address, without the place in the list."""
    values = {
        "type": filter_.type.value if filter_.type else "",
        "program": filter_.program_id,
        "customer": filter_.customer_id,
        "q": filter_.text,
        "since": filter_.since.isoformat() if filter_.since else "",
        "until": filter_.until.isoformat() if filter_.until else "",
    }
    return {name: value for name, value in values.items() if value}


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The years a clock of any zone can be asked about.
    return day if 1900 <= day.year <= 2999 else None
