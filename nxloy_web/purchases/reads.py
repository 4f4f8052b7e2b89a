"""Reads of purchases."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.tables.purchases import Purchase, PurchaseStatus


def by_order_ref(order_ref: str) -> Purchase | None:
    """The purchase that stands under a receipt's number."""
    return db.session.scalar(
        history(
            select(Purchase)
            .where(Purchase.order_ref == order_ref, Purchase.status == PurchaseStatus.RECORDED)
            .options(joinedload(Purchase.customer))
        )
    )


def by_import_key(import_key: str) -> Purchase | None:
    return db.session.scalar(select(Purchase).where(Purchase.import_key == import_key))


def with_everything(purchase_id: str) -> Purchase:
    """One purchase with its customer and location, deleted or not. Raises NotFound."""
    purchase = db.session.scalar(
        history(
            select(Purchase)
            .where(Purchase.id == purchase_id)
            .options(joinedload(Purchase.customer), joinedload(Purchase.location))
            .execution_options(populate_existing=True)
        )
    )
    if purchase is None:
        raise NotFound
    return purchase
