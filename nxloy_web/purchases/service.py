"""Recording what customers bought, and taking it back.

Locks are taken in one order: the balance, then the purchase, then the customer's figures.
"""

from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.refusals import refusing
from nxloy_web.db.rows import add_up, already, find, write_past_version
from nxloy_web.db.session import history
from nxloy_web.earning.points import Earned
from nxloy_web.earning.set_up import Program, SetUp, read_set_up
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import limits
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.money import MOST_MINOR, coded_amount
from nxloy_web.permissions import Permission
from nxloy_web.purchases import reads
from nxloy_web.purchases.giving import Giving, earn_in
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.purchases.returning import take_back, why_of
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import ProgramStatus
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from nxloy_web.texts import Text, _

UNDO_WITHIN = timedelta(minutes=2)


class NoProgram(BusinessRule):
    message = _(
        "No program is running, so purchases earn nothing. Start one under Programs & tiers."
    )


class ProgramNotRunning(BusinessRule):
    message = _("This program is not running, so purchases earn nothing in it.")


class WrongAmount(BusinessRule):
    message = _("This amount cannot be a purchase.")


class InTheFuture(BusinessRule):
    message = _("This purchase would be in the future. Check the date.")


class OrderTaken(BusinessRule):
    message = _("This receipt is recorded already.")


class MoreThanUsual(BusinessRule):
    message = _("This gives more points than a purchase usually does. Check the amount.")

    def __init__(self, points: int, usual: int) -> None:
        super().__init__(
            _(
                "This gives %(points)s points, more than the usual %(usual)s. Check the amount.",
                points=points,
                usual=usual,
            )
        )
        self.points = points
        self.usual = usual


class UndoTooLate(BusinessRule):
    message = _(
        "An entry can be undone by who made it, for two minutes. Void the purchase instead."
    )


_REFUSALS = {
    "uq_purchases_receipt_key": OrderTaken(),
    "uq_purchases_order_ref": OrderTaken(),  # of old code, until the contract drops it
}


def quote(customer_id: str, amount_minor: int, *, program_id: str | None = None) -> Earned:
    """What a purchase would earn now. Changes nothing."""
    set_up = read_set_up()
    program = _running(set_up, program_id)
    tier = program.ladder.held_by(ledger.balance_of(customer_id, program.id))
    return earn_in(program, tier, amount_minor)


def record(
    *,
    id: str,
    customer_id: str,
    program_id: str | None = None,
    amount_minor: int,
    by: Actor,
    at: datetime,
    occurred_at: datetime | None = None,
    location_id: str | None = None,
    order_ref: str | None = None,
    items: int | None = None,
    import_run_id: str | None = None,
    import_key: str | None = None,
    confirmed_points: int | None = None,
) -> Purchase:
    """Record a purchase and give what it earns; pressed twice, the first one is returned.

    Points expire counted from `occurred_at`, so bringing in old purchases does not restart their
    life. With `confirmed_points`, a purchase that would give more than them and than is usual in
    this business raises MoreThanUsual. Whatever is refused is refused before anything is written.
    """
    by.needs(Permission.POINTS_GIVE)
    books = Books(program_id, [customer_id], at=at)
    asked = {
        "customer_id": customer_id,
        "amount_minor": amount_minor,
        "order_ref": order_ref or None,
    }
    # Of two presses at once the second has waited for the lock: by now the first is there.
    pressed = _pressed(id, import_key, **asked)
    if pressed is not None:
        return pressed
    customer = books.person(customer_id)
    limits.refuse_blocked(customer)
    limits.refuse_own(customer, by)
    occurred_at = occurred_at or at
    _check(amount_minor, occurred_at, at)
    program = _running(books.set_up, program_id)
    if books.choose(program.id):
        pressed = _pressed(id, import_key, **asked)
        if pressed is not None:
            return pressed
    giving = Giving(program, books)
    _refuse_taken(order_ref, program.currency)
    earned = giving.quote(customer_id, amount_minor, at)
    if confirmed_points is not None:
        _ask_for_more_than_usual(earned.points, confirmed_points, books.set_up)
    ledger.refuse_too_many(giving.books, customer_id, earned.points)
    came_before = _forerunner(customer_id, order_ref, import_key)
    purchase = Purchase(
        id=id,
        customer_id=customer_id,
        program_id=program.id,
        location_id=books.set_up.location(location_id or by.location_id),
        amount_minor=amount_minor,
        currency=program.currency,
        items=items,
        order_ref=order_ref or None,
        receipt_key=receipt_key(order_ref) if order_ref else None,
        import_key=import_key,
        import_run_id=import_run_id,
        came_before_id=came_before,
        points=earned.points,
        why=earned.why,
        by_user_id=by.user_id,
        occurred_at=occurred_at,
        created_at=at,  # undoing is counted from here, on the clock of the business
    )
    with refusing(_REFUSALS) if order_ref else nullcontext():
        db.session.add(purchase)
        db.session.flush()
    giving.know_again([came_before] if came_before else [])
    giving.give(id, customer_id, earned, occurred_at, by=by, again_of=came_before)
    giving.books.write(by=by)
    _count(purchase)
    if import_run_id is None:  # a whole import is one line of the audit log, its own
        events.happened("purchase.recorded", purchase, by=by, after=_figures(purchase), at=at)
    return purchase


