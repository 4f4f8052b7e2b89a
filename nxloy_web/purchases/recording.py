"""Recording what customers bought.

Locks are taken in one order: the balance, then the purchase, then the customer's figures.
"""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.refusals import refusing
from nxloy_web.db.rows import already, find
from nxloy_web.earning.points import Earned
from nxloy_web.earning.set_up import Program, SetUp, read_set_up
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.ledger import limits
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.money import MOST_MINOR, coded_amount
from nxloy_web.permissions import Permission
from nxloy_web.purchases import counting, reads
from nxloy_web.purchases.giving import Giving, earn_in
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.loyalty import ProgramStatus
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from nxloy_web.texts import Text, _


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


class NotVoided(BusinessRule):
    message = _("Void the purchase first, then record it again.")


class RecordedAgain(BusinessRule):
    message = _("This purchase was recorded again already.")


class MoreThanUsual(BusinessRule):
    message = _("This gives more points than a purchase usually does. Check the amount.")

    def __init__(self, points: int, unit: str, usual: int) -> None:
        super().__init__(
            _(
                "This gives %(points)s %(unit)s, more than the usual %(usual)s. Check the amount.",
                points=points,
                unit=unit,
                usual=usual,
            )
        )
        self.points = points
        self.usual = usual


_REFUSALS = {
    "uq_purchases_receipt_key": OrderTaken(),
    "uq_purchases_order_ref": OrderTaken(),  # of old code, until the contract drops it
}


def quote(
    customer_id: str, amount_minor: int, *, at: datetime, program_id: str | None = None
) -> Earned:
    """What a purchase would earn now. Changes nothing."""
    set_up = read_set_up()
    program = _running(set_up, program_id)
    tier = program.ladder.held_by(ledger.balance_of(customer_id, program.id), at)
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
    again_of: str | None = None,
    confirmed_points: int | None = None,
) -> Purchase:
    """Record a purchase and give what it earns; pressed twice, the first one is returned.

    Points expire counted from `occurred_at`, so bringing in old purchases does not restart their
    life. `again_of` is a voided purchase that this one puts right: what it left unpaid is paid, as
    when its receipt comes again. With `confirmed_points`, a purchase that would give more than
    them and than is usual in this business raises MoreThanUsual. Whatever is refused is refused
    before anything is written.
    """
    by.needs(Permission.POINTS_GIVE)
    books = Books(program_id, [customer_id], at=at, giver=by)
    asked = {
        "customer_id": customer_id,
        "amount_minor": amount_minor,
        "order_ref": order_ref or None,
    }
    # Of two presses at once the second has waited for the lock: by now the first is there.
    pressed = already(Purchase, id, **asked)
    if pressed is not None:
        return pressed
    customer = books.person(customer_id)
    limits.refuse_blocked(customer)
    giver = limits.giver(by, customer_id, customer, at=at)
    by = giver.by
    occurred_at = occurred_at or at
    _refuse_wrong(amount_minor, occurred_at, at)
    program = _running(books.set_up, program_id)
    if books.choose(program.id):
        pressed = already(Purchase, id, **asked)
        if pressed is not None:
            return pressed
    _refuse_taken(order_ref)
    giving = Giving(program, books)
    earned = giving.quote(customer_id, amount_minor, at)
    giver.refuse_purchase(earned.points)
    _refuse_more_than_usual(earned.points, confirmed_points, books)
    ledger.refuse_too_many(books, customer_id, earned.points)
    came_before = _forerunner(customer_id, order_ref, again_of)
    purchase = Purchase(
        id=id,
        customer_id=customer_id,
        program_id=program.id,
        location_id=books.set_up.location(location_id or by.location_id),
        amount_minor=amount_minor,
        currency=program.currency,
        order_ref=order_ref or None,
        receipt_key=receipt_key(order_ref) if order_ref else None,
        came_before_id=came_before,
        points=earned.points,
        why=earned.why,
        by_user_id=by.user_id,
        occurred_at=occurred_at,
        created_at=at,  # undoing is counted from here, on the clock of the business
    )
    _save(purchase)
    giving.know_again([came_before] if came_before else [])
    giving.give(id, customer_id, earned, occurred_at, by=by, again_of=came_before)
    books.write(by=by)
    counting.count(purchase)
    events.happened("purchase.recorded", purchase, by=by, after=_figures(purchase), at=at)
    return purchase


def _refuse_wrong(amount_minor: int, occurred_at: datetime, at: datetime) -> None:
    if not 0 <= amount_minor <= MOST_MINOR:
        raise WrongAmount
    if occurred_at > at:
        raise InTheFuture


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


def _refuse_taken(order_ref: str | None) -> None:
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


def _refuse_more_than_usual(points: int, confirmed: int | None, books: Books) -> None:
    if confirmed is None:
        return
    usual = max(books.set_up.business.settings.usual_points, confirmed)
    if points > usual:
        raise MoreThanUsual(points, books.unit(points), usual)


def _forerunner(customer_id: str, order_ref: str | None, again_of: str | None) -> str | None:
    """The voided purchase that this one is again."""
    if again_of is not None:
        return _put_right(customer_id, again_of)
    keys = [receipt_key(order_ref)] if order_ref else []
    voided = reads.voided_alike(import_keys=[], receipt_keys=keys)
    mine = [row.id for row in voided if row.customer_id == customer_id]
    return mine[-1] if mine else None


def _put_right(customer_id: str, purchase_id: str) -> str:
    voided = find(Purchase, purchase_id)
    if voided.customer_id != customer_id:
        raise NotFound
    if voided.status is not PurchaseStatus.VOIDED:
        raise NotVoided
    if reads.has_come_again(purchase_id):
        raise RecordedAgain
    return purchase_id


def _save(purchase: Purchase) -> None:
    # Two tills at once with the same receipt: the database refuses the second.
    with refusing(_REFUSALS) if purchase.order_ref else nullcontext():
        db.session.add(purchase)
        db.session.flush()


def _figures(purchase: Purchase) -> dict[str, Any]:
    return {
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "points": purchase.points,
        "customer_id": purchase.customer_id,
    }
