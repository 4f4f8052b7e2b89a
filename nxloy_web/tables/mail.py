"""Mail on its way out. Job arguments hold ids only, so the text waits here and is then erased."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, TimestampMixin
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
