"""People in the loyalty of one business."""

import enum
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web import member_codes
from nxloy_web.db.base import (
    Base,
    EnumText,
    SearchText,
    SoftDeleteMixin,
    TenantMixin,
    TimestampMixin,
    TypedJson,
    VersionMixin,
    live_unique,
    members,
    tenant_fk,
    tenant_index,
)


class CustomerStatus(enum.Enum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    BLOCKED = "BLOCKED"
    PENDING = "PENDING"


class CustomerPreferences(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: str | None = None
    notes: str = ""


class Customer(TenantMixin, TimestampMixin, SoftDeleteMixin, VersionMixin, Base):
    __tablename__ = "customers"

    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    member_code: Mapped[str] = mapped_column(SearchText)
    """Printed on the card and in its QR code; unguessable, unique in the business."""
    external_id: Mapped[str | None] = mapped_column(SearchText)
    """The customer's number in the merchant's own system; imports match on it."""
    email: Mapped[str | None]
    email_norm: Mapped[str | None] = mapped_column(SearchText)
    phone_number: Mapped[str | None]
    phone_e164: Mapped[str | None] = mapped_column(SearchText)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    name_norm: Mapped[str] = mapped_column(SearchText, server_default="", default="")
    """The whole name, folded, for sorting; single words are in customer_name_words."""
    status: Mapped[CustomerStatus] = mapped_column(
        EnumText(CustomerStatus), server_default="PENDING", default=CustomerStatus.PENDING
    )
    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None]
    avatar: Mapped[str | None]
    preferences: Mapped[CustomerPreferences] = mapped_column(
        TypedJson(CustomerPreferences), server_default=text("'{}'"), default=CustomerPreferences
    )
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}", default=list)
    email_opt_in: Mapped[bool] = mapped_column(server_default=true(), default=True)
    sms_opt_in: Mapped[bool] = mapped_column(server_default=false(), default=False)
    referred_by: Mapped[str | None]
    erased_at: Mapped[datetime | None]
    # Kept by purchases as they come and go, so that lists and segments read one row a customer.
    purchase_count: Mapped[int] = mapped_column(server_default="0", default=0)
    spent_minor: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    first_purchase_at: Mapped[datetime | None]
    last_purchase_at: Mapped[datetime | None]

    __table_args__ = (
        members("status", CustomerStatus),
        CheckConstraint(
            "email_norm IS NOT NULL OR phone_e164 IS NOT NULL OR erased_at IS NOT NULL",
            name="reachable_unless_erased",
        ),
        CheckConstraint("referred_by <> id", name="not_referred_by_self"),
        ForeignKeyConstraint(
            ["business_id", "referred_by"],
            ["customers.business_id", "customers.id"],
            ondelete="SET NULL (referred_by)",
        ),
        live_unique("uq_customers_email_norm", "email_norm"),
        live_unique("uq_customers_phone_e164", "phone_e164"),
        live_unique("uq_customers_external_id", "external_id"),
        live_unique("uq_customers_user_id", "user_id"),
        Index("uq_customers_member_code", "business_id", "member_code", unique=True),
        Index("ix_customers_user_id", "user_id"),
        tenant_index("ix_customers_created_at", "created_at", "id", where="deleted_at IS NULL"),
        tenant_index("ix_customers_name_norm", "name_norm", "id", where="deleted_at IS NULL"),
        tenant_index("ix_customers_spent", "spent_minor", "id", where="deleted_at IS NULL"),
        tenant_index(
            "ix_customers_purchase_count", "purchase_count", "id", where="deleted_at IS NULL"
        ),
        tenant_index(
            "ix_customers_last_purchase",
            # Those who never bought stand at one end, so that a page can begin after any row.
            text("coalesce(last_purchase_at, '-infinity'::timestamptz)"),
            "id",
            where="deleted_at IS NULL",
        ),
        tenant_index("ix_customers_status", "status", where="deleted_at IS NULL"),
        tenant_index("ix_customers_referred_by", "referred_by", where="referred_by IS NOT NULL"),
        tenant_index("ix_customers_deleted_at", "deleted_at", where="deleted_at IS NOT NULL"),
    )

    @property
    def name(self) -> str:
        """What to call the customer; falls back to what is known of the address."""
        full = " ".join(part for part in (self.first_name, self.last_name) if part)
        return full or self.email or self.phone_e164 or "Erased customer"

    @property
    def phone(self) -> str | None:
        """The number as it was typed, or as it is compared."""
        return self.phone_number or self.phone_e164

    @property
    def notes(self) -> str:
        return self.preferences.notes

    @property
    def card_code(self) -> str:
        """The member code as it is read out: in two halves."""
        return member_codes.shown(self.member_code)

    @property
    def is_blocked(self) -> bool:
        return self.status is CustomerStatus.BLOCKED


class CustomerNameWord(Base):
    """One row a word of a customer's name, so "beginning of any word" is an index range.

    Tags stand here too, as #tag: an array cannot use an index under row-level security.
    """

    __tablename__ = "customer_name_words"

    business_id: Mapped[str] = mapped_column(ForeignKey("businesses.id"))
    word: Mapped[str] = mapped_column(SearchText)
    customer_id: Mapped[str]

    __table_args__ = (
        PrimaryKeyConstraint("business_id", "word", "customer_id"),
        tenant_fk("customer_id", "customers", ondelete="CASCADE"),
        tenant_index("ix_customer_name_words_customer_id", "customer_id"),
    )
