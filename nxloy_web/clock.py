"""The one place business time comes from; tests set it, services receive it as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, timezone-aware UTC."""
    return datetime.now(UTC)
