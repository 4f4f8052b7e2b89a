"""Reads of purchases."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.purchases import Purchase, PurchaseStatus


def by_receipt(number: str) -> Purchase | None:
    """The purchase that stands under a receipt's number."""
    return db.session.scalar(
        history(
            select(Purchase)
            .where(
                Purchase.receipt_key == receipt_key(number),
                Purchase.status == PurchaseStatus.RECORDED,
            )
            .options(joinedload(Purchase.customer))
        )
    )


def voided_alike(*, import_keys: Sequence[str], receipt_keys: Sequence[str]) -> Sequence[Any]:
    """Voided purchases with one of these keys or receipts, the last voided last: what is recorded
    now is the same line come again."""
    alike = []
    if import_keys:
        alike.append(among(Purchase.import_key, import_keys))
    if receipt_keys:
        alike.append(among(Purchase.receipt_key, receipt_keys))
    if not alike:
        return []
    return db.session.execute(
        select(Purchase.id, Purchase.customer_id, Purchase.import_key, Purchase.receipt_key)
        .where(Purchase.status == PurchaseStatus.VOIDED, or_(*alike))
        .order_by(Purchase.voided_at, Purchase.id)
    ).all()


def has_come_again(voided_id: str) -> bool:
    """Whether a purchase stands that is this voided one again."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Purchase.came_before_id == voided_id,
                    Purchase.status == PurchaseStatus.RECORDED,
                )
            )
        )
    )


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
