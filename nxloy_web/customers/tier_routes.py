"""A tier set by hand: for one customer, with a reason and an end; and ended early."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.current_business import current_zone
from nxloy_web.customers import queries
from nxloy_web.customers.blueprint import bp
from nxloy_web.customers.forms import TakeTierForm, TierByHandForm
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import by_hand
from nxloy_web.ledger import reads as ledger
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.facts import typed
from nxloy_web.web.fields import options


@bp.get("/<id:customer_id>/programs/<id:program_id>/tier")
@requires(Permission.CUSTOMERS_SET_TIER)
def ask_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    customer, program = find(Customer, customer_id), find(LoyaltyProgram, program_id)
    kept = ledger.set_by_hand(customer_id, program_id, clock.now(), current_zone())
    shown = {} if kept is None else {**kept.facts, "instead_of": kept.form}
    return _page(customer, program, _form(program, shown))


@bp.post("/<id:customer_id>/programs/<id:program_id>/tier")
@requires(Permission.CUSTOMERS_SET_TIER)
def set_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    customer, program = find(Customer, customer_id), find(LoyaltyProgram, program_id)
    form = _form(program, {})
    if not form.validate():
        return _page(customer, program, form, status=422)
    try:
        by_hand.set_tier(
            customer_id,
            program_id,
            typed(form, by_hand.TierByHand),
            id=form.new_id.data,
            instead_of=form.instead_of.data or "",
            by=g.actor,
            at=clock.now(),
        )
    except by_hand.EndInThePast as error:
        form.refuse("last_day", error.message)
    except BusinessRule as error:
        form.refuse("tier_id", error.message)
    else:
        there = url_for(".show", customer_id=customer_id)
        return see_other(there, toast=f"The tier of {customer.name} is set by hand")
    return _page(customer, program, form, status=422)


@bp.post("/<id:customer_id>/programs/<id:program_id>/tier/end")
@requires(Permission.CUSTOMERS_SET_TIER)
def take_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    form = TakeTierForm.from_request()
    by_hand.take_away(
        customer_id, program_id, form=form.shown.data or "", by=g.actor, at=clock.now()
    )
    there = url_for(".show", customer_id=customer_id)
    return see_other(there, toast="The tier is what the points say again")


def _form(program: LoyaltyProgram, shown: dict[str, object]) -> TierByHandForm:
    form = TierByHandForm.from_request(data=shown)
    tiers = queries.tiers_of([program.id])[program.id]
    form.tier_id.choices = options([(tier.id, tier.name) for tier in reversed(tiers)])
    return form


def _page(
    customer: Customer, program: LoyaltyProgram, form: TierByHandForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "customers/tier.html",
        fragment="customers/_tier.html",
        status=status,
        customer=customer,
        program=program,
        form=form,
    )
