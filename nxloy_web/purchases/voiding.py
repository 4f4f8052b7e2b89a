"""Taking back what customers bought, with what it gave.

Locks are taken in the order of recording: the balance, then the purchase, then the customer's
figures.
"""

from datetime import datetime

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import limits
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.permissions import Permission
from nxloy_web.purchases import counting
from nxloy_web.purchases.returning import take_back, why_of
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from nxloy_web.texts import _


class UndoTooLate(BusinessRule):
    message = _(
        "An entry can be undone by who made it, for two minutes. Void the purchase instead."
    )


def void(purchase_id: str, *, reason: str, by: Actor, at: datetime) -> Purchase:
    """Take a purchase back with what it gave. Voided already: nothing more happens."""
    by.needs(Permission.POINTS_CORRECT)
    purchase, books = _lock(purchase_id, at)
    if purchase.status is PurchaseStatus.VOIDED:
        return purchase
    if not reason.strip():
        raise ledger.ReasonNeeded
    limits.refuse_void(purchase.points, by)
    return _void(purchase, books, reason.strip(), by, at)


def undo(purchase_id: str, *, by: Actor, at: datetime) -> Purchase:
    """Take back one's own slip within two minutes, whatever its size."""
    by.needs(Permission.POINTS_GIVE)
    purchase, books = _lock(purchase_id, at)
    if purchase.status is PurchaseStatus.VOIDED:
        return purchase
    if not can_undo(purchase, by=by, at=at):
        raise UndoTooLate
    return _void(purchase, books, "Undone", by, at)


def can_undo(purchase: Purchase, *, by: Actor, at: datetime) -> bool:
    """Whether this person may still take it back as a slip."""
    own = by.user_id is not None and purchase.by_user_id == by.user_id
    fresh = at - purchase.created_at <= limits.UNDO_WITHIN
    return own and fresh and purchase.status is PurchaseStatus.RECORDED


def _lock(purchase_id: str, at: datetime) -> tuple[Purchase, Books | None]:
    """The purchase, and the balance it gave points to, locked in the order that all keep."""
    purchase = find(Purchase, purchase_id)
    books = None
    if purchase.program_id is not None:
        books = Books(purchase.program_id, [purchase.customer_id], at=at)
    return find(Purchase, purchase_id, lock=True), books


def _void(
    purchase: Purchase, books: Books | None, reason: str, by: Actor, at: datetime
) -> Purchase:
    if books is not None:
        whys = {purchase.id: why_of(purchase)} if purchase.points else {}
        take_back(books, whys, by=by, reason=reason)
        books.write(by=by)
    purchase.status = PurchaseStatus.VOIDED
    purchase.voided_at = at
    purchase.void_reason = reason
    db.session.flush()
    counting.count_again(purchase.customer_id)
    before = {"status": PurchaseStatus.RECORDED}
    after = {"status": PurchaseStatus.VOIDED, "reason": reason}
    events.happened("purchase.voided", purchase, by=by, before=before, after=after, at=at)
    return purchase
