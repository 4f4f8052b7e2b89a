"""Links sent by mail: random, kept hashed, good once and for a while."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, true, update

from nxloy_web.db import db
from nxloy_web.identity import digests
from nxloy_web.tables.auth import VerificationCode, VerificationPurpose, VerificationStatus

LASTS = {
    VerificationPurpose.VERIFY_EMAIL: timedelta(hours=48),
    VerificationPurpose.RESET_PASSWORD: timedelta(hours=1),
    VerificationPurpose.CHANGE_EMAIL: timedelta(hours=24),
    VerificationPurpose.SIGN_IN: timedelta(minutes=10),
}
MOST_AN_HOUR = 6
KEPT_FOR = timedelta(days=2)


def make(
    user_id: str, purpose: VerificationPurpose, *, at: datetime, target: str | None = None
) -> str:
    """A fresh token; the links sent before it stop working."""
    token = secrets.token_urlsafe(32)
    store(user_id, purpose, digests.of_token(token), at=at, target=target)
    return token


def store(
    user_id: str,
    purpose: VerificationPurpose,
    digest: str,
    *,
    at: datetime,
    target: str | None = None,
) -> None:
    # A code belongs to the browser that asked for it; of links the newest alone is good.
    withdraw(user_id, purpose, target if purpose is VerificationPurpose.SIGN_IN else None)
    db.session.execute(
        delete(VerificationCode).where(
            VerificationCode.user_id == user_id, VerificationCode.expires_at < at - KEPT_FOR
        )
    )
    db.session.add(
        VerificationCode(
            user_id=user_id,
            purpose=purpose,
            code=digest,
            target=target,
            created_at=at,
            expires_at=at + LASTS[purpose],
        )
    )
    db.session.flush()


def find(
    token: str, purpose: VerificationPurpose, *, at: datetime, lock: bool = False
) -> VerificationCode | None:
    """The living row of a token. With `lock` a second use waits, and then finds it used."""
    statement = select(VerificationCode).where(
        VerificationCode.code == digests.of_token(token),
        VerificationCode.purpose == purpose,
        VerificationCode.status == VerificationStatus.PENDING,
        VerificationCode.expires_at > at,
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(statement)


def withdraw(user_id: str, purpose: VerificationPurpose, target: str | None = None) -> None:
    """What was sent for this purpose opens nothing any more; with `target`, only what names it."""
    db.session.execute(
        update(VerificationCode)
        .where(
            VerificationCode.user_id == user_id,
            VerificationCode.purpose == purpose,
            VerificationCode.status == VerificationStatus.PENDING,
            true() if target is None else VerificationCode.target == target,
        )
        .values(status=VerificationStatus.EXPIRED)
    )


def too_many(user_id: str, purpose: VerificationPurpose, *, at: datetime) -> bool:
    """Whether this person has had enough mail of a kind: nobody's inbox is to be flooded."""
    sent = db.session.scalar(
        select(func.count()).where(
            VerificationCode.user_id == user_id,
            VerificationCode.purpose == purpose,
            VerificationCode.created_at > at - timedelta(hours=1),
        )
    )
    return (sent or 0) >= MOST_AN_HOUR
