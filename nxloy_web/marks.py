"""What a decorator says of a view, kept beside the view, where the type checker can see it."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any, Generic, TypeVar

Said = TypeVar("Said")
View = TypeVar("View", bound=Callable[..., Any])


class Mark(Generic[Said]):
    """Found again through whatever other decorators have wrapped around the view."""

    def __init__(self) -> None:
        self._said: dict[Callable[..., Any], Said] = {}

    def put(self, view: View, said: Said) -> View:
        self._said[unwrap(view)] = said
        return view

    def of(self, view: Callable[..., Any] | None) -> Said | None:
        return None if view is None else self._said.get(unwrap(view))
