"""A moment as people type it: on the clock of their business."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from wtforms import DateTimeLocalField

YEARS = (2000, 2199)
CLOCK = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""As the browser's own field writes it; some add seconds."""


class InstantField(DateTimeLocalField):
    """`data` is an instant in UTC; None when empty or not understood."""

    data: datetime | None

    def __init__(self, label: str, validators: list[Any], **options: Any) -> None:
        super().__init__(label, validators, format=CLOCK, **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist == [_on_clock(self.object_data)]:
            # Not touched. Seconds, and which of the two hours when the clock is set back, are
            # not in what the browser shows, and must not get lost for it.
            return
        super().process_formdata(valuelist)
        if valuelist and self.data is not None:
            self.data = _instant(self.data)

    def _value(self) -> str:
        return " ".join(self.raw_data) if self.raw_data else _on_clock(self.data)


def _instant(typed: datetime) -> datetime | None:
    if not YEARS[0] <= typed.year <= YEARS[1]:
        raise ValueError("Choose a date between 2000 and 2199.")
    zone = ZoneInfo(g.place.timezone)
    instant = typed.replace(tzinfo=zone).astimezone(UTC)
    there = instant.astimezone(zone).replace(tzinfo=None)
    if there != typed:
        raise ValueError(
            f"The clocks go forward that night: there is no {typed:%H:%M}."
            f" Choose {typed - (there - typed):%H:%M} or {there:%H:%M}."
        )
    return instant


def _on_clock(instant: datetime | None) -> str:
    if instant is None:
        return ""
    return instant.astimezone(ZoneInfo(g.place.timezone)).strftime(CLOCK[0])
