"""Putting a customer's points right: by hand, and by voiding a purchase."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.approvals import asking as approvals
from nxloy_web.customers import queries
from nxloy_web.customers.blueprint import bp
from nxloy_web.customers.forms import AdjustForm, VoidForm
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.limits import OverLimit
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs.units import unit
from nxloy_web.purchases import reads as purchase_queries
from nxloy_web.purchases import voiding
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.purchases import Purchase
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.fields import options

ASKED = "Asked. It is done when somebody else agrees."


@bp.get("/<id:customer_id>/adjustment")
@requires(Permission.POINTS_CORRECT)
def adjustment(customer_id: str) -> ResponseReturnValue:
    return _adjust_page(find(Customer, customer_id), _adjust_form())


@bp.post("/<id:customer_id>/adjustment")
@requires(Permission.POINTS_CORRECT)
def adjust(customer_id: str) -> ResponseReturnValue:
    customer = find(Customer, customer_id)
    form = _adjust_form()
    if form.validate():
        try:
            entry = ledger.adjust(
                customer_id,
                form.program_id.data,
                form.amount,
                id=form.new_id.data,
                reason=form.reason.data,
                by=g.actor,
                at=clock.now(),
            )
        except OverLimit as over:
            if not form.asks:
                form.offer_to_ask()
                return _adjust_page(customer, form, status=422, over_limit=str(over))
            return _ask_adjustment(customer, form)
        except BusinessRule as error:
            form.refuse("points", error.message)
        else:
            word = unit(entry.balance, form.program_id.data)
            return see_other(
                url_for(".show", customer_id=customer_id),
                toast=f"{customer.name} has {entry.balance:,} {word} now",
            )
    return _adjust_page(customer, form, status=422)


@bp.get("/<id:customer_id>/purchases/<id:purchase_id>/void")
@requires(Permission.POINTS_CORRECT)
def ask_void(customer_id: str, purchase_id: str) -> ResponseReturnValue:
    return _void_page(_purchase(customer_id, purchase_id), VoidForm.from_request())


@bp.post("/<id:customer_id>/purchases/<id:purchase_id>/void")
@requires(Permission.POINTS_CORRECT)
def void(customer_id: str, purchase_id: str) -> ResponseReturnValue:
    purchase = _purchase(customer_id, purchase_id)
    form = VoidForm.from_request()
    if form.validate():
        try:
            voiding.void(purchase_id, reason=form.reason.data, by=g.actor, at=clock.now())
        except OverLimit as over:
            if not form.asks:
                form.offer_to_ask()
                return _void_page(purchase, form, status=422, over_limit=str(over))
            return _ask_void(purchase, form)
        except BusinessRule as error:
            form.refuse("reason", error.message)
        else:
            return see_other(
                url_for(".show", customer_id=customer_id, tab="purchases"),
                toast="The purchase is voided, and its points are taken back",
            )
    return _void_page(purchase, form, status=422)


def _ask_adjustment(customer: Customer, form: AdjustForm) -> ResponseReturnValue:
    try:
        approvals.ask_adjustment(
            id=form.asking.data or "",
            customer_id=customer.id,
            program_id=form.program_id.data,
            amount=form.amount,
            reason=form.reason.data,
            by=g.actor,
            at=clock.now(),
        )
    except BusinessRule as error:
        form.refuse("points", error.message)
        return _adjust_page(customer, form, status=422)
    return see_other(url_for(".show", customer_id=customer.id), toast=ASKED)


def _ask_void(purchase: Purchase, form: VoidForm) -> ResponseReturnValue:
    customer_id = purchase.customer_id
    try:
        approvals.ask_void(
            id=form.asking.data or "",
            purchase_id=purchase.id,
            reason=form.reason.data,
            by=g.actor,
            at=clock.now(),
        )
    except BusinessRule as error:
        form.refuse("reason", error.message)
        return _void_page(purchase, form, status=422)
    return see_other(url_for(".show", customer_id=customer_id, tab="purchases"), toast=ASKED)


def _adjust_form() -> AdjustForm:
    form = AdjustForm.from_request()
    rows = queries.programs_to_adjust()
    form.program_id.choices = options([(row.id, row.name) for row in rows])
    return form


def _adjust_page(
    customer: Customer, form: AdjustForm, status: int = 200, over_limit: str = ""
) -> ResponseReturnValue:
    return page(
        "customers/adjust.html",
        fragment="customers/_adjust.html",
        status=status,
        customer=customer,
        form=form,
        over_limit=over_limit,
    )


def _purchase(customer_id: str, purchase_id: str) -> Purchase:
    purchase = purchase_queries.with_everything(purchase_id)
    if purchase.customer_id != customer_id:
        raise NotFound
    return purchase


def _void_page(
    purchase: Purchase, form: VoidForm, status: int = 200, over_limit: str = ""
) -> ResponseReturnValue:
    # The verb has read the row anew, without its customer.
    purchase = _purchase(purchase.customer_id, purchase.id)
    return page(
        "customers/void.html",
        fragment="customers/_void.html",
        status=status,
        purchase=purchase,
        customer=purchase.customer,
        form=form,
        over_limit=over_limit,
    )
