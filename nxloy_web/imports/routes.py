"""Bring in customers and purchases: upload, match, check, import, undo."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, pulse
from nxloy_web.db.rows import find
from nxloy_web.earning.programs import running_programs
from nxloy_web.imports import queries, service
from nxloy_web.imports.forms import MatchForm, UploadForm, match_form
from nxloy_web.imports.reading import Unreadable
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs.units import unit
from nxloy_web.tables.imports import ImportKind, ImportLineVerdict, ImportRun
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.csv_export import csv_download
from nxloy_web.web.places import desk

bp = desk("imports", __name__, "/imports")


@bp.get("/")
@requires(Permission.IMPORTS_VIEW)
def index() -> ResponseReturnValue:
    return page("imports/index.html", runs=queries.listing(arguments().cursor("before")))


@bp.get("/new")
@requires(Permission.IMPORTS_EDIT)
def new() -> ResponseReturnValue:
    kind = "PURCHASES" if arguments().text("kind") == "purchases" else "CUSTOMERS"
    return page("imports/new.html", form=UploadForm.from_request(data={"kind": kind}))


@bp.post("/")
@requires(Permission.IMPORTS_EDIT)
def create() -> ResponseReturnValue:
    form = UploadForm.from_request()
    if form.validate():
        try:
            run = service.upload(
                id=form.new_id.data,
                kind=ImportKind(form.kind.data),
                filename=form.file.data.filename,
                content=form.file.data.read(),
                by=g.actor,
                at=clock.now(),
            )
            return see_other(url_for(".columns", import_id=run.id))
        except Unreadable as refusal:
            form.refuse("file", refusal.message)
    return page("imports/new.html", form=form, status=422)


@bp.get("/<id:import_id>/columns")
@requires(Permission.IMPORTS_EDIT)
def columns(import_id: str) -> ResponseReturnValue:
    return _columns_page(import_id)


@bp.post("/<id:import_id>/columns")
@requires(Permission.IMPORTS_EDIT)
def match(import_id: str) -> ResponseReturnValue:
    run = find(ImportRun, import_id)
    form = _match_form(run)
    if form.validate():
        try:
            service.match(import_id, form.options(run.options), by=g.actor)
            return see_other(url_for(".show", import_id=import_id))
        except service.CannotMatch as refusal:
            name = "program" if refusal.field == "program_id" else f"column_{refusal.field}"
            form.refuse(name, refusal.message)
    return _columns_page(import_id, form)


@bp.get("/<id:import_id>")
@requires(Permission.IMPORTS_VIEW)
def show(import_id: str) -> ResponseReturnValue:
    verdict = arguments().member("verdict", ImportLineVerdict)
    only_left_out = arguments().text("show") == "left-out"
    shown = queries.shown(import_id)
    return page(
        "imports/show.html",
        fragment="imports/_state.html",
        shown=shown,
        run=shown.run,
        lines=queries.lines(import_id, verdict, only_left_out, arguments().cursor("after")),
        verdict=verdict,
        unit=unit(shown.run.points, shown.run.options.program_id),
        only_left_out=only_left_out,
        used=queries.columns_used(shown.run),
        samples=queries.first_rows(shown.run, 1),
        signs=pulse.look(),
    )


@bp.post("/<id:import_id>/run")
@requires(Permission.IMPORTS_EDIT)
def start(import_id: str) -> ResponseReturnValue:
    service.start(import_id, by=g.actor, at=clock.now())
    return see_other(url_for(".show", import_id=import_id))


@bp.post("/<id:import_id>/stop")
@requires(Permission.IMPORTS_EDIT)
def stop(import_id: str) -> ResponseReturnValue:
    service.stop(import_id, by=g.actor, at=clock.now())
    return see_other(url_for(".show", import_id=import_id))


@bp.post("/<id:import_id>/discard")
@requires(Permission.IMPORTS_EDIT)
def discard(import_id: str) -> ResponseReturnValue:
    service.discard(import_id, by=g.actor, at=clock.now())
    return see_other(url_for(".index"), toast="The file is deleted")


@bp.post("/<id:import_id>/undo")
@requires(Permission.IMPORTS_EDIT)
def undo(import_id: str) -> ResponseReturnValue:
    service.undo(import_id, by=g.actor, at=clock.now())
    return see_other(url_for(".show", import_id=import_id))


@bp.post("/<id:import_id>/again")
@requires(Permission.IMPORTS_EDIT)
def go_on(import_id: str) -> ResponseReturnValue:
    service.go_on(import_id, by=g.actor)
    return see_other(url_for(".show", import_id=import_id))


@bp.get("/<id:import_id>/failed.csv")
@requires(Permission.IMPORTS_VIEW)
def failed(import_id: str) -> ResponseReturnValue:
    """The failed lines as a file that can be put right and brought in again."""
    run = find(ImportRun, import_id)
    header, rows = queries.failed_lines(run)
    return csv_download("failed-lines.csv", header, rows)


def _columns_page(import_id: str, form: MatchForm | None = None) -> ResponseReturnValue:
    shown = queries.shown(import_id)
    if shown.run.state.value not in ("UPLOADED", "CHECKED", "FAILED") or shown.removed_at:
        return see_other(url_for(".show", import_id=import_id))
    return page(
        "imports/columns.html",
        shown=shown,
        run=shown.run,
        form=form or _match_form(shown.run),
        rows=queries.first_rows(shown.run, queries.SAMPLE),
        status=422 if form else 200,
    )


def _match_form(run: ImportRun) -> MatchForm:
    rows = queries.first_rows(run, 200)
    if run.kind is ImportKind.CUSTOMERS:
        return match_form(run, rows, [], "")
    decimals = queries.likely_decimals(run, g.place.currency, g.place.locale)
    return match_form(run, rows, running_programs(), decimals)
