"""What several forms ask of what people type: one line, an address, not too long."""

from collections.abc import Callable, Iterable
from typing import Any

from wtforms import ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from nxloy_web.contacts import email_norm
from nxloy_web.errors import NotUsable
from nxloy_web.plain_names import LinkInName, refuse_links

NAME = 80


def one_line(value: Any) -> Any:
    """A name is one line; line breaks and runs of spaces in it are accidents, or worse."""
    return " ".join(value.split()) if isinstance(value, str) else value


def options(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """Choices of a select or radio field, from (value, label)."""
    return [SelectChoice(value=value, label=label) for value, label in pairs]


def options_of(read: Callable[[], Iterable[tuple[str, str]]]) -> Callable[[], list[SelectChoice]]:
    """The same, made when a form is: for long lists."""
    return lambda: options(read())


def needed(sentence: str, longest: int = NAME) -> list[Any]:
    """Validators of a text that must be there."""
    return [
        DataRequired(sentence),
        Length(max=longest, message=f"Use at most {longest} characters."),
    ]


def at_most(longest: int) -> Length:
    return Length(max=longest, message=f"Use at most {longest} characters.")


def no_link(form: Any, field: Any) -> None:
    """For names that travel by mail."""
    try:
        refuse_links(field.data or "")
    except LinkInName as refusal:
        raise ValidationError(str(refusal)) from None


def is_email(form: Any, field: Any) -> None:
    try:
        email_norm(field.data or "")
    except NotUsable as error:
        raise ValidationError(str(error)) from None
