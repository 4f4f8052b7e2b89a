"""People who can sign in. These tables belong to no business and are touched only here."""

import enum
from datetime import datetime

from sqlalchemy import (
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, EnumText, SearchText, TimestampMixin, members
from nxloy_web.db.ids import new_id


class User(TimestampMixin, Base):
    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str]
    email_norm: Mapped[str] = mapped_column(SearchText)
    email_verified: Mapped[bool] = mapped_column(server_default=false(), default=False)
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    session_epoch: Mapped[int] = mapped_column(server_default="1", default=1)
    # Written by `flask schema operator` alone: the application has no right to.
    is_operator: Mapped[bool] = mapped_column(server_default=false())
    # By strangers; those of one place are in sign_in_tries.
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0", default=0)
    locked_until: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("email_norm"),)


class SignInTries(Base):
    """Wrong passwords for one account from one place: a known browser, or a network."""

    __tablename__ = "sign_in_tries"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    source: Mapped[str]
    wrong: Mapped[int] = mapped_column(server_default="0", default=0)
    locked_until: Mapped[datetime | None]
    last_at: Mapped[datetime]

    __table_args__ = (PrimaryKeyConstraint("user_id", "source"),)


class VerificationType(enum.Enum):
    EMAIL = "EMAIL"
    PHONE = "PHONE"


class VerificationStatus(enum.Enum):
    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


class VerificationPurpose(enum.Enum):
    VERIFY_EMAIL = "VERIFY_EMAIL"
    SIGN_IN = "SIGN_IN"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - a purpose, not a password
    CHANGE_EMAIL = "CHANGE_EMAIL"


class VerificationCode(TimestampMixin, Base):
    """A code or token sent by mail: kept hashed, short-lived, good for a few tries."""

    __tablename__ = "verification_codes"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # The one native enum pair: no tenant policy applies here, so its `=` may use an index.
    type: Mapped[VerificationType] = mapped_column(
        Enum(VerificationType, name="verification_type"), default=VerificationType.EMAIL
    )
    status: Mapped[VerificationStatus] = mapped_column(
        Enum(VerificationStatus, name="verification_status"),
        server_default="PENDING",
        default=VerificationStatus.PENDING,
    )
    purpose: Mapped[VerificationPurpose] = mapped_column(EnumText(VerificationPurpose))
    code: Mapped[str]
    target: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    expires_at: Mapped[datetime]

    __table_args__ = (
        members("purpose", VerificationPurpose),
        Index("ix_verification_codes_user_id", "user_id"),
        Index("ix_verification_codes_code", "code"),
        Index("ix_verification_codes_expires_at", "expires_at"),
    )


class OAuthProvider(enum.Enum):
    GOOGLE = "GOOGLE"
    APPLE = "APPLE"
    FACEBOOK = "FACEBOOK"
    TELEGRAM = "TELEGRAM"


class Account(TimestampMixin, Base):
    """A sign-in at another provider; none is offered yet. Tokens come here encrypted, as bytes."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    provider: Mapped[OAuthProvider] = mapped_column(EnumText(OAuthProvider))
    provider_id: Mapped[str]
    access_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]

    __table_args__ = (
        members("provider", OAuthProvider),
        UniqueConstraint("provider", "provider_id"),
        Index("ix_accounts_user_id", "user_id"),
    )
