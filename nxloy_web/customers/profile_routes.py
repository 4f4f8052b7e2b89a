"""A customer's page, and what can be done with the card as a whole."""

from collections.abc import Callable
from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.customers import identifiers, queries, status
from nxloy_web.customers.blueprint import bp
from nxloy_web.db.paging import Page
from nxloy_web.ledger import reads as ledger
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.customers import Customer
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments

TABS = ("activity", "purchases", "redemptions")


@bp.get("/<id:customer_id>")
@requires(Permission.CUSTOMERS_VIEW)
def show(customer_id: str) -> ResponseReturnValue:
    return profile_page(customer_id)


@bp.post("/<id:customer_id>/block")
@requires(Permission.CUSTOMERS_MANAGE)
def block(customer_id: str) -> ResponseReturnValue:
    customer = status.block(customer_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", customer_id=customer_id),
        toast=f"{customer.name} is blocked",
        undo={"url": url_for(".unblock", customer_id=customer_id)},
    )


@bp.post("/<id:customer_id>/unblock")
@requires(Permission.CUSTOMERS_MANAGE)
def unblock(customer_id: str) -> ResponseReturnValue:
    customer = status.unblock(customer_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", customer_id=customer_id), toast=f"{customer.name} is active again"
    )


@bp.post("/<id:customer_id>/deletion")
@requires(Permission.CUSTOMERS_MANAGE)
def delete(customer_id: str) -> ResponseReturnValue:
    try:
        customer = status.delete(customer_id, by=g.actor, at=clock.now())
    except status.HasOpenRedemptions as error:
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
        customer = status.restore(customer_id, by=g.actor, at=clock.now())
    except identifiers.AlreadyCustomer as error:
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
        tier_history=queries.tier_history(customer_id),
        refusal=refusal,
        taken=taken,
    )


def _shown_program(standings: Any, program: queries.ProgramWithTiers | None) -> str | None:
    ids = [standing.program.id for standing in standings]
    if program is not None and program.id in ids:
        return program.id
    return ids[0] if ids else None