def void(
    purchase_id: str, *, reason: str, by: Actor, at: datetime, import_undone: bool = False
) -> Purchase:
    """Take a purchase back with what it gave. Voided already: nothing more happens.

    `import_undone` marks the compensation of a whole import: its key is free again, so that the
    corrected file can come in.
    """
    by.needs(Permission.POINTS_CORRECT)
    purchase, books = _lock(purchase_id, at)
    if purchase.status is PurchaseStatus.VOIDED:
        return purchase
    if not reason.strip():
        raise ledger.ReasonNeeded
    limits.refuse_over_limit(purchase.points, by)
    return _void(purchase, books, reason.strip(), by, at, import_undone)


def undo(purchase_id: str, *, by: Actor, at: datetime) -> Purchase:
    """Take back one's own slip within two minutes, whatever its size."""
    by.needs(Permission.POINTS_GIVE)
    purchase, books = _lock(purchase_id, at)
    if purchase.status is PurchaseStatus.VOIDED:
        return purchase
    if not can_undo(purchase, by=by, at=at):
        raise UndoTooLate
    return _void(purchase, books, "Undone", by, at, import_undone=False)


def can_undo(purchase: Purchase, *, by: Actor, at: datetime) -> bool:
    """Whether this person may still take it back as a slip."""
    own = by.user_id is not None and purchase.by_user_id == by.user_id
    fresh = at - purchase.created_at <= UNDO_WITHIN
    return own and fresh and purchase.status is PurchaseStatus.RECORDED


def _pressed(id: str, import_key: str | None, **contents: object) -> Purchase | None:
    first = already(Purchase, id, **contents)
    if first is None and import_key is not None:
        first = reads.by_import_key(import_key)
    return first


def _check(amount_minor: int, occurred_at: datetime, at: datetime) -> None:
    if not 0 <= amount_minor <= MOST_MINOR:
        raise WrongAmount
    if occurred_at > at:
        raise InTheFuture


def _ask_for_more_than_usual(points: int, confirmed: int, set_up: SetUp) -> None:
    usual = max(set_up.business.settings.usual_points, confirmed)
    if points > usual:
        raise MoreThanUsual(points, usual)


def _running(set_up: SetUp, program_id: str | None) -> Program:
    if program_id is None:
        program = set_up.default_program
        if program is None:
            raise NoProgram
        return program
    program = set_up.program(program_id)
    if program.status is not ProgramStatus.ACTIVE:
        raise ProgramNotRunning(_not_running(program))
    return program


def _not_running(program: Program) -> Text:
    match program.status:
        case ProgramStatus.DRAFT:
            return _("%(program)s has not been started yet.", program=program.name)
        case ProgramStatus.PAUSED:
            return _(
                "%(program)s is paused: it gives no points until it goes on.", program=program.name
            )
    return _("%(program)s is archived: it gives no points any more.", program=program.name)


def _refuse_taken(order_ref: str | None, currency: str) -> None:
    taken = reads.by_receipt(order_ref) if order_ref else None
    if taken is not None:
        amount = coded_amount(taken.amount_minor, taken.currency)
        raise OrderTaken(
            _(
                "Receipt %(receipt)s is recorded already: %(amount)s of %(customer)s.",
                receipt=str(taken.order_ref),
                amount=amount,
                customer=taken.customer.name,
            )
        )


def _forerunner(customer_id: str, order_ref: str | None, import_key: str | None) -> str | None:
    """The voided purchase that this one is again."""
    voided = reads.voided_alike(
        import_keys=[import_key] if import_key else [],
        receipt_keys=[receipt_key(order_ref)] if order_ref else [],
    )
    mine = [row.id for row in voided if row.customer_id == customer_id]
    return mine[-1] if mine else None


def _lock(purchase_id: str, at: datetime) -> tuple[Purchase, Books | None]:
    """The purchase, and the balance it gave points to, locked in the order that all keep."""
    purchase = find(Purchase, purchase_id)
    books = None
    if purchase.program_id is not None:
        books = Books(purchase.program_id, [purchase.customer_id], at=at)
    return find(Purchase, purchase_id, lock=True), books


def _void(
    purchase: Purchase,
    books: Books | None,
    reason: str,
    by: Actor,
    at: datetime,
    import_undone: bool,
) -> Purchase:
    if books is not None:
        whys = {purchase.id: why_of(purchase)} if purchase.points else {}
        take_back(books, whys, by=by, reason=reason, import_undone=import_undone)
        books.write(by=by)
    purchase.status = PurchaseStatus.VOIDED
    purchase.voided_at = at
    purchase.void_reason = reason
    if import_undone:
        purchase.undone_at = at
    db.session.flush()
    _count_again(purchase.customer_id)
    if not import_undone:
        before = {"status": PurchaseStatus.RECORDED}
        after = {"status": PurchaseStatus.VOIDED, "reason": reason}
        events.happened("purchase.voided", purchase, by=by, before=before, after=after, at=at)
    return purchase


def _figures(purchase: Purchase) -> dict[str, Any]:
    return {
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "points": purchase.points,
        "customer_id": purchase.customer_id,
    }


def _count(purchase: Purchase) -> None:
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


def _count_again(customer_id: str) -> None:
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
