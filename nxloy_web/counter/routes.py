"""The counter: find the customer, give points, hand rewards over. Made for a tablet."""

from dataclasses import replace

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, member_codes
from nxloy_web.approvals import asking as approvals
from nxloy_web.businesses import queries as businesses
from nxloy_web.counter import queries
from nxloy_web.counter.forms import EnrolForm, PurchaseForm, RewardForm
from nxloy_web.current_business import current_business
from nxloy_web.customers import finding
from nxloy_web.customers import service as customer_service
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger.limits import OverLimit
from nxloy_web.permissions import Permission, requires
from nxloy_web.purchases import recording, voiding
from nxloy_web.redemptions import asking
from nxloy_web.rewards.availability import offers_for
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import _
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.counter_location import location_here
from nxloy_web.web.places import desk
from nxloy_web.web.security import uses_camera

bp = desk("counter", __name__, "/counter")

MOST_FOUND = 8


@bp.get("/")
@requires(Permission.POINTS_GIVE)
@uses_camera
def index() -> ResponseReturnValue:
    text = arguments().text("q")
    found = finding.search(text, MOST_FOUND) if text else []
    if len(found) == 1 and found[0].member_code == member_codes.typed(text):
        return see_other(url_for(".show", customer_id=found[0].id))
    return page(
        "counter/index.html",
        fragment="counter/_found.html",
        text=text,
        found=found,
        locations=businesses.locations(),
        here=_location_id(),
    )


@bp.get("/<id:customer_id>")
@requires(Permission.POINTS_GIVE)
def show(customer_id: str) -> ResponseReturnValue:
    again_of = arguments().row_id("again")
    return _card(customer_id, PurchaseForm(formdata=None, data={"again_of": again_of}))


@bp.post("/<id:customer_id>/purchases")
@requires(Permission.POINTS_GIVE)
def give(customer_id: str) -> ResponseReturnValue:
    form = PurchaseForm.from_request()
    if not form.validate():
        return _card(customer_id, form, status=422)
    try:
        purchase = recording.record(
            id=form.new_id.data,
            customer_id=customer_id,
            amount_minor=form.amount.data,
            order_ref=form.order_ref.data or None,
            location_id=location_here(g.place.business_id),
            again_of=form.again_of.data or None,
            confirmed_points=form.confirmed_points,
            by=g.actor,
            at=clock.now(),
        )
    except recording.MoreThanUsual as more:
        form.ask_to_confirm(more.points)
        return _card(customer_id, form, status=422, more_than_usual=more.points)
    except OverLimit as over:
        if form.asks:
            return _ask_to_agree(customer_id, form)
        form.offer_to_ask()
        return _card(customer_id, form, status=409, over_limit=str(over))
    except BusinessRule as refusal:
        form.refuse("amount", refusal.message)
        return _card(customer_id, form, status=409)
    return see_other(url_for(".given", purchase_id=purchase.id))


def _ask_to_agree(customer_id: str, form: PurchaseForm) -> ResponseReturnValue:
    try:
        approvals.ask_purchase(
            id=form.asking.data,
            customer_id=customer_id,
            amount_minor=form.amount.data,
            order_ref=form.order_ref.data or None,
            location_id=_location_id(),
            by=g.actor,
            at=clock.now(),
        )
    except BusinessRule as refusal:
        form.refuse("amount", refusal.message)
        return _card(customer_id, form, status=409)
    return see_other(
        url_for(".show", customer_id=customer_id),
        toast="Asked. The points come when somebody else agrees.",
    )


@bp.get("/purchases/<id:purchase_id>")
@requires(Permission.POINTS_GIVE)
def given(purchase_id: str) -> ResponseReturnValue:
    purchase = queries.purchase(purchase_id)
    return page(
        "counter/given.html",
        purchase=purchase,
        card=queries.card(purchase.customer_id, clock.now()),
        can_undo=voiding.can_undo(purchase, by=g.actor, at=clock.now()),
    )


@bp.post("/purchases/<id:purchase_id>/undo")
@requires(Permission.POINTS_GIVE)
def undo(purchase_id: str) -> ResponseReturnValue:
    purchase = voiding.undo(purchase_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", customer_id=purchase.customer_id),
        toast="Undone. The points are taken back.",
    )


@bp.get("/enrol")
@requires(Permission.CUSTOMERS_EDIT)
def enrol_form() -> ResponseReturnValue:
    text = arguments().text("q")
    known = {"email": text} if "@" in text else {"phone": text} if text[-4:].isdigit() else {}
    return page("counter/enrol.html", form=EnrolForm(formdata=None, data=known))


@bp.post("/enrol")
@requires(Permission.CUSTOMERS_EDIT)
def enrol() -> ResponseReturnValue:
    form = EnrolForm.from_request()
    if not form.validate():
        return page("counter/enrol.html", form=form, status=422)
    try:
        customer = customer_service.enrol(
            form.new_id.data,
            replace(
                NEWCOMER,
                first_name=form.first_name.data,
                last_name=form.last_name.data,
                email=form.email.data,
                phone=form.phone.data,
                email_opt_in=form.email_opt_in.data,
            ),
            by=g.actor,
            at=clock.now(),
        )
    except BusinessRule as refusal:
        form.refuse("phone" if form.phone.data else "email", refusal.message)
        return page("counter/enrol.html", form=form, status=409)
    return see_other(url_for(".show", customer_id=customer.id), toast="Welcome on board!")


@bp.post("/<id:customer_id>/redemptions")
@requires(Permission.REDEMPTIONS_DECIDE)
def ask(customer_id: str) -> ResponseReturnValue:
    form = RewardForm.from_request()
    if not form.validate():
        raise BusinessRule(_("Choose a reward."))
    redemption = asking.ask(
        id=form.new_id.data,
        customer_id=customer_id,
        reward_id=form.reward_id.data,
        by=g.actor,
        at=clock.now(),
    )
    return see_other(url_for("redemptions.show", redemption_id=redemption.id))


def _card(
    customer_id: str,
    form: PurchaseForm,
    status: int = 200,
    more_than_usual: int = 0,
    over_limit: str = "",
) -> ResponseReturnValue:
    customer = find(Customer, customer_id)
    again_of = form.again_of.data
    return page(
        "counter/show.html",
        status=status,
        customer=customer,
        card=queries.card(customer_id, clock.now()),
        offers=offers_for(customer_id, clock.now()),
        form=form,
        reward_form=RewardForm(formdata=None),
        again_of=queries.purchase(again_of) if again_of else None,
        more_than_usual=more_than_usual,
        over_limit=over_limit,
        usual=current_business().settings.usual_points,
        here=_location_id(),
    )


def _location_id() -> str | None:
    """The shop this counter stands in, as somebody chose on this device."""
    chosen = location_here(g.place.business_id)
    known = {location.id for location in businesses.locations()}
    if chosen in known:
        return chosen
    return known.pop() if len(known) == 1 else None
