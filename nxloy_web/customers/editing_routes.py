"""Enrolling a customer, and changing what is known of one."""

from collections.abc import Sequence
from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.customers import finding, identifiers, queries, service
from nxloy_web.customers.blueprint import bp
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.forms import EditCustomerForm, NewCustomerForm
from nxloy_web.customers.reach import NotReachable
from nxloy_web.customers.spelling import NotPossible
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.customers import Customer
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.facts import typed


@bp.get("/new")
@requires(Permission.CUSTOMERS_EDIT)
def new() -> ResponseReturnValue:
    form = NewCustomerForm.from_request(data={"email": arguments().text("email")})
    return _new_page(form)


@bp.post("/new")
@requires(Permission.CUSTOMERS_EDIT)
def create() -> ResponseReturnValue:
    form = NewCustomerForm.from_request()
    found: dict[str, Any] = {}
    if form.validate() and _resolve_referrer(form, found):
        try:
            customer = service.enrol(
                form.new_id.data, typed(form, CustomerFacts), by=g.actor, at=clock.now()
            )
        except (identifiers.AlreadyCustomer, NotPossible, NotReachable) as error:
            found |= _refused(form, error)
        else:
            return see_other(
                url_for(".show", customer_id=customer.id), toast=f"{customer.name} is enrolled"
            )
    return _new_page(form, status=422, **found)


@bp.get("/<id:customer_id>/edit")
@requires(Permission.CUSTOMERS_EDIT)
def edit(customer_id: str) -> ResponseReturnValue:
    customer = find(Customer, customer_id)
    return _edit_page(customer, _edit_form(customer))


@bp.post("/<id:customer_id>/edit")
@requires(Permission.CUSTOMERS_EDIT)
def save(customer_id: str) -> ResponseReturnValue:
    customer = find(Customer, customer_id)
    form = _edit_form(customer)
    found: dict[str, Any] = {}
    if form.validate() and _resolve_referrer(form, found):
        try:
            service.edit(
                customer_id,
                typed(form, CustomerFacts),
                version=form.version.data,
                by=g.actor,
                at=clock.now(),
            )
        except Stale:
            keep_typed(form, customer)
            return _edit_page(customer, form, status=409)
        except (identifiers.AlreadyCustomer, NotPossible, NotReachable) as error:
            found |= _refused(form, error)
        else:
            return see_other(url_for(".show", customer_id=customer_id), toast="Saved")
    return _edit_page(customer, form, status=422, **found)


@bp.get("/referrers")
@requires(Permission.CUSTOMERS_EDIT)
def referrers() -> ResponseReturnValue:
    """Who may be meant by what is typed into "Referred by"."""
    typed = arguments().text("referrer")
    return page(
        "customers/referrers.html",
        fragment="customers/_referrers.html",
        typed=typed,
        searched=True,
        found=finding.search(typed, 6),
    )


def _resolve_referrer(form: Any, found: dict[str, Any]) -> bool:
    """Turn what was typed into one customer; says what to do when it is none or several."""
    name = form.referrer.data or ""
    if name == (form.referrer.object_data or ""):
        # Not touched: who is meant stays, also when they are deleted by now.
        form.referred_by.data = form.referred_by.object_data
        return True
    if not name:
        form.referred_by.data = None
        return True
    candidates = finding.search(name, 6)
    chosen = [row for row in candidates if row.id == form.referred_by.data]
    if chosen or len(candidates) == 1:
        form.referred_by.data = (chosen or candidates)[0].id
        return True
    if candidates:
        form.refuse("referrer", "Several customers are called this. Choose one of them.")
    else:
        form.refuse("referrer", "No customer has this code, address or name.")
    found["candidates"] = candidates
    return False


def _refused(form: Any, error: Any) -> dict[str, Any]:
    form.refuse(error.field if error.field in form else "email", error.message)
    return {"taken": getattr(error, "customer", None)}


def _edit_form(customer: Customer) -> EditCustomerForm:
    referrer = queries.names_of([customer.referred_by]) if customer.referred_by else {}
    known = referrer.get(customer.referred_by or "")
    return EditCustomerForm.of(
        facts_of(customer, CustomerFacts),
        version=customer.version,
        beside={"referrer": known.card_code if known else ""},
    )


def _new_page(
    form: NewCustomerForm,
    status: int = 200,
    *,
    taken: Customer | None = None,
    candidates: Sequence[Any] = (),
) -> ResponseReturnValue:
    return page("customers/new.html", status=status, form=form, taken=taken, candidates=candidates)


def _edit_page(
    customer: Customer,
    form: EditCustomerForm,
    status: int = 200,
    *,
    taken: Customer | None = None,
    candidates: Sequence[Any] = (),
) -> ResponseReturnValue:
    return page(
        "customers/edit.html",
        status=status,
        form=form,
        customer=customer,
        taken=taken,
        candidates=candidates,
    )
