"""What a customer's own figures say of their purchases."""

from typing import Any

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.db.rows import add_up, write_past_version
from nxloy_web.db.session import history
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.purchases import Purchase, PurchaseStatus


def count(purchase: Purchase) -> None:
    """Add up in SQL: two counters at once must not lose a purchase, and a customer's form that
    is open elsewhere must not go stale because of one."""
    add_up(
        Customer,
        purchase.customer_id,
        purchase_count=Customer.purchase_count + 1,
        spent_minor=Customer.spent_minor + purchase.amount_minor,
        first_purchase_at=func.least(Customer.first_purchase_at, purchase.occurred_at),
        last_purchase_at=func.greatest(Customer.last_purchase_at, purchase.occurred_at),
    )


def count_again(customer_id: str) -> None:
    """After a purchase was taken back."""
    # First the row, then the sums: read while waiting for the row, they would miss what the one
    # before us has recorded.
    row = select(Customer).where(Customer.id == customer_id).with_for_update(key_share=True)
    customer = db.session.scalars(history(row)).one()
    mine = (Purchase.customer_id == customer_id, Purchase.status == PurchaseStatus.RECORDED)

    def figure(column: Any) -> Any:
        return select(column).where(*mine).correlate(None).scalar_subquery()

    write_past_version(
        customer,
        purchase_count=figure(func.count()),
        spent_minor=figure(func.coalesce(func.sum(Purchase.amount_minor), 0)),
        first_purchase_at=figure(func.min(Purchase.occurred_at)),
        last_purchase_at=figure(func.max(Purchase.occurred_at)),
    )
