"""Whose card it is, as the entrance needs to know it."""

from sqlalchemy import select

from nxloy_web.contacts import email_norm
from nxloy_web.db import db
from nxloy_web.identity import people
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer


def card_of_address(email: str) -> Customer | None:
    """The card somebody who can read this address may sign in to."""
    user = people.by_email(email)
    return card_of(user) if user else _unclaimed(email_norm(email))


def card_of(user: User) -> Customer | None:
    """A person's card here, else the one that has their address and no sign-in yet."""
    mine = db.session.scalar(select(Customer).where(Customer.user_id == user.id))
    return mine or _unclaimed(user.email_norm)


def _unclaimed(norm: str) -> Customer | None:
    return db.session.scalar(
        select(Customer).where(Customer.email_norm == norm, Customer.user_id.is_(None))
    )
