"""Segments: the list, the editor of a rule, a segment's page and its members."""

from collections.abc import Callable
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.customers import finding
from nxloy_web.customers import listing as customers
from nxloy_web.customers import queries as customer_queries
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.segments import draft as drafts
from nxloy_web.segments import queries, service
from nxloy_web.segments.catalog import FACTS
from nxloy_web.segments.draft import DraftGroup
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.segments.forms import EditSegmentForm, NewSegmentForm
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import CustomerSegment, SegmentKind, SegmentRules
from nxloy_web.texts import _
from nxloy_web.web.answers import changed, page, see_other
from nxloy_web.web.arguments import LONGEST_QUERY, Arguments, arguments, posted
from nxloy_web.web.facts import typed
from nxloy_web.web.places import desk

bp = desk("segments", __name__, "/segments")
FOUND = 8
AT_ONCE = 500
"""Rows one press can name; a page of a list has far fewer."""


class NoList(BusinessRule):
    message = _("Choose a list to add them to.")


class NobodyChosen(BusinessRule):
    message = _("Choose at least one customer.")


@bp.get("/")
@requires(Permission.SEGMENTS_VIEW)
def index() -> ResponseReturnValue:
    text = arguments().text("q")
    deleted = arguments().text("view") == "deleted"
    sort = arguments().ordered(queries.SORTS, "name")
    return page(
        "segments/index.html",
        fragment="segments/_results.html",
        rows=queries.listing(text, deleted=deleted, sort=sort),
        sort=sort,
        text=text,
        deleted=deleted,
        deleted_count=queries.deleted_count(),
        shown=queries.SHOWN,
        said=_said(),
    )


@bp.get("/new")
@requires(Permission.SEGMENTS_EDIT)
def new() -> ResponseReturnValue:
    form = NewSegmentForm.from_request(data={"kind": arguments().text("kind")})
    return _editor(form, drafts.begin())


@bp.post("/new")
@requires(Permission.SEGMENTS_EDIT)
def create() -> ResponseReturnValue:
    form = NewSegmentForm.from_request()
    kind = form.chosen_kind
    draft = drafts.read(request.form)
    if deed := _deed():
        return _editor(form, drafts.change(draft, deed), fragment="segments/_changed.html")
    rules = _rules(kind, draft)
    if not form.validate() or rules is None:
        return _editor(form, draft, status=422)
    try:
        segment = service.create(
            form.new_id.data,
            typed(form, SegmentFacts, rules=rules),
            kind=kind,
            by=g.actor,
            at=clock.now(),
        )
    except service.SegmentNameTaken as error:
        form.refuse("name", error.message)
        return _editor(form, draft, status=422)
    return see_other(url_for(".show", segment_id=segment.id), toast=f"{segment.name} is saved")


@bp.post("/preview")
@requires(Permission.SEGMENTS_EDIT)
def preview() -> ResponseReturnValue:
    """Whom the rule being typed would hold now. Nothing is saved."""
    draft = drafts.read(request.form)
    return page("segments/preview.html", fragment="segments/_preview.html", **_previewed(draft))


