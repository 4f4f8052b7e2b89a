"""Segments: the list, the editor of a rule, and a segment's page."""

from collections.abc import Callable
from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.customers import finding
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.segments import draft as drafts
from nxloy_web.segments import queries, service
from nxloy_web.segments.blueprint import bp
from nxloy_web.segments.catalog import FACTS
from nxloy_web.segments.draft import DraftGroup
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.segments.forms import EditSegmentForm, NewSegmentForm
from nxloy_web.tables.segments import CustomerSegment, SegmentKind, SegmentRules
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.facts import typed


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
        fragment=None if is_list else fragment,  # a list has no rule, so no part of it
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
