"""Two sessions a browser: one for the desk, one for the portal.

On a shop's tablet a customer signs in to their card while the team works: neither ends the other.
What somebody may see is said by the audience in the session, not by the cookie it came in.
"""

from typing import Any, cast

from flask import Flask, Request, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature

from nxloy_web.config import PORTAL_COOKIE

_OF_THE_PORTAL = ("/p/", "/my-cards/")
_OF_BOTH = ("/", "/places", "/sign-out", "/account")


class TwoSessions(SecureCookieSessionInterface):
    """Reads and writes the session of the side that a request's address belongs to."""

    def get_cookie_name(self, app: Flask) -> str:
        desk, portal = super().get_cookie_name(app), cast(str, app.config[PORTAL_COOKIE])
        if is_of_portal():
            return portal
        # A customer has an account too, without a password: its pages are those of the team.
        if _is_of_both(request) and self._is_somebody(app, portal):
            return desk if self._is_somebody(app, desk) else portal
        return desk

    def _is_somebody(self, app: Flask, name: str) -> bool:
        return "_user_id" in self._read(app, request.cookies.get(name, ""))

    def _read(self, app: Flask, cookie: str) -> Any:
        signer = self.get_signing_serializer(app)
        seconds = int(app.permanent_session_lifetime.total_seconds())
        try:
            return signer.loads(cookie, max_age=seconds) if signer and cookie else {}
        except BadSignature:
            return {}


def is_of_portal() -> bool:
    """Whether this request has the customer's session, whatever is found at its address."""
    return request.path.startswith(_OF_THE_PORTAL)


def init_app(app: Flask) -> None:
    app.session_interface = TwoSessions()


def _is_of_both(asked: Request) -> bool:
    return asked.path in _OF_BOTH or asked.path.startswith("/account/")
