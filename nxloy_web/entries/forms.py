"""The ledger's filter as it stands in the address."""

from nxloy_web.entries.queries import Filter
from nxloy_web.tables.points import TransactionType
from nxloy_web.web.arguments import Arguments


def read_filter(args: Arguments) -> Filter:
    """What cannot be read does not filter: an address that was cut off still shows the list."""
    return Filter(
        type=args.member("type", TransactionType),
        program_id=args.row_id("program"),
        customer_id=args.row_id("customer"),
        text=args.text("q"),
        since=args.day("since"),
        until=args.day("until"),
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
