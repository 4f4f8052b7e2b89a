"""The arithmetic behind the component macros: chart shapes, list addresses, initials."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from flask import Flask, request
from markupsafe import Markup
from wtforms import Field, fields, widgets

from nxloy_web.db.paging import COUNTED
from nxloy_web.web.arguments import LONGEST_QUERY
from nxloy_web.web.requests import NxRequest

Numbers = Sequence[float]


def init_app(app: Flask) -> None:
    asset: Callable[[str], str] = app.jinja_env.globals["asset"]  # type: ignore[assignment]

    def icon_svg(name: str, size: str = "", label: str = "") -> Markup:
        return _icon(asset("icons.svg"), name, size, label)

    app.jinja_env.globals.update(
        icon_svg=icon_svg,
        query_url=query_url,
        onward=onward,
        list_again=list_again,
        initials=initials,
        hue_of=hue_of,
        html_attrs=html_attrs,
        field_kind=field_kind,
        first_error=first_error,
        line_path=line_path,
        all_values=all_values,
        nice_top=nice_top,
        short_number=short_number,
        tick_indexes=tick_indexes,
        most_counted=COUNTED,
    )


@lru_cache(2048)
def _icon(sprite: str, name: str, size: str, label: str) -> Markup:
    """A drawing from the sprite. A page has sixty: they are not put together again for each."""
    return Markup('<svg class="icon{}" {} focusable="false"><use href="{}#{}"/></svg>').format(
        f" icon-{size}" if size else "",
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"'),
        sprite,
        name,
    )


def query_url(**changes: str | int | None) -> str:
    """This page with some of its query changed; `None` takes a key out."""
    kept = {key: request.args.getlist(key) for key in request.args if key not in changes}
    query = urlencode(kept | {k: v for k, v in changes.items() if v is not None}, doseq=True)
    return f"{request.path}?{query}" if query else request.path


def onward(href: str, query: str | None = None) -> str:
    """The page of a row, told how its list is filtered now: `list_again` leads back to that."""
    shown = cast(NxRequest, request).query if query is None else query
    return f"{href}?{urlencode({'back': shown})}" if shown else href


def list_again(href: str) -> str:
    """One level up; where that is the list this page was opened from, as it was filtered."""
    # Written anew, and only behind the question mark: nobody is led to another page by it.
    query = urlencode(parse_qsl(request.args.get("back", "")[:LONGEST_QUERY]))
    return f"{href}?{query}" if query and "?" not in href else href


def initials(name: str | None) -> str:
    words = [word for word in (name or "").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue_of(name: str | None) -> int:
    """One of six avatar colours, always the same for the same name."""
    return sum((name or "").encode()) % 6


def html_attrs(*parts: dict[str, Any]) -> dict[str, Any]:
    """Attributes to hand to a WTForms field: merged, without the empty ones."""
    return {k: v for part in parts for k, v in part.items() if v is not None}


def field_kind(field: Field) -> str:
    """How `components/field.html` draws a field."""
    if isinstance(field, fields.HiddenField) or isinstance(field.widget, widgets.HiddenInput):
        return "hidden"
    for kind, classes in {
        "boolean": (fields.BooleanField,),
        "radio": (fields.RadioField,),
        "checks": (fields.SelectMultipleField,),
        "textarea": (fields.TextAreaField,),
    }.items():
        if isinstance(field, classes):
            return kind
    return "input"


def first_error(errors: Any) -> str:
    """The first sentence in a field's errors, which nest for lists of forms."""
    while isinstance(errors, dict | list | tuple):
        if isinstance(errors, dict):
            errors = list(errors.values())
        errors = next((error for error in errors if error), "")
    return str(errors or "")


def all_values(series: Sequence[dict[str, Any]]) -> list[float]:
    return [value for line in series for value in line["values"]]


def nice_top(values: Numbers) -> float:
    """A round number at or above every value, so that a quarter of it is round too."""
    highest = max(values, default=0)
    if highest <= 0:
        return 4
    step = highest / 4
    magnitude = 10.0 ** floor(log10(step))
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if step <= factor * magnitude and (factor * magnitude).is_integer():
            return factor * magnitude * 4
    return float(ceil(step) * 4)


def short_number(value: float) -> str:
    """Axis labels: 950, 1.4k, 12k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if abs(value) >= size:
            return f"{value / size:.1f}".removesuffix(".0") + letter
    return f"{value:g}"


def tick_indexes(count: int, wanted: int = 5) -> list[int]:
    """Evenly spread positions on an axis, always the first and the last."""
    if count <= wanted:
        return list(range(count))
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]


def line_path(
    values: Numbers, width: float, height: float, *, top: float | None = None, area: bool = False
) -> str:
    """SVG path through the values. Curves keep to the data: no swing above a peak or below zero."""
    if not values:
        return ""
    low = 0.0 if top is not None else float(min(values))
    span = ((top if top is not None else max(values)) - low) or 1
    step = width / max(len(values) - 1, 1)
    points = [(i * step, height - (v - low) / span * height) for i, v in enumerate(values)]
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        path += f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    if len(points) == 1:
        path += f"H{width:.1f}"
    return f"{path}V{height:.1f}H0Z" if area else path
