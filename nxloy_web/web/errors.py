"""Errors as answers: a page, or for htmx a toast that leaves the page as it is."""

import errno
import logging
from typing import Any, cast

from flask import Flask, Response, current_app, g, make_response, request, url_for
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from nxloy_web import texts
from nxloy_web.errors import Refusal, SignInNeeded, Stale
from nxloy_web.texts import Text, _
from nxloy_web.web import kept_form
from nxloy_web.web.answers import Answer, is_htmx, sign_in_first, toast_alone
from nxloy_web.web.edge import NxFlask
from nxloy_web.web.links import local_path
from nxloy_web.web.places import (
    Side,
    place_of_refusal,
    place_of_request,
    side_of_request,
    slug_of_request,
)
from nxloy_web.web.sign_in import know_nobody

log = logging.getLogger(__name__)

SENTENCES = {
    400: _("The page sent something we could not read. Go back, reload and try again."),
    404: _("There is nothing at this address. It may have been moved or deleted."),
    405: _("This address does not do that."),
    410: _("This is gone. It was moved or deleted."),
    413: _("This is too large. A file may have 32 MB."),
    414: _("This address is longer than we can read. Shorten what you filter or search for."),
    415: _("This is no kind of file or form that we can read."),
    422: _("Something in this form is wrong. Go back and try again."),
    429: _("Too many tries from here. Wait a minute and try again."),
    431: _("Your browser sends more than we can read. Delete the cookies of this site, try again."),
    500: _("Something went wrong on our side. Nothing was changed; try again."),
    503: _("The database cannot be reached right now. Try again in a minute."),
    507: _(
        "The server has no room left to save anything. Nothing was changed. "
        "Tell whoever looks after this installation."
    ),
}
HEADINGS = {
    400: _("We could not read that"),
    403: _("You may not do this"),
    404: _("Nothing here"),
    405: _("Nothing here"),
    410: _("Nothing here"),
    413: _("Too large"),
    415: _("We could not read that"),
    429: _("Too many tries"),
    500: _("Something is wrong"),
    503: _("Back in a minute"),
    507: _("No room left"),
}
"""What stands over the sentence; a number says nothing to anybody."""
BUSY = _("Too much is going on right now. Nothing was changed; try again in a minute.")

# https://www.postgresql.org/docs/current/errcodes-appendix.html; none: it did not even answer.
_NO_ROOM = "53100"
_AWAY = ("08", "57P")


def init_app(app: Flask) -> None:
    app.register_error_handler(SignInNeeded, _sign_in)
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(StaleDataError, lambda error: _refused(Stale()))
    app.register_error_handler(CSRFError, _stale_session)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _no_database)
    app.register_error_handler(InterfaceError, _no_database)
    app.register_error_handler(NoConnectionFree, _busy)
    app.register_error_handler(OSError, _from_the_system)
    app.register_error_handler(Exception, _unexpected)


def _sign_in(error: SignInNeeded) -> Response:
    """To the sign-in, and back: to the page that was asked for, or to the form that was sent."""
    if request.method == "GET":
        return sign_in_first(_sign_in_page(None if is_htmx() else request.full_path.rstrip("?")))
    if is_htmx():
        # The page with what was typed stays; the other tab's sign-in counts here too.
        return toast_alone(
            str(_("You are signed out. What you typed is still here.")),
            kind="bad",
            status=401,
            link={"url": _sign_in_page(None), "label": _("Sign in")},
        )
    kept = kept_form.form_of_request()
    if kept is not None:
        response = sign_in_first(_sign_in_page(kept_form.address()))
        if kept_form.keep(kept, response):
            return response
    return sign_in_first(_sign_in_page(None))


def _sign_in_page(then: str | None) -> str:
    if side_of_request() is Side.PORTAL:
        return url_for("portal.sign_in", slug=slug_of_request(), next=then)
    return url_for("identity.sign_in", next=then)


def _refused(error: Refusal) -> Response:
    if error.status >= 500:
        log.error("refused", exc_info=error)
        return _show(500, SENTENCES[500])
    message = SENTENCES[404] if error.status == 404 else error.message
    return _show(error.status, message)


def _stale_session(error: CSRFError) -> Response:
    """The token of the page is not of this session: mostly somebody has signed out, or in."""
    try:
        g.place = place_of_request(current_app.view_functions.get(request.endpoint or ""))
    except SignInNeeded as needed:
        return _sign_in(needed)
    except Refusal as refusal:
        return _refused(refusal)
    kept = kept_form.form_of_request()
    if kept is None:
        return _show(400, _("This page has been open too long. Open it again and try once more."))
    if is_htmx():
        return toast_alone(
            str(_("You have signed in since this page was opened. Press again.")),
            kind="bad",
            status=400,
            trigger={"csrf:renewed": {"token": generate_csrf()}},
        )
    answer = Answer("kept_form.html", {"form": kept, "has_signed_in": False}, status=400)
    return _app().draw(answer)


def _http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return make_response(error.get_response())
    code = error.code or 500
    response = _show(code, SENTENCES.get(code, SENTENCES[400 if code < 500 else 500]))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _no_database(error: Exception) -> Response:
    log.error("database: %s", error)
    state: str | None = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state == _NO_ROOM:
        return _show(507, SENTENCES[507])
    if state is None or state.startswith(_AWAY):
        return _show(503, SENTENCES[503])
    return _show(503, BUSY)


def _busy(error: Exception) -> Response:
    log.error("database: %s", error)
    return _show(503, BUSY)


def _from_the_system(error: OSError) -> Response:
    """An upload that finds no room for itself on the disk is not our mistake."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(error)
    log.error("no room: %s", error)
    return _show(507, SENTENCES[507])


def _unexpected(error: Exception) -> Response:
    log.exception("unexpected")
    return _show(500, SENTENCES[500])


def _show(code: int, message: Text | str) -> Response:
    try:
        _find_place(code)
        return _drawn(code, message)
    except (OperationalError, InterfaceError, NoConnectionFree) as error:
        if code >= 500:
            raise
        # What stands around a page asks who is signed in, also where nothing is at the address.
        return _no_database(error)


def _find_place(code: int) -> None:
    if code >= 500:
        know_nobody()  # its page must do without a database
        g.setdefault("place", None)
    elif "place" not in g:
        g.place = place_of_refusal()
        if g.place is not None:
            texts.speak(g.place.locale)


def _drawn(code: int, message: Text | str) -> Response:
    if is_htmx():
        return toast_alone(str(message), kind="bad", status=code)
    context: dict[str, Any] = {
        "message": message,
        "heading": HEADINGS.get(code, _("That did not work")),
    }
    if code >= 500 or g.place is None:
        return _app().draw(Answer("layouts/error.html", context, code))
    # Whoever is inside stays inside, with a way on.
    layout = "layouts/portal.html" if side_of_request() is Side.PORTAL else "layouts/desk.html"
    context |= {"layout": layout, "back": _page_before()}
    return _app().draw(Answer("error_inside.html", context, code, is_whole_page=True))


def _page_before() -> str | None:
    """The page of ours that this request came from, unless it is the one that refuses."""
    before = request.referrer or ""
    path = before.removeprefix(request.host_url.rstrip("/"))
    return None if path == before or path == request.full_path.rstrip("?") else local_path(path)


def _app() -> NxFlask:
    return cast(NxFlask, current_app)
