"""What of an address is a view: its filters and its order, always written the same way."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

_PLACES_IN_THE_LIST = frozenset({"after", "before", "page"})


def written(query: str) -> str:
    """Two addresses that show the same filters are the same text."""
    pairs = parse_qsl(query.lstrip("?"))
    return written_of(dict(reversed(pairs)))


def written_of(arguments: Mapping[str, str]) -> str:
    kept = {
        name: value.strip()
        for name, value in arguments.items()
        if value.strip() and name not in _PLACES_IN_THE_LIST
    }
    return urlencode(sorted(kept.items()))
