"""Headers every answer carries, request ids, and the one relaxed policy of the scan page."""

import logging
import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, g, request

from nxloy_web.db.ids import new_id
from nxloy_web.marks import Mark, View
from nxloy_web.web.answers import vary

log = logging.getLogger("nxloy.requests")

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "media-src": "'self' blob:",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")


_with_camera: Mark[bool] = Mark()


def init_app(app: Flask) -> None:
    app.before_request(_name_request)
    app.after_request(_headers)
    app.after_request(vary)


def uses_camera(view: View) -> View:
    """Mark a view whose page reads codes with the camera (the reader is WebAssembly)."""
    return _with_camera.put(view, True)


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.match(given) else new_id()


def _headers(response: Response) -> Response:
    camera = _with_camera.of(_view())
    policy = POLICY | ({"script-src": "'self' 'wasm-unsafe-eval'"} if camera else {})
    response.headers["Content-Security-Policy"] = "; ".join(
        f"{directive} {sources}" for directive, sources in policy.items()
    )
    response.headers["Permissions-Policy"] = f"camera=({'self' if camera else ''}), microphone=()"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
        log.info("%s %s %s %s", g.request_id, request.method, _page(), response.status_code)
    return response


def _page() -> str:
    """The address for the log, without what opens something: a mailed link is as good as a key."""
    token = (request.view_args or {}).get("token")
    return request.path.replace(token, "…") if token else request.path


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")
