"""The signed-in visitor: a frozen value read through the doors once a request."""

from dataclasses import dataclass, replace

from flask import Flask, g, session
from flask_login import UserMixin, login_user

from nxloy_web.db import doors
from nxloy_web.db.doors import Front, Person
from nxloy_web.extensions import login
from nxloy_web.web.places import slug_of_request


@dataclass(frozen=True, kw_only=True)
class Visitor(Person, UserMixin):
    """`current_user`: the person, and the business of this URL with their part in it."""

    audience: str
    """`staff` after a password, `portal` after a mailed code; staff pages take only `staff`."""
    front: Front | None = None

    def get_id(self) -> str:
        return f"{self.user_id}:{self.session_epoch}:{self.audience}"


def init_app(app: Flask) -> None:
    login.init_app(app)
    login.user_loader(_load)
    login.session_protection = None  # the epoch signs out; an address that changes does not


def sign_in(user_id: str, audience: str, *, epoch: int | None = None) -> None:
    """Remember this person in a fresh session. The audience says which pages it opens.

    Pass `epoch` when this request has raised it: the doors do not see it before the commit.
    """
    found = doors.enter(user_id, None)
    if found is None:
        raise LookupError(user_id)
    visitor = _visitor(*found, audience)
    # Nothing a stranger may have put into this browser's session outlives the sign-in.
    session.clear()
    session.permanent = True
    login_user(visitor if epoch is None else replace(visitor, session_epoch=epoch))


def know_nobody() -> None:
    """For the rest of this request nobody is looked up: its page must do without a database."""
    g.nobody_is_known = True


def _load(login_id: str) -> Visitor | None:
    if "nobody_is_known" in g:
        return None
    try:
        user_id, epoch, audience = login_id.split(":")
    except ValueError:
        return None
    found = doors.enter(user_id, slug_of_request())
    if found is None or str(found[0].session_epoch) != epoch:
        return None
    return _visitor(*found, audience)


def _visitor(person: Person, front: Front | None, audience: str) -> Visitor:
    return Visitor(**vars(person), audience=audience, front=front)
