"""A tier by hand: given to one customer for some time, and ended early."""

from datetime import datetime, time, timedelta

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.current_business import current_zone
from nxloy_web.customers import queries
from nxloy_web.customers.blueprint import bp
from nxloy_web.customers.forms import TierByHandForm
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger import by_hand
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.fields import options


@bp.get("/<id:customer_id>/programs/<id:program_id>/tier")
@requires(Permission.POINTS_CORRECT_ANY)
def ask_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    return _page(find(Customer, customer_id), program_id, _form(program_id))


@bp.post("/<id:customer_id>/programs/<id:program_id>/tier")
@requires(Permission.POINTS_CORRECT_ANY)
def give_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    customer, form = find(Customer, customer_id), _form(program_id)
    if not form.validate():
        return _page(customer, program_id, form, status=422)
    # The last day counts whole, on the clock of the business.
    end = datetime.combine(form.last_day.data + timedelta(days=1), time.min, current_zone())
    gift = by_hand.TierByHand(form.tier_id.data, end, form.reason.data)
    try:
        by_hand.give_tier(customer_id, program_id, gift, by=g.actor, at=clock.now())
    except by_hand.EndInThePast as error:
        form.refuse("last_day", error.message)
    except BusinessRule as error:
        form.refuse("tier_id", error.message)
    else:
        there = url_for(".show", customer_id=customer_id)
        return see_other(there, toast=f"{customer.name} holds the tier now")
    return _page(customer, program_id, form, status=422)


@bp.post("/<id:customer_id>/programs/<id:program_id>/tier/end")
@requires(Permission.POINTS_CORRECT_ANY)
def take_tier(customer_id: str, program_id: str) -> ResponseReturnValue:
    by_hand.take_tier(customer_id, program_id, by=g.actor, at=clock.now())
    there = url_for(".show", customer_id=customer_id)
    return see_other(there, toast="The tier by hand has ended")


def _form(program_id: str) -> TierByHandForm:
    form = TierByHandForm.from_request()
    tiers = queries.tiers_of([find(LoyaltyProgram, program_id).id])[program_id]
    form.tier_id.choices = options([(tier.id, tier.name) for tier in reversed(tiers)])
    return form


def _page(
    customer: Customer, program_id: str, form: TierByHandForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "customers/tier.html",
        fragment="customers/_tier.html",
        status=status,
        customer=customer,
        program=find(LoyaltyProgram, program_id),
        form=form,
    )
