"""Money as people type it, kept in minor units."""

from typing import Any

from flask import g
from wtforms import StringField

from nxloy_web.money import amount_text, parse_amount


class MoneyField(StringField):
    """`data` is in minor units of the business's currency; None when empty or not understood."""

    typed: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.typed = valuelist[0].strip()
        self.data: Any = None
        if self.typed:
            self.data = parse_amount(self.typed, g.place.currency)

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return "" if self.data is None else amount_text(self.data, g.place.currency)
