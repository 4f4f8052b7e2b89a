"""Who brought whom along. A chain of referrals has a beginning: nobody stands in it twice."""

from sqlalchemy import select

from nxloy_web.businesses.locks import locked_business
from nxloy_web.customers.spelling import NotPossible
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import _


class ReferralCircle(NotPossible):
    message = _(
        "This customer was brought along, directly or by others, by the one you are changing."
        " Referrals cannot go round in a circle."
    )

    def __init__(self) -> None:
        super().__init__(self.message, "referrer")


def refuse_circle(customer_id: str, referrer_id: str) -> None:
    """Raises NotPossible when the customer stands above the referrer already, however far."""
    if referrer_id == customer_id:
        raise NotPossible(_("Nobody can refer themselves."), "referrer")
    # Of two who name each other in the same moment, the second reads what the first has saved.
    locked_business()
    above = (
        select(Customer.id, Customer.referred_by)
        .where(Customer.id == referrer_id)
        .cte("above", recursive=True)
    )
    # Not UNION ALL: an old circle ends where it began.
    above = above.union(
        select(Customer.id, Customer.referred_by).where(Customer.id == above.c.referred_by)
    )
    if db.session.scalar(history(select(above.c.id).where(above.c.id == customer_id))):
        raise ReferralCircle
