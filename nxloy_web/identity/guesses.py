"""Wrong passwords are counted by account and by where they come from.

Whoever guesses shuts out himself, not the owner: a browser in which this person has signed in
before has a count of its own, and passes whatever strangers do. All strangers together have a
bound as well, or many addresses could take turns.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete

from nxloy_web.db import db
from nxloy_web.tables.auth import SignInTries, User

MOST = 5
LOCKED_FOR = timedelta(minutes=15)
MOST_OF_STRANGERS = 50
STRANGERS_LOCKED_FOR = timedelta(hours=3)
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Origin:
    """Where somebody types a password: the network, and what their browser remembers.

    `known` has the epoch of each person's session that has signed in there with a password.
    """

    address: str
    device_id: str | None = None
    known: tuple[tuple[str, int], ...] = ()

    def is_known_to(self, user: User) -> bool:
        """Whether they have signed in here, and have not signed out everywhere since."""
        return self.device_id is not None and (user.id, user.session_epoch) in self.known

    def source_for(self, user: User) -> str:
        return f"device {self.device_id}" if self.is_known_to(user) else _network(self.address)


def is_shut_out(user: User, origin: Origin, at: datetime) -> bool:
    """Whether tries from there count no more for now, right or wrong."""
    if _is_after(user.locked_until, at) and not origin.is_known_to(user):
        return True
    tries = _tries(user, origin.source_for(user))
    return tries is not None and _is_after(tries.locked_until, at)


def count_wrong(user: User, origin: Origin, at: datetime) -> None:
    """The caller holds the person's row: guesses at one account wait for each other."""
    source = origin.source_for(user)
    tries = _tries(user, source)
    if tries is None:
        _forget_old(user, at)
        tries = SignInTries(user_id=user.id, source=source, wrong=0)
        db.session.add(tries)
    tries.wrong += 1
    tries.last_at = at
    if tries.wrong >= MOST:
        tries.wrong, tries.locked_until = 0, at + LOCKED_FOR
    if not origin.is_known_to(user):
        user.failed_sign_ins += 1
        if user.failed_sign_ins >= MOST_OF_STRANGERS:
            user.failed_sign_ins, user.locked_until = 0, at + STRANGERS_LOCKED_FOR
    db.session.flush()


def forgive(user: User, origin: Origin) -> None:
    """The right password came from there."""
    db.session.execute(
        delete(SignInTries).where(
            SignInTries.user_id == user.id, SignInTries.source == origin.source_for(user)
        )
    )
    if not origin.is_known_to(user):
        user.failed_sign_ins, user.locked_until = 0, None


def forgive_all(user: User) -> None:
    """A new password was set: what was guessed at the old one is past."""
    db.session.execute(delete(SignInTries).where(SignInTries.user_id == user.id))
    user.failed_sign_ins, user.locked_until = 0, None


def _tries(user: User, source: str) -> SignInTries | None:
    return db.session.get(SignInTries, (user.id, source), populate_existing=True)


def _forget_old(user: User, at: datetime) -> None:
    db.session.execute(
        delete(SignInTries).where(
            SignInTries.user_id == user.id, SignInTries.last_at < at - KEPT_FOR
        )
    )


def _is_after(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment > at


def _network(address: str) -> str:
    """The address, or of IPv6 the half that a household has: the rest is its own to choose."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "nowhere"
    if found.version == 6:
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)
