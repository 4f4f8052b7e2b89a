"""Customers: the list, a customer's page, and what can be done there."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.customers import (
    finding,
    listing,
    queries,
    service,
)
from nxloy_web.customers.blueprint import bp
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.forms import EditCustomerForm, NewCustomerForm
from nxloy_web.customers.reach import NotReachable
from nxloy_web.customers.spelling import NotPossible
from nxloy_web.db.facts import facts_of
from nxloy_web.db.paging import Page
from nxloy_web.db.rows import find
from nxloy_web.errors import Stale
from nxloy_web.ledger import reads as ledger
from nxloy_web.money import amount_text
from nxloy_web.permissions import Permission, requires
from nxloy_web.segments import queries as segments
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.csv_export import csv_download
from nxloy_web.web.facts import typed

TABS = ("activity", "purchases", "redemptions")
EXPORTED = (
    "code", "first name", "last name", "e-mail", "phone", "customer number", "status", "tags",
    "joined", "purchases", "spent", "currency", "last purchase", "points", "tier",
    "offers by e-mail", "offers by text message", "date of birth",
)  # fmt: skip


@bp.get("/")
@requires(Permission.CUSTOMERS_VIEW)
def index() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    program = queries.default_program()
    choices = cache(segments.choices)  # read when first needed, once for both places
    return page(
        "customers/index.html",
        fragment="customers/_results.html",
        filter=filter_,
        program=program,
        listing=listing.page_of(filter_, program, clock.now()),
        # Only the whole page shows the filters, so a fragment does not read what fills them.
        segments=lambda: choices().all,
        lists=lambda: choices().manual,
        tags=finding.tags_in_use,
        statuses=[CustomerStatus.ACTIVE, CustomerStatus.BLOCKED],
    )


@bp.get("/export.csv")
@requires(Permission.CUSTOMERS_EXPORT)
def export() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    at, currency = clock.now(), g.place.currency

    def rows() -> Any:
        program = queries.default_program()
        tiers = {tier.id: tier.name for tier in program.tiers} if program else {}
        for customer, points, tier_id in listing.everything(filter_, program, at):
            yield _exported(customer, points, tiers.get(tier_id or "", ""), currency)

    return csv_download("customers.csv", EXPORTED, rows())


@bp.get("/deleted")
@requires(Permission.CUSTOMERS_MANAGE)
def deleted() -> ResponseReturnValue:
    return page(
        "customers/deleted.html",
        fragment="customers/_deleted.html",
        deleted=listing.deleted(arguments().cursor("after")),
    )


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
        except (service.AlreadyCustomer, NotPossible, NotReachable) as error:
            found |= _refused(form, error)
        else:
            return see_other(
                url_for(".show", customer_id=customer.id), toast=f"{customer.name} is enrolled"
            )
    return _new_page(form, status=422, **found)


@bp.get("/<id:customer_id>")
@requires(Permission.CUSTOMERS_VIEW)
def show(customer_id: str) -> ResponseReturnValue:
    return profile_page(customer_id)


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
        except (service.AlreadyCustomer, NotPossible, NotReachable) as error:
            found |= _refused(form, error)
        else:
            return see_other(url_for(".show", customer_id=customer_id), toast="Saved")
    return _edit_page(customer, form, status=422, **found)


@bp.post("/<id:customer_id>/block")
@requires(Permission.CUSTOMERS_MANAGE)
def block(customer_id: str) -> ResponseReturnValue:
    customer = service.block(customer_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", customer_id=customer_id),
        toast=f"{customer.name} is blocked",
        undo={"url": url_for(".unblock", customer_id=customer_id)},
    )


@bp.post("/<id:customer_id>/unblock")
@requires(Permission.CUSTOMERS_MANAGE)
def unblock(customer_id: str) -> ResponseReturnValue:
    customer = service.unblock(customer_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", customer_id=customer_id), toast=f"{customer.name} is active again"
    )


@bp.post("/<id:customer_id>/deletion")
@requires(Permission.CUSTOMERS_MANAGE)
def delete(customer_id: str) -> ResponseReturnValue:
    try:
        customer = service.delete(customer_id, by=g.actor, at=clock.now())
    except service.HasOpenRedemptions as error:
        return profile_page(customer_id, tab="redemptions", refusal=str(error), status=409)
    return see_other(
        url_for(".index"),
        toast=f"{customer.name} is deleted",
        undo={"url": url_for(".restore", customer_id=customer_id)},
    )


@bp.post("/<id:customer_id>/restoration")
@requires(Permission.CUSTOMERS_MANAGE)
def restore(customer_id: str) -> ResponseReturnValue:
    try:
        customer = service.restore(customer_id, by=g.actor, at=clock.now())
    except service.AlreadyCustomer as error:
        return profile_page(customer_id, refusal=str(error), taken=error.customer, status=409)
    return see_other(url_for(".show", customer_id=customer_id), toast=f"{customer.name} is back")


def profile_page(
    customer_id: str,
    *,
    tab: str = "",
    status: int = 200,
    refusal: str = "",
    taken: Customer | None = None,
) -> ResponseReturnValue:
    """A customer's page; only the open tab is read."""
    customer = queries.customer(customer_id)
    at, said = clock.now(), arguments()
    tab = tab or said.text("tab")
    tab = tab if tab in TABS else TABS[0]
    standings = ledger.standings(customer_id, at)
    program = queries.default_program()
    program_id = said.row_id("program") or _shown_program(standings, program)
    seen = said.cursor("before")
    shown: dict[str, Callable[[], Page[Any]]] = {
        "activity": lambda: queries.entries(customer_id, program_id, seen),
        "purchases": lambda: queries.purchases(customer_id, seen),
        "redemptions": lambda: queries.redemptions(customer_id, seen),
    }
    listed = shown[tab]()
    return page(
        "customers/show.html",
        fragment="customers/_tab.html" if status == 200 else None,
        status=status,
        customer=customer,
        tab=tab,
        shown=listed,
        returns=ledger.returns_of([row[0].id for row in listed.rows]) if tab == "purchases" else {},
        program=program,
        program_id=program_id,
        standings=standings,
        tiers=queries.tiers_of([standing.program.id for standing in standings]),
        referrer=queries.names_of([customer.referred_by]).get(customer.referred_by)
        if customer.referred_by
        else None,
        referred=queries.referred(customer_id),
        segments=queries.segments_of(customer_id),
        refusal=refusal,
        taken=taken,
    )


def _shown_program(standings: Any, program: queries.ProgramWithTiers | None) -> str | None:
    ids = [standing.program.id for standing in standings]
    if program is not None and program.id in ids:
        return program.id
    return ids[0] if ids else None


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


def _exported(customer: Customer, points: int | None, tier: str, currency: str) -> list[object]:
    last = customer.last_purchase_at
    return [
        customer.member_code,
        customer.first_name,
        customer.last_name,
        customer.email,
        customer.phone_e164,
        customer.external_id,
        customer.status.value.lower(),
        ", ".join(customer.tags),
        customer.created_at.date().isoformat(),
        customer.purchase_count,
        amount_text(customer.spent_minor, currency),
        currency,
        last.date().isoformat() if last else None,
        points or 0,
        tier,
        "yes" if customer.email_opt_in else "no",
        "yes" if customer.sms_opt_in else "no",
        customer.date_of_birth.isoformat() if customer.date_of_birth else None,
    ]
