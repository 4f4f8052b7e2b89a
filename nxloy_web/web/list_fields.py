"""Several short texts as people type them; `data` is the list."""

import re
from collections.abc import Iterable, Sequence

from wtforms import StringField, TextAreaField


class TagsField(StringField):
    """Words with commas between them, each kept once. A # before one is no part of it."""

    data: list[str]

    def process_data(self, value: Sequence[str] | None) -> None:
        self.data = list(value or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            words = (word.strip().lstrip("#") for word in re.split("[,;]", valuelist[0]))
            self.data = list(dict.fromkeys(_texts(words)))

    def _value(self) -> str:
        return ", ".join(self.data)


class LinesField(TextAreaField):
    """One text a line."""

    data: list[str]

    def process_data(self, value: Sequence[str] | None) -> None:
        self.data = list(value or ())

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = list(_texts(valuelist[0].splitlines()))

    def _value(self) -> str:
        return "\n".join(self.data)


def _texts(typed: Iterable[str]) -> Iterable[str]:
    # PostgreSQL keeps no NUL; nobody types one.
    return filter(None, (text.replace("\0", "").strip() for text in typed))
