"""How people come in: signing up, proving an address, signing in, losing a password."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import exists, select

from nxloy_web.businesses import opening
from nxloy_web.contacts import email_norm
from nxloy_web.db import db
from nxloy_web.errors import BusinessRule
from nxloy_web.identity import guesses, letters, passwords, people, tokens
from nxloy_web.identity.guesses import Origin
from nxloy_web.identity.people import find_or_create_user
from nxloy_web.mail import service as mail
from nxloy_web.permissions import Role
from nxloy_web.plain_names import refuse_links
from nxloy_web.tables.auth import (
    User,
    VerificationCode,
    VerificationPurpose,
    VerificationStatus,
)
from nxloy_web.tables.businesses import Membership
from nxloy_web.texts import _

__all__ = ["authenticate", "find_or_create_user", "sign_up"]

Link = Callable[[str], str]
"""Makes the address of a page from the token it needs."""

_VERIFY = VerificationPurpose.VERIFY_EMAIL
_RESET = VerificationPurpose.RESET_PASSWORD
_CHANGE = VerificationPurpose.CHANGE_EMAIL


class SameAddress(BusinessRule):
    message = _("You already sign in with this address.")


class AddressTaken(BusinessRule):
    message = _("This address belongs to another account. Nothing was changed.")


class LinkUsed(BusinessRule):
    message = _("This link has been used, or is too old.")


def sign_up(
    new: opening.NewBusiness,
    *,
    name: str,
    email: str,
    password: str,
    verify_link: Link,
    reset_link: Link,
    sign_in_link: str,
    at: datetime,
) -> None:
    """Make a person and their business, and mail a link that proves the address.

    Runs inside the scope of the new business. Answers the same when the address has an account:
    then nothing is made and a mail says so. A second press of the same form does nothing.
    """
    # Before the address is looked at: what becomes of a taken id must not tell whose it is.
    opening.refuse_second(new)
    refuse_links(name)
    person = User(
        name=name,
        email=email.strip(),
        email_norm=email_norm(email),
        password_hash=passwords.hashed(password),
    )
    if not people.add(person):
        known = people.by_email(email)
        if known is not None and not _owns(known.id, new.id):
            _tell_known(known, reset_link, sign_in_link, at=at)
        return
    opening.open_business(new, owner_id=person.id, at=at)
    _send_verification(person, verify_link, attempt=new.id, at=at)


def send_verification(user: User, link: Link, *, attempt: str, at: datetime) -> None:
    """Mail the link again, to somebody who has just given the right password."""
    if not tokens.too_many(user.id, _VERIFY, at=at):
        _send_verification(user, link, attempt=attempt, at=at)


def resend_verification(attempt: str, link: Link, *, at: datetime) -> None:
    """Mail the link of a sign-up again; nothing happens for one that made no account."""
    waiting = db.session.scalar(
        select(VerificationCode)
        .where(
            VerificationCode.purpose == _VERIFY,
            VerificationCode.target == attempt,
            VerificationCode.status == VerificationStatus.PENDING,
        )
        .limit(1)
    )
    if waiting is not None:
        send_verification(people.by_id(waiting.user_id), link, attempt=attempt, at=at)


def verifies(token: str, *, at: datetime) -> VerificationCode | None:
    """The link's row, to ask whose it is before it is used."""
    return tokens.find(token, _VERIFY, at=at)


def verify_email(token: str, *, at: datetime) -> User:
    """Use the link of a sign-up. The caller has made sure that the password is this person's."""
    row = tokens.find(token, _VERIFY, at=at, lock=True)
    if row is None:
        raise LinkUsed
    user = people.by_id(row.user_id, lock=True)
    row.status = VerificationStatus.VERIFIED
    user.email_verified, user.email_verified_at = True, at
    db.session.flush()
    return user


def authenticate(email: str, password: str, origin: Origin, at: datetime) -> User | None:
    """The person, if address and password fit and nobody has guessed too often from there.

    An unknown address takes as long. A wrong password is a result, so that its count is kept;
    guesses at one account wait for each other, so that none slips by the count.
    """
    user = people.by_email(email, lock=True)
    fits = passwords.fits(None if user is None else user.password_hash, password)
    if user is None or guesses.is_shut_out(user, origin, at):
        return None
    if not fits:
        guesses.count_wrong(user, origin, at)
        return None
    guesses.forgive(user, origin)
    if user.password_hash is not None and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    db.session.flush()
    return user


