"""Six figures by mail: how customers sign in. Short-lived, few tries, counted in the database."""

import hmac
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.identity import digests, people, tokens
from nxloy_web.identity.letters import SignInCode
from nxloy_web.mail import service as mail
from nxloy_web.tables.auth import (
    User,
    VerificationCode,
    VerificationPurpose,
    VerificationStatus,
)

FIGURES = 6
TRIES = 5
WRONG_A_DAY = 50

_SIGN_IN = VerificationPurpose.SIGN_IN


def send_sign_in_code(
    email: str,
    *,
    door: str,
    at: datetime,
    business_name: str,
    create_name: str | None = None,
    hue: int = 285,
) -> None:
    """Mail a code to a known address, or to a new one when `create_name` is given.

    `door` is the browser that asked: the code opens nothing elsewhere, and replaces only what
    was sent to that browser. So a stranger who asks, or guesses, does it beside the owner.

    Says nothing about whether the address is known. A person who has had too many codes, or
    whose codes were guessed at too often today, gets no more for a while.
    """
    user = _person(email, create_name)
    if user is None:
        return
    # Locked, so that two requests at once leave one living code a door.
    people.by_id(user.id, lock=True)
    if tokens.too_many(user.id, _SIGN_IN, at=at) or _wrong_tries(user.id, at) >= WRONG_A_DAY:
        return
    code = f"{secrets.randbelow(10**FIGURES):0{FIGURES}d}"
    tokens.store(user.id, _SIGN_IN, digests.of_code(user.id, code), at=at, target=door)
    words = SignInCode(
        subject=f"{code} is your code for {business_name}",
        code=code,
        minutes=int(tokens.LASTS[_SIGN_IN].total_seconds() // 60),
        business_name=business_name,
        hue=hue,
    )
    mail.send(user.email, words)


def check_sign_in_code(email: str, code: str, *, door: str, at: datetime) -> User | None:
    """The person, if this is their living code. A wrong one is a result: its count is kept."""
    user = people.by_email(email)
    if user is None:
        return None
    sent = _living(user.id, door, at)
    if sent is None:
        return None
    if not hmac.compare_digest(sent.code, digests.of_code(user.id, _figures(code))):
        sent.tries += 1
        if sent.tries >= TRIES:
            sent.status = VerificationStatus.FAILED
        db.session.flush()
        return None
    sent.status = VerificationStatus.VERIFIED
    people.prove_address(people.by_id(user.id, lock=True), at=at)
    db.session.flush()
    return user


def _person(email: str, create_name: str | None) -> User | None:
    if create_name is None:
        return people.by_email(email)
    return people.find_or_create_user(email, create_name)


def _living(user_id: str, door: str, at: datetime) -> VerificationCode | None:
    # Locked: guesses made at the same moment are counted one after the other.
    return db.session.scalar(
        select(VerificationCode)
        .where(
            VerificationCode.user_id == user_id,
            VerificationCode.purpose == _SIGN_IN,
            VerificationCode.target == door,
            VerificationCode.status == VerificationStatus.PENDING,
            VerificationCode.expires_at > at,
            VerificationCode.tries < TRIES,
        )
        .order_by(VerificationCode.created_at.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _wrong_tries(user_id: str, at: datetime) -> int:
    counted = db.session.scalar(
        select(func.sum(VerificationCode.tries)).where(
            VerificationCode.user_id == user_id,
            VerificationCode.purpose == _SIGN_IN,
            VerificationCode.created_at > at - timedelta(days=1),
        )
    )
    return int(counted or 0)


def _figures(typed: str) -> str:
    """People type "482 913", or paste a space along."""
    return "".join(c for c in typed[:40] if c.isdigit())
