"""Finding the person behind an address."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from nxloy_web.contacts import email_norm
from nxloy_web.db import db
from nxloy_web.tables.auth import User


def by_email(email: str, *, lock: bool = False) -> User | None:
    """The person who signs in with this address. Not KEY UPDATE: rows that name them may come."""
    try:
        norm = email_norm(email)
    except ValueError:
        return None
    statement = select(User).where(User.email_norm == norm)
    if lock:
        statement = statement.with_for_update(key_share=True)
        statement = statement.execution_options(populate_existing=True)
    return db.session.scalar(statement)


def by_id(user_id: str, *, lock: bool = False) -> User:
    statement = select(User).where(User.id == user_id)
    if lock:
        statement = statement.with_for_update(key_share=True)
        statement = statement.execution_options(populate_existing=True)
    return db.session.scalars(statement).one()


def add(user: User) -> bool:
    """Insert a person; False when the address has been taken, perhaps a moment ago."""
    try:
        with db.session.begin_nested():
            db.session.add(user)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def find_or_create_user(email: str, name: str) -> User:
    """The person with this address, made without a password when they are new."""
    found = by_email(email)
    if found is not None:
        return found
    norm = email_norm(email)
    made = User(name=name or norm.partition("@")[0], email=email.strip(), email_norm=norm)
    if add(made):
        return made
    other = by_email(email)
    assert other is not None
    return other


def prove_address(user: User, *, at: datetime) -> None:
    """A code or link that was mailed has come back: the address is theirs.

    A password set before that came from whoever typed the address at sign-up, who may have been
    somebody else waiting for the owner to confirm it. It goes.
    """
    if user.email_verified:
        return
    user.email_verified, user.email_verified_at = True, at
    if user.password_hash is not None:
        user.password_hash = None
        user.session_epoch += 1
