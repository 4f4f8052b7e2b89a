"""The settings of a business."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.businesses import service
from nxloy_web.businesses.facts import BusinessFacts
from nxloy_web.businesses.forms import SettingsForm
from nxloy_web.db.facts import facts_of
from nxloy_web.errors import Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.facts import typed
from nxloy_web.web.links import absolute
from nxloy_web.web.places import desk

bp = desk("businesses", __name__, "/settings")


@bp.get("/")
@requires(Permission.BUSINESS_EDIT)
def settings() -> ResponseReturnValue:
    return _page(_form())


@bp.post("/")
@requires(Permission.BUSINESS_EDIT)
def save() -> ResponseReturnValue:
    form = _form()
    if not form.validate():
        return _page(form, status=422)
    try:
        service.change(
            typed(form, BusinessFacts), version=form.version.data, by=g.actor, at=clock.now()
        )
    except Stale:
        keep_typed(form, service.business())
        return _page(form, status=409)
    except service.CurrencyFixed as refusal:
        form.refuse("currency", refusal.message)
        return _page(form, status=409)
    return see_other(url_for(".settings"), toast="Saved")


def _form() -> SettingsForm:
    business = service.business()
    return SettingsForm.of(facts_of(business, BusinessFacts), version=business.version)


def _page(form: SettingsForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "businesses/settings.html",
        status=status,
        form=form,
        currency_is_fixed=service.has_money(),
        portal_address=absolute("portal.front"),
    )
