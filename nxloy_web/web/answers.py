"""What views return, and the only file that speaks with htmx (through htmx-flask).

A view returns a value; the edge commits, and only then is it rendered. So no lock is held
while HTML is made, and a failure at commit still finds its error page.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any, cast

from flask import Response, flash, render_template
from flask.typing import ResponseReturnValue
from htmx_flask import make_response, request

JSON = dict[str, Any]
PIECE = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """A template still to be rendered."""

    template: str
    context: JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    toast: tuple[str, str, JSON | None] | None = None
    is_whole_page: bool = False
    is_change: bool = False
    nav_counts: dict[str, str] = field(default_factory=dict)
    """Figures of the navigation that a part of a page brings along, by the address they lead to."""

    def render(self) -> Response:
        html = render_template(self.template, **{"is_refused": self.status == 422} | self.context)
        if self.nav_counts:
            html += render_template("layouts/_nav_counts.html", nav_counts=self.nav_counts)
        if self.toast:
            kind, text, undo = self.toast
            html += render_template(
                "components/toast_partial.html",
                toast_kind=kind,
                toast_text=text,
                toast_undo=undo,
                toast_link=None,
            )
        return _response(html, self.status, self.headers)


def is_htmx() -> bool:
    """Whether htmx asks, and not the browser itself."""
    return bool(request.htmx)


def is_fragment() -> bool:
    """Whether a part of the page is asked for. Boosted and restored pages want the whole."""
    # htmx 4 says it in a header of its own, which htmx-flask does not know.
    return is_htmx() and request.headers.get("HX-Request-Type", "partial") == "partial"


def page(
    template: str, *, fragment: str | None = None, status: int = 200, **context: Any
) -> ResponseReturnValue:
    """The page, or only `fragment` of it when htmx asks for a part."""
    if fragment and is_fragment():
        return _value(Answer(fragment, context, status))
    return _value(Answer(template, context, status, is_whole_page=True))


def changed(
    template: str,
    *,
    otherwise: str,
    toast: str | None = None,
    kind: str = "ok",
    undo: JSON | None = None,
    **context: Any,
) -> ResponseReturnValue:
    """The fragments that changed, or for a plain browser the page at `otherwise`."""
    if is_fragment():
        said = (kind, toast, undo) if toast else None
        return _value(Answer(template, context, toast=said, is_change=True))
    return see_other(otherwise, toast=toast, kind=kind, undo=undo)


def see_other(
    url: str, *, toast: str | None = None, kind: str = "ok", undo: JSON | None = None
) -> Response:
    """Go to another page; the toast is shown there."""
    if toast:
        flash(json.dumps({"text": toast, "undo": undo}), kind)
    if is_htmx():
        # htmx would follow a 303 inside fetch and swap the other page into a fragment.
        return _response(redirect=url)
    return Response(status=303, headers={"Location": url})


def sign_in_first(url: str) -> Response:
    """Send a signed-out visitor to sign in, never into a table row."""
    if is_htmx():
        return _response("", 401, redirect=url)
    return Response(status=303, headers={"Location": url})


def toast_alone(
    toast: str,
    *,
    kind: str,
    status: int,
    link: JSON | None = None,
    trigger: JSON | None = None,
) -> Response:
    """One more toast on the page that htmx asked from; everything else on it stays.

    `link` ({"url", "label"}) opens another tab; `trigger` are events for the page's scripts.
    """
    html = render_template(
        "components/toast_partial.html",
        toast_kind=kind,
        toast_text=toast,
        toast_undo=None,
        toast_link=link,
    )
    return _response(html, status, reswap="none", trigger=trigger)


def download(name: str, media_type: str, chunks: Iterable[str]) -> Response:
    """A file that is whole before its first byte is sent, with its length said.

    The server ends an answer properly also when making it failed half-way, and a slow connection
    takes minutes: so nothing is made while it is sent. It waits on disk, in no directory, and is
    gone with the answer.
    """
    with ExitStack() as unless_sent:
        file = unless_sent.enter_context(TemporaryFile())
        for chunk in chunks:
            file.write(chunk.encode())
        size = file.tell()
        file.seek(0)
        response = Response(
            _pieces(file),
            mimetype=media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Length": str(size),
                "Cache-Control": "no-store",
            },
        )
        response.call_on_close(file.close)  # also when nobody has begun to read it
        unless_sent.pop_all()
        return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def vary(response: Response) -> Response:
    """One URL serves page and fragment: caches must keep them apart."""
    if response.direct_passthrough or "immutable" in response.headers.get("Cache-Control", ""):
        return response
    response.vary.update(["HX-Request", "HX-Request-Type", "Cookie"])
    response.headers.setdefault("Cache-Control", "no-store" if is_htmx() else "private, no-cache")
    return response


def _response(*parts: Any, **for_htmx: Any) -> Response:
    # htmx-flask has no types.
    return cast(Response, make_response(*parts, **for_htmx))


def _value(answer: Answer) -> ResponseReturnValue:
    # Flask's types know nothing of values the edge renders; `NxFlask.dispatch_request` does.
    return cast(ResponseReturnValue, answer)
