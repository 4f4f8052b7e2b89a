"""The customer's own details, and a copy of everything kept about them."""

import json

from flask import Response, g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, member_codes
from nxloy_web.customers.facts import ProfileFacts
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, Stale
from nxloy_web.portal import export, service
from nxloy_web.portal.forms import ProfileForm
from nxloy_web.portal.routes.blueprint import bp
from nxloy_web.tables.customers import Customer
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.facts import typed

CHANGED_MEANWHILE = "The shop changed your details meanwhile. Save again to keep what you typed."


@bp.get("/profile")
def profile() -> ResponseReturnValue:
    customer = find(Customer, g.place.customer_id)
    return _profile_page(_form(customer), customer)


@bp.post("/profile")
def save_profile() -> ResponseReturnValue:
    customer = find(Customer, g.place.customer_id)
    form = _form(customer)
    if not form.validate():
        return _profile_page(form, customer, 422)
    try:
        service.change_profile(
            customer.id,
            typed(form, ProfileFacts),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        form.version.raw_data = [str(customer.version)]
        form.form_errors.append(CHANGED_MEANWHILE)
        return _profile_page(form, customer, 409)
    except BusinessRule as refusal:
        form.refuse("phone", refusal.message)
        return _profile_page(form, customer, 409)
    return see_other(url_for(".profile"), toast="Saved")


@bp.get("/profile/my-data.json")
def my_data() -> ResponseReturnValue:
    facts = export.everything_about(g.place.customer_id, g.place.business_name, clock.now())
    return Response(
        json.dumps(facts, ensure_ascii=False, indent=2) + "\n",
        mimetype="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="my-data-{g.place.slug}.json"',
            "Cache-Control": "private, no-store",
        },
    )


def _form(customer: Customer) -> ProfileForm:
    return ProfileForm.of(facts_of(customer, ProfileFacts), version=customer.version)


def _profile_page(form: ProfileForm, customer: Customer, status: int = 200) -> ResponseReturnValue:
    return page(
        "portal/profile.html",
        status=status,
        form=form,
        customer=customer,
        member_code=member_codes.shown(customer.member_code),
    )