@bp.post("/members")
@requires(Permission.SEGMENTS_EDIT)
def add_customers() -> ResponseReturnValue:
    """Add what is ticked in the customer list to a hand-made list."""
    segment_id = posted().row_id("segment_id")
    if not segment_id:
        raise NoList
    query = posted().text("query", LONGEST_QUERY)
    if posted().text("all"):
        filter_ = customers.Filter.from_args(Arguments.of_query(query))
        chosen: Any = customers.ids_matching(filter_)
    else:
        chosen = _ticked()
    count = service.add_members(segment_id, chosen, by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return changed(
        "segments/_nothing.html",
        otherwise=url_for("customers.index") + (f"?{query}" if query else ""),
        toast=_added(count, name),
        kind="ok" if count else "info",
    )


@bp.get("/<id:segment_id>")
@requires(Permission.SEGMENTS_VIEW)
def show(segment_id: str) -> ResponseReturnValue:
    return _segment_page(segment_id)


@bp.get("/<id:segment_id>/edit")
@requires(Permission.SEGMENTS_EDIT)
def edit(segment_id: str) -> ResponseReturnValue:
    segment = find(CustomerSegment, segment_id)
    form = _edit_form(segment)
    return _editor(form, drafts.of_rules(segment.rules, queries.surroundings()), segment=segment)


@bp.post("/<id:segment_id>/edit")
@requires(Permission.SEGMENTS_EDIT)
def save(segment_id: str) -> ResponseReturnValue:
    segment = find(CustomerSegment, segment_id)
    form = _edit_form(segment)
    draft = drafts.read(request.form)
    if deed := _deed():
        draft = drafts.change(draft, deed)
        return _editor(form, draft, segment=segment, fragment="segments/_changed.html")
    rules = _rules(segment.kind, draft)
    if not form.validate() or rules is None:
        return _editor(form, draft, segment=segment, status=422)
    try:
        service.edit(
            segment_id,
            typed(form, SegmentFacts, rules=rules),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        keep_typed(form, find(CustomerSegment, segment_id))
        return _editor(form, draft, segment=segment, status=409)
    except service.SegmentNameTaken as error:
        form.refuse("name", error.message)
        return _editor(form, draft, segment=segment, status=422)
    return see_other(url_for(".show", segment_id=segment_id), toast="Saved")


@bp.post("/<id:segment_id>/deletion")
@requires(Permission.SEGMENTS_EDIT)
def delete(segment_id: str) -> ResponseReturnValue:
    try:
        segment = service.delete(segment_id, by=g.actor, at=clock.now())
    except service.RewardsUseSegment as error:
        return _segment_page(segment_id, refusal=str(error), status=409)
    return see_other(
        url_for(".index"),
        toast=f"{segment.name} is deleted",
        undo={"url": url_for(".restore", segment_id=segment_id)},
    )


@bp.post("/<id:segment_id>/restoration")
@requires(Permission.SEGMENTS_EDIT)
def restore(segment_id: str) -> ResponseReturnValue:
    try:
        segment = service.restore(segment_id, by=g.actor, at=clock.now())
    except service.SegmentNameTaken as error:
        return _segment_page(segment_id, refusal=str(error), status=409)
    return see_other(url_for(".show", segment_id=segment_id), toast=f"{segment.name} is back")


@bp.get("/<id:segment_id>/members")
@requires(Permission.SEGMENTS_EDIT)
def members(segment_id: str) -> ResponseReturnValue:
    """Who may be added to a hand-made list."""
    segment = find(CustomerSegment, segment_id)
    return page(
        "segments/members.html",
        fragment="segments/_candidates.html",
        segment=segment,
        **_candidates(segment),
    )


@bp.post("/<id:segment_id>/members")
@requires(Permission.SEGMENTS_EDIT)
def add(segment_id: str) -> ResponseReturnValue:
    count = service.add_members(segment_id, _ticked(), by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return see_other(url_for(".show", segment_id=segment_id), toast=_added(count, name))


@bp.post("/<id:segment_id>/members/<id:customer_id>")
@requires(Permission.SEGMENTS_EDIT)
def put_back(segment_id: str, customer_id: str) -> ResponseReturnValue:
    """Add one customer: the undo of taking one off."""
    count = service.add_members(segment_id, [customer_id], by=g.actor, at=clock.now())
    name = find(CustomerSegment, segment_id).name
    return see_other(url_for(".show", segment_id=segment_id), toast=_added(count, name))


@bp.post("/<id:segment_id>/members/<id:customer_id>/deletion")
@requires(Permission.SEGMENTS_EDIT)
def remove(segment_id: str, customer_id: str) -> ResponseReturnValue:
    service.remove_members(segment_id, [customer_id], by=g.actor, at=clock.now())
    name = customer_queries.customer(customer_id).name
    return see_other(
        url_for(".show", segment_id=segment_id),
        toast=f"{name} is off the list",
        undo={"url": url_for(".put_back", segment_id=segment_id, customer_id=customer_id)},
    )


def _segment_page(segment_id: str, *, status: int = 200, refusal: str = "") -> ResponseReturnValue:
    segment = queries.segment(segment_id)
    around = queries.surroundings()
    return page(
        "segments/show.html",
        fragment="segments/_members.html" if status == 200 else None,
        status=status,
        segment=segment,
        is_list=segment.kind is SegmentKind.MANUAL,
        members=queries.members(segment_id, arguments().cursor("after")),
        draft=drafts.of_rules(segment.rules, around),
        around=around,
        rewards=queries.rewards_for(segment_id),
        refusal=refusal,
        typed="",
        found=[],
        there=set(),
    )


def _editor(
    form: Any,
    draft: DraftGroup,
    *,
    segment: CustomerSegment | None = None,
    status: int = 200,
    fragment: str | None = None,
) -> ResponseReturnValue:
    is_list = (segment.kind if segment else form.chosen_kind) is SegmentKind.MANUAL
    # Only after an attempt to save is a half-finished condition something to complain about.
    errors = {item.place: item.error for item in drafts.conditions(draft)}
    context = _previewed(draft) if not is_list else {}
    for item in drafts.conditions(draft):
        item.error = errors[item.place]
    return page(
        "segments/editor.html",
        fragment=fragment,
        status=status,
        form=form,
        segment=segment,
        is_list=is_list,
        draft=draft,
        facts=FACTS,
        tags=finding.tags_in_use if not is_list else list,
        action=url_for(".save", segment_id=segment.id) if segment else url_for(".create"),
        most_items=drafts.MOST_ITEMS,
        **context,
    )


def _previewed(draft: DraftGroup) -> dict[str, Any]:
    around = queries.surroundings()
    rules = drafts.finish(draft, around)
    shown = None if rules is None else queries.preview(rules, clock.now())
    return {"preview": shown, "around": around, "is_everybody": not (rules and rules.items)}


def _candidates(segment: CustomerSegment) -> dict[str, Any]:
    typed = arguments().text("q")
    found: list[Customer] = finding.search(typed, FOUND) if typed else []
    there = queries.in_segment(segment.id, [row.id for row in found]) if found else set()
    return {"typed": typed, "found": found, "there": there}


def _rules(kind: SegmentKind, draft: DraftGroup) -> SegmentRules | None:
    if kind is SegmentKind.MANUAL:
        return SegmentRules()
    return drafts.finish(draft, queries.surroundings())


def _said() -> Callable[[SegmentRules], str]:
    """Says a rule in one line, for the list."""
    around = queries.surroundings()
    return lambda rules: drafts.in_one_line(drafts.of_rules(rules, around), around)


def _edit_form(segment: CustomerSegment) -> EditSegmentForm:
    return EditSegmentForm.of(facts_of(segment, SegmentFacts), version=segment.version)


def _deed() -> str:
    deed = request.form.get("do", "")
    return "" if deed == "save" else deed


def _ticked() -> list[str]:
    ids = posted().row_ids("id", AT_ONCE)
    if not ids:
        raise NobodyChosen
    return ids


def _added(count: int, name: str) -> str:
    if count == 0:
        return f"They are in {name} already"
    return f"1 customer added to {name}" if count == 1 else f"{count:,} customers added to {name}"
