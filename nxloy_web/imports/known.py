"""What of a batch of purchases is there already: by number, by value, and by line of the file."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, select, text

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.tenant import current_business_id
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportKind, ImportLine, ImportRun, UploadedFile
from nxloy_web.tables.purchases import Purchase, PurchaseStatus

Values = tuple[str, datetime, int]
"""Who bought, when, for how much."""


@dataclass(slots=True)
class Alike:
    """Imported purchases of the same values."""

    count: int = 0
    without_order: int = 0
    keys: set[str] = field(default_factory=set)

    def free_key(self, values: Values) -> str:
        """A key for one more of them, which is taken with that."""
        customer_id, occurred_at, amount = values
        facts = f"{customer_id}\0{occurred_at.isoformat()}\0{amount}"
        digest = hashlib.sha256(facts.encode()).hexdigest()[:32]
        number = 1
        while (key := f"line:{digest}:{number}") in self.keys:
            number += 1
        self.keys.add(key)
        return key


def alike(wanted: Iterable[Values]) -> dict[Values, Alike]:
    """For each of these values what imports have brought in, also what was voided by hand since."""
    found = {values: Alike() for values in wanted}
    if not found:
        return found
    customers, instants, amounts = zip(*found, strict=True)
    rows = db.session.execute(
        text(_ALIKE),
        {
            "business_id": current_business_id(),
            "customers": list(customers),
            "instants": list(instants),
            "amounts": list(amounts),
        },
    )
    for customer_id, occurred_at, amount, order_ref, import_key in rows:
        there = found[customer_id, occurred_at, amount]
        there.count += 1
        there.without_order += order_ref is None
        there.keys.add(import_key)
    return found


_ALIKE = """
    SELECT asked.customer_id, asked.occurred_at, asked.amount_minor, kept.order_ref, kept.import_key
    FROM unnest(CAST(:customers AS text[]), CAST(:instants AS timestamptz[]),
                CAST(:amounts AS int8[])) AS asked (customer_id, occurred_at, amount_minor)
    JOIN purchases AS kept
      ON kept.business_id = :business_id AND kept.customer_id = asked.customer_id
     AND kept.occurred_at = asked.occurred_at AND kept.amount_minor = asked.amount_minor
    WHERE kept.import_key IS NOT NULL AND kept.undone_at IS NULL
"""


def orders_there(orders: Collection[str]) -> dict[str, int]:
    """Amounts by the key of the order number: those entered at the counter too."""
    if not orders:
        return {}
    rows = db.session.execute(
        select(Purchase.receipt_key, Purchase.amount_minor).where(
            among(Purchase.receipt_key, orders), Purchase.status == PurchaseStatus.RECORDED
        )
    )
    return {order: amount for order, amount in rows if order is not None}


def keys_there(keys: Collection[str]) -> set[str]:
    """Of these keys those that imported purchases hold, also when voided by hand since."""
    if not keys:
        return set()
    return set(
        db.session.scalars(
            select(Purchase.import_key).where(
                among(Purchase.import_key, keys), Purchase.undone_at.is_(None)
            )
        )
    )


class SameFile:
    """The lines that the same file has brought in before, whatever its columns were taken for."""

    def __init__(self, run: ImportRun) -> None:
        mine = select(UploadedFile.sha256).where(UploadedFile.id == run.file_id)
        self._is_purchases = run.kind is ImportKind.PURCHASES
        self._run_ids = db.session.scalars(
            select(ImportRun.id)
            .join(UploadedFile, UploadedFile.id == ImportRun.file_id)
            .where(
                UploadedFile.sha256 == mine.scalar_subquery(),
                ImportRun.id != run.id,
                ImportRun.kind == run.kind,
            )
        ).all()

    def lines(self, first: int, last: int) -> set[int]:
        """Of the lines from one to another those whose purchase or customer is still there."""
        if not self._run_ids:
            return set()
        is_there = (
            exists().where(Purchase.id == ImportLine.created_id, Purchase.undone_at.is_(None))
            if self._is_purchases
            else exists().where(Customer.id == ImportLine.created_id, Customer.deleted_at.is_(None))
        )
        return set(
            db.session.scalars(
                select(ImportLine.line).where(
                    ImportLine.run_id.in_(self._run_ids),
                    ImportLine.line.between(first, last),
                    ImportLine.created_id.is_not(None),
                    is_there,
                )
            )
        )
