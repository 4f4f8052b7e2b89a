"""Money as people type it, kept in minor units."""

from collections.abc import Sequence
from typing import Any

from flask import g
from wtforms import StringField
from wtforms.utils import unset_value

from nxloy_web.amounts import WhichAmount, amount_meant
from nxloy_web.money import shown_amount, typed_amount


class MoneyField(StringField):
    """`data` is in minor units of the business's currency; None when empty or not understood.

    What can be two amounts is asked: the field then has `readings` to choose from, and the answer
    comes back with the text beside it.
    """

    typed: str | None = None
    readings: Sequence[tuple[str, str]] = ()
    _chosen = ""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self._chosen = (formdata or {}).get(meant_name(self.name), "")
        super().process(formdata, data, extra_filters)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        self.typed = valuelist[0].strip()
        self.raw_data = [self.typed]  # spaces alone are nothing
        self.data: Any = None
        if not self.typed:
            return
        try:
            self.data = amount_meant(self.typed, g.place.currency, g.place.locale, self._chosen)
        except WhichAmount as question:
            self.readings = readings_of(question, g.place.currency, g.place.locale)
            raise
        if self._chosen:
            self.typed = None  # from here on it stands there without a question

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        if self.data is None:
            return ""
        return typed_amount(self.data, g.place.currency, g.place.locale)


def meant_name(name: str) -> str:
    """The field beside a field of money that says which of two amounts is meant."""
    return f"{name}-meant"


def readings_of(question: WhichAmount, currency: str, locale: str) -> list[tuple[str, str]]:
    """The amounts to choose from: what is sent, and what people read."""
    return [(str(minor), shown_amount(minor, currency, locale)) for minor in question.minors]
