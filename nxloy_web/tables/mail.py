"""Mail on its way out. Job arguments hold ids only, so the text waits here and is then erased."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, TenantMixin, TimestampMixin, tenant_index
from nxloy_web.db.ids import new_id


class OutboundMail(TimestampMixin, Base):
    __tablename__ = "outbound_mails"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    recipient: Mapped[str | None]
    sender_name: Mapped[str | None]
    """Whose letter it is; None for the product's own."""
    reply_to: Mapped[str | None]
    """Where an answer goes; None when nobody said so."""
    subject: Mapped[str | None]
    body_text: Mapped[str | None]
    body_html: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]

    __table_args__ = (
        Index("ix_outbound_mails_waiting", "created_at", postgresql_where=text("sent_at IS NULL")),
    )


class UnsentMail(TenantMixin, TimestampMixin, Base):
    """What a business may know of a mail of its own that is not out yet; gone when the mail is.

    It has the id of the mail. Whom a code to sign in is for is nobody's business, so there is none
    for it.
    """

    __tablename__ = "unsent_mails"

    kind: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(server_default="0", default=0)
    error: Mapped[str | None]
    next_at: Mapped[datetime | None]
    """When it is tried again by itself; None after a try: never."""

    __table_args__ = (tenant_index("ix_unsent_mails_created_at", "created_at", "id"),)
