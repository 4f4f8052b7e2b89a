"""Lists as somebody likes to see them."""

import enum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nxloy_web.db.base import Base, EnumText, TenantMixin, TimestampMixin, members


class ListName(enum.Enum):
    """A list of the desk that is filtered by its address."""

    CUSTOMERS = "CUSTOMERS"
    REDEMPTIONS = "REDEMPTIONS"


class SavedView(TenantMixin, TimestampMixin, Base):
    """Filters of a list under a name. Of one person: what is kept is a habit, not a rule."""

    __tablename__ = "saved_views"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    of_list: Mapped[ListName] = mapped_column(EnumText(ListName))
    name: Mapped[str]
    query: Mapped[str]
    """The address of the list behind its question mark, as `views.addresses` writes it."""

    __table_args__ = (
        members("of_list", ListName),
        Index("uq_saved_views_name", "business_id", "user_id", "of_list", "name", unique=True),
    )