def ask_for_reset(email: str, link: Link, *, at: datetime) -> None:
    """Mail a link to choose a new password; says nothing about whether the address is known."""
    user = people.by_email(email, lock=True)
    if user is None or tokens.too_many(user.id, _RESET, at=at):
        return
    new_password = link(tokens.make(user.id, _RESET, at=at))
    mail.send(user.email, letters.ResetPassword(name=user.name, link=new_password))


def resets(token: str, *, at: datetime) -> User | None:
    """Whose password the link is for, while it is good."""
    row = tokens.find(token, _RESET, at=at)
    return None if row is None else people.by_id(row.user_id)


def reset_password(token: str, password: str, *, at: datetime) -> User:
    """Use the link: the new password counts, every browser is signed out, the address is proved."""
    row = tokens.find(token, _RESET, at=at, lock=True)
    if row is None:
        raise LinkUsed
    user = people.by_id(row.user_id, lock=True)
    row.status = VerificationStatus.VERIFIED
    people.prove_address(user, at=at)
    _set_password(user, password)
    return user


def set_first_password(user: User, password: str, *, at: datetime) -> None:
    """For somebody who came through a mailed link and has no password of their own yet."""
    people.prove_address(user, at=at)
    _set_password(user, password)


def change_password(user_id: str, password: str, link: str, *, at: datetime) -> User:
    """The caller has checked the current one. Signs out every other browser."""
    user = people.by_id(user_id, lock=True)
    _set_password(user, password)
    mail.send(user.email, letters.PasswordChanged(name=user.name, link=link))
    return user


def rename(user_id: str, name: str) -> User:
    refuse_links(name)
    user = people.by_id(user_id, lock=True)
    user.name = name
    db.session.flush()
    return user


def sign_out_everywhere(user_id: str) -> User:
    user = people.by_id(user_id, lock=True)
    user.session_epoch += 1
    db.session.flush()
    return user


def ask_for_email_change(
    user_id: str, new_email: str, link: Link, sign_in_link: str, *, at: datetime
) -> None:
    """Mail a link to the new address; it counts once the link is used.

    The answer is the same for an address that has an account: only its owner is told.
    """
    user = people.by_id(user_id, lock=True)
    if email_norm(new_email) == user.email_norm:
        raise SameAddress
    if tokens.too_many(user.id, _CHANGE, at=at):
        return
    token = tokens.make(user.id, _CHANGE, at=at, target=new_email.strip())
    if people.by_email(new_email) is None:
        mail.send(new_email, letters.ChangeEmail(name=user.name, link=link(token)))
    else:
        mail.send(new_email, letters.ChangeEmailTaken(link=sign_in_link))


def changes_email(token: str, *, at: datetime) -> str | None:
    """The new address the link is for, while it is good."""
    row = tokens.find(token, _CHANGE, at=at)
    return None if row is None else row.target


def confirm_email_change(token: str, *, at: datetime) -> User:
    row = tokens.find(token, _CHANGE, at=at, lock=True)
    if row is None or row.target is None:
        raise LinkUsed
    user = people.by_id(row.user_id, lock=True)
    if people.by_email(row.target) is not None:
        raise AddressTaken
    old = user.email
    user.email, user.email_norm = row.target, email_norm(row.target)
    user.email_verified, user.email_verified_at = True, at
    row.status = VerificationStatus.VERIFIED
    # What was sent to the old address must not open the account any more.
    tokens.withdraw(user.id, _RESET)
    tokens.withdraw(user.id, VerificationPurpose.SIGN_IN)
    db.session.flush()
    mail.send(old, letters.EmailChanged(name=user.name, new_email=user.email))
    return user


def _send_verification(user: User, link: Link, *, attempt: str, at: datetime) -> None:
    confirm = link(tokens.make(user.id, _VERIFY, at=at, target=attempt))
    mail.send(user.email, letters.VerifyEmail(name=user.name, link=confirm))


def _tell_known(user: User, reset_link: Link, sign_in_link: str, *, at: datetime) -> None:
    people.by_id(user.id, lock=True)
    if tokens.too_many(user.id, _RESET, at=at):
        return
    new_password = reset_link(tokens.make(user.id, _RESET, at=at))
    mail.send(user.email, letters.SignUpAgain(sign_in_link=sign_in_link, reset_link=new_password))


def _owns(user_id: str, business_id: str) -> bool:
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Membership.business_id == business_id,
                    Membership.user_id == user_id,
                    Membership.role == Role.OWNER,
                )
            )
        )
    )


def _set_password(user: User, password: str) -> None:
    user.password_hash = passwords.hashed(password)
    guesses.forgive_all(user)
    user.session_epoch += 1
    tokens.withdraw(user.id, _RESET)
    db.session.flush()
