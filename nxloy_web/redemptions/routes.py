"""The queue: decide requests, hand over, take back, alone and in bulk."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, qr
from nxloy_web.businesses import queries as businesses
from nxloy_web.current_business import current_zone
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission, requires
from nxloy_web.redemptions import (
    deciding,
    listing,
    many,
    queries,
    reads,
    taking_back,
    who_was_first,
)
from nxloy_web.redemptions.forms import DecisionForm, ReasonForm, RejectionForm
from nxloy_web.rewards import queries as rewards
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.views import ListName
from nxloy_web.texts import _
from nxloy_web.views import queries as views
from nxloy_web.web.answers import changed, page, see_other
from nxloy_web.web.arguments import LONGEST_QUERY, Arguments, arguments, posted
from nxloy_web.web.csv_export import csv_download
from nxloy_web.web.links import local_path
from nxloy_web.web.places import desk
from nxloy_web.web.security import uses_camera

bp = desk("redemptions", __name__, "/redemptions")


class NoSlip(BusinessRule):
    message = _("There is a slip once the request is approved, and until the reward is taken back.")


@bp.get("/")
@requires(Permission.REDEMPTIONS_VIEW)
def index() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    return page(
        "redemptions/index.html",
        fragment="redemptions/results.htmx.html",
        filter=filter_,
        listing=listing.page_of(filter_, arguments().cursor("after")),
        counts=listing.counts(),
        **_views(arguments()),
        locations=businesses.locations(),
        **_figures(),
    )


@bp.get("/export.csv")
@requires(Permission.CUSTOMERS_EXPORT)
def export() -> ResponseReturnValue:
    filter_ = listing.Filter.from_args(arguments())
    header = ["code", "customer", "reward", "points", "status", "requested", "closed"]
    return csv_download("redemptions.csv", header, _cells(filter_))


@bp.get("/code")
@requires(Permission.REDEMPTIONS_VIEW)
@uses_camera
def find() -> ResponseReturnValue:
    """Scan or type a code; with one in the address, go to its redemption."""
    code = arguments().text("code")
    found = reads.by_code(code) if code else None
    if found is not None and found.is_open:
        return see_other(url_for(".show", redemption_id=found.id))
    if found is None:
        return page("redemptions/find.html", code=code, used=None, status=404 if code else 200)
    # Said at once and in red: somebody stands there and waits for an answer.
    return page(
        "redemptions/find.html",
        code=code,
        used=reads.with_everything(found.id),
        what_happened=who_was_first.what_happened(found, clock.now()),
    )


@bp.get("/<id:redemption_id>")
@requires(Permission.REDEMPTIONS_VIEW)
def show(redemption_id: str) -> ResponseReturnValue:
    return _page(redemption_id)


@bp.get("/<id:redemption_id>/slip")
@requires(Permission.REDEMPTIONS_VIEW)
def slip(redemption_id: str) -> ResponseReturnValue:
    """On paper, to go with the reward: who it is for, and the code that proves it."""
    redemption = reads.with_everything(redemption_id)
    if not redemption.has_slip:
        raise NoSlip
    return page("redemptions/slip.html", redemption=redemption, code_qr=qr.svg(redemption.code))


@bp.post("/<id:redemption_id>/approval")
@requires(Permission.REDEMPTIONS_DECIDE)
def approve(redemption_id: str) -> ResponseReturnValue:
    form = DecisionForm.from_request()
    redemption = deciding.approve(
        redemption_id, by=g.actor, at=clock.now(), version=form.version.data
    )
    return _decided(redemption, "Approved")


@bp.post("/<id:redemption_id>/handover")
@requires(Permission.REDEMPTIONS_DECIDE)
def fulfil(redemption_id: str) -> ResponseReturnValue:
    form = DecisionForm.from_request()
    redemption = deciding.fulfil(
        redemption_id, by=g.actor, at=clock.now(), version=form.version.data
    )
    undo = url_for(".undo_handover", redemption_id=redemption_id)
    return _decided(redemption, "Handed over", undo={"url": undo})


@bp.post("/<id:redemption_id>/handover/undo")
@requires(Permission.REDEMPTIONS_DECIDE)
def undo_handover(redemption_id: str) -> ResponseReturnValue:
    deciding.undo_handover(redemption_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".show", redemption_id=redemption_id), toast="Undone; the code is good again"
    )


@bp.post("/<id:redemption_id>/cancellation")
@requires(Permission.REDEMPTIONS_DECIDE)
def cancel(redemption_id: str) -> ResponseReturnValue:
    return _take_back(redemption_id, taking_back.cancel, "Cancelled; points and stock are back")


@bp.get("/<id:redemption_id>/rejection")
@requires(Permission.REDEMPTIONS_DECIDE)
def ask_rejection(redemption_id: str) -> ResponseReturnValue:
    redemption = reads.with_everything(redemption_id)
    back = local_path(arguments().text("back", LONGEST_QUERY)) or ""
    shown = {"version": redemption.version, "back": back}
    return _rejection_page(redemption_id, RejectionForm.from_request(data=shown))


@bp.post("/<id:redemption_id>/rejection")
@requires(Permission.REDEMPTIONS_DECIDE)
def reject(redemption_id: str) -> ResponseReturnValue:
    """Cancel it from its row: the list is shown again as it was."""
    form = RejectionForm.from_request()
    if not form.validate():
        return _rejection_page(redemption_id, form, status=422)
    try:
        redemption = taking_back.cancel(
            redemption_id,
            by=g.actor,
            at=clock.now(),
            version=form.version.data,
            reason=form.reason.data,
        )
    except BusinessRule as error:
        form.refuse("reason", error.message)
        return _rejection_page(redemption_id, form, status=422)
    return see_other(
        local_path(form.back.data) or url_for(".index"),
        toast=f"Rejected: {redemption.code}; points and stock are back",
    )


@bp.post("/<id:redemption_id>/refund")
@requires(Permission.REDEMPTIONS_REFUND)
def refund(redemption_id: str) -> ResponseReturnValue:
    return _take_back(redemption_id, taking_back.refund, "Refunded; the points are back")


@bp.post("/bulk")
@requires(Permission.REDEMPTIONS_DECIDE)
def bulk() -> ResponseReturnValue:
    sent = posted()
    ids = sent.row_ids("id", listing.AT_ONCE)
    if sent.text("all"):
        ids = listing.ids_matching(listing.Filter.from_args(_query_args()))
    verb = sent.text("do")
    # Who has left some out is asked again, with the sums of the others.
    if ids and verb in queries.ASKED_ABOUT and sent.text("sure") != str(len(set(ids))):
        return page("redemptions/question.html", asked=queries.question(ids, verb))
    results = many.do(ids, verb, by=g.actor, at=clock.now(), reason=sent.text("reason"))
    return page("redemptions/bulk.html", results=results, verb=verb)


def _take_back(
    redemption_id: str, verb: Callable[..., RewardRedemption], done: str
) -> ResponseReturnValue:
    form = ReasonForm.from_request()
    if not form.validate():
        return _page(redemption_id, form, status=422)
    redemption = verb(
        redemption_id,
        by=g.actor,
        at=clock.now(),
        version=form.version.data,
        reason=form.reason.data,
    )
    return see_other(url_for(".show", redemption_id=redemption.id), toast=done)


def _rejection_page(
    redemption_id: str, form: RejectionForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "redemptions/reject.html",
        fragment="redemptions/_reject.html",
        status=status,
        redemption=reads.with_everything(redemption_id),
        form=form,
    )


def _page(
    redemption_id: str, form: ReasonForm | None = None, status: int = 200
) -> ResponseReturnValue:
    redemption = reads.with_everything(redemption_id)
    if form is None:
        form = ReasonForm(data={"version": redemption.version})
    return page(
        "redemptions/show.html",
        status=status,
        redemption=redemption,
        steps=queries.steps(redemption_id),
        form=form,
    )


def _decided(
    redemption: RewardRedemption, word: str, undo: dict[str, str] | None = None
) -> ResponseReturnValue:
    return changed(
        "redemptions/decided.htmx.html",
        otherwise=local_path(request.form.get("back"))
        or url_for(".show", redemption_id=redemption.id),
        toast=f"{word}: {redemption.code}",
        undo=undo,
        redemption=reads.with_everything(redemption.id),
        counts=listing.counts(),
        **_views(_query_args()),
        **_figures(),
        filter=listing.Filter.from_args(_query_args()),
        query=posted().text("query", LONGEST_QUERY),
    )


def _figures() -> dict[str, Any]:
    return {
        "figures": queries.figures(clock.now(), current_zone()),
        "low_stock": rewards.low_stock(queries.MOST_LOW),
        "most_low": queries.MOST_LOW,
    }


def _views(shown: Arguments) -> dict[str, Any]:
    kept = views.views(ListName.REDEMPTIONS, g.actor.user_id, shown)
    return {"views": kept, "tabs": kept.counted(_counts)}


def _counts(kept: Sequence[str]) -> Sequence[int]:
    filters = [listing.Filter.from_args(Arguments.of_query(query)) for query in kept]
    return listing.counts_of(filters)


def _query_args() -> Arguments:
    return Arguments.of_query(posted().get("query", "").lstrip("?"))


def _cells(filter_: listing.Filter) -> Iterator[list[object]]:
    for row in listing.everything(filter_):
        closed = row.fulfilled_at or row.closed_at
        yield [
            row.code,
            row.customer.name,
            row.reward.name,
            row.points_cost,
            row.status.value,
            row.requested_at.isoformat(timespec="seconds"),
            closed.isoformat(timespec="seconds") if closed else None,
        ]
