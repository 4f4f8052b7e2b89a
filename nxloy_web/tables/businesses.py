"""The tenant, its shops and its team."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from nxloy_web.db.base import (
    Base,
    EnumText,
    SearchText,
    SoftDeleteMixin,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    VersionMixin,
    members,
)
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User


class BusinessSettings(BaseModel):
    """Everything a merchant sets that needs no column of its own."""

    model_config = ConfigDict(extra="forbid")

    usual_points: int = Field(default=500, ge=1)
    """The counter asks again before it gives more points than this for one purchase."""
    staff_adjust_limit: int = Field(default=200, ge=0)
    """Most points staff may add or take by hand, or void, at once."""
    staff_adjust_day_limit: int | None = Field(default=500, ge=0)
    """The same in a day. None is no limit, here and below; an owner never has one."""
    staff_purchase_limit: int | None = Field(default=2_000, ge=0)
    """Most points staff may give for one purchase."""
    staff_customer_day_limit: int | None = Field(default=4_000, ge=0)
    """Most points one of the staff may give one customer a day, by purchases and by hand."""
    staff_day_limit: int | None = Field(default=50_000, ge=0)
    """Most points one of the staff may give a day, by purchases and by hand."""
    manager_adjust_limit: int | None = Field(default=None, ge=0)
    manager_adjust_day_limit: int | None = Field(default=None, ge=0)
    manager_purchase_limit: int | None = Field(default=None, ge=0)
    manager_customer_day_limit: int | None = Field(default=None, ge=0)
    manager_day_limit: int | None = Field(default=None, ge=0)
    alone_may_serve_self: bool = False
    """Whether the only person of a team may give, decide and hand over for their own card."""
    balance_may_go_negative: bool = False
    """What a voided purchase does to somebody who has spent the points: stop at 0, or go below."""
    redemption_days: int = Field(default=14, ge=1, le=365)
    """How long a request stays open before it lapses and gives everything back."""
    contact_email: str = Field(default="", max_length=254)
    """Where customers' answers to mails go; empty for nowhere."""
    hue: int = Field(default=285, ge=0, le=359)
    """The colour of the business's pages, as a hue of OKLCH."""


class Business(TimestampMixin, VersionMixin, Base):
    __tablename__ = "businesses"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(SearchText)
    timezone: Mapped[str]
    currency: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="en", default="en")
    settings: Mapped[BusinessSettings] = mapped_column(
        TypedJson(BusinessSettings), server_default=text("'{}'"), default=BusinessSettings
    )

    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("id <> ''", name="id_not_empty"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_iso"),
    )


class Location(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "locations"

    name: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="", default="")

    __table_args__ = (
        Index(
            "uq_locations_name",
            "business_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class Membership(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "memberships"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(EnumText(Role))
    phone_e164: Mapped[str | None]
    """Their own card is known by it."""

    user: Mapped[User] = relationship(User, lazy="raise_on_sql", viewonly=True)

    __table_args__ = (
        members("role", Role),
        Index(
            "uq_memberships_user_id",
            "business_id",
            "user_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_memberships_user_id", "user_id"),
    )


class Invitation(TenantMixin, TimestampMixin, Base):
    """An offer to join the team, sent to an address. The link's token is kept hashed."""

    __tablename__ = "invitations"

    email: Mapped[str]
    email_norm: Mapped[str] = mapped_column(SearchText)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    token_hash: Mapped[str]
    invited_by_user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        members("role", Role),
        Index(
            "uq_invitations_open",
            "business_id",
            "email_norm",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
        Index("ix_invitations_token_hash", "token_hash"),
    )
