"""From facts to a form and back. The fields of a form are called as the facts are.

A JSON column has a model of its own; its fields stand in the form one by one.
"""

import enum
from collections.abc import Mapping
from dataclasses import is_dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel
from wtforms import Form

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind", bound="DataclassInstance | BaseModel")
Model = TypeVar("Model", bound=BaseModel)
_EMPTY: Mapping[Any, object] = {str: "", int: 0}
"""What an empty field means to a fact that is never None."""


def shown(facts: "DataclassInstance | BaseModel") -> dict[str, object]:
    """The facts as the fields of a form take them."""
    found: dict[str, object] = {}
    for name, needed in types_of(type(facts)).items():
        value = getattr(facts, name)
        if isinstance(value, BaseModel):
            found |= shown(value)
        elif isinstance(value, enum.Enum):
            found[name] = value.value
        else:
            # A choice of nothing is "" in a form, and a text field shows the same for both.
            found[name] = "" if value is None and str in get_args(needed) else value
    return found


def typed(form: Form, kind: type[Kind], **made: object) -> Kind:
    """The facts as they stand in a valid form. `made` are those that no field of it holds.

    A fact without a field is a KeyError: a form that does not ask for it must not decide it.
    """
    if issubclass(kind, BaseModel):
        return _model(form, kind)
    return kind(
        **made,
        **{
            name: _model(form, needed) if _is_model(needed) else _plain(form[name].data, needed)
            for name, needed in types_of(kind).items()
            if name not in made
        },
    )


def types_of(kind: type["DataclassInstance | BaseModel"]) -> dict[str, Any]:
    """The facts and their types, by name."""
    if is_dataclass(kind):
        return get_type_hints(kind)
    assert issubclass(kind, BaseModel)
    return {name: field.annotation for name, field in kind.model_fields.items()}


def _model(form: Form, kind: type[Model]) -> Model:
    """What is left empty is none where it may be, else as the model has it by default."""
    found: dict[str, Any] = {}
    for name, needed in types_of(kind).items():
        value = form[name].data
        if value not in (None, ""):
            found[name] = value
        elif NoneType in get_args(needed):
            found[name] = None
    return kind(**found)


def _is_model(needed: Any) -> bool:
    return isinstance(needed, type) and issubclass(needed, BaseModel)


def _plain(value: Any, needed: Any) -> Any:
    if isinstance(needed, type) and issubclass(needed, enum.Enum):
        return needed(value)
    if value not in (None, ""):
        return value
    return None if NoneType in get_args(needed) else _EMPTY.get(needed, value)
