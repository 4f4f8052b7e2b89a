"""Programs: the list, one program with its tiers and rule, and what can be done with it."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.db.facts import facts_of
from nxloy_web.earning.rules import rule_of
from nxloy_web.errors import Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs import examples, queries, service, undoing
from nxloy_web.programs.blueprint import bp, find_program
from nxloy_web.programs.facts import ProgramFacts
from nxloy_web.programs.forms import TYPES, EditProgramForm, NewProgramForm
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.facts import typed

VIEWS = ("all", "active", "draft", "paused", "archived", "deleted")


@bp.get("/")
@requires(Permission.PROGRAMS_VIEW)
def index() -> ResponseReturnValue:
    view = arguments().text("view")
    if view not in VIEWS:
        view = "all"
    return page(
        "programs/index.html",
        fragment="programs/_results.html",
        view=view,
        views=VIEWS,
        lines=queries.listing(view),
        counts=queries.counts(),
        types=TYPES,
    )


@bp.get("/new")
@requires(Permission.PROGRAMS_EDIT)
def new() -> ResponseReturnValue:
    return _new_page(_new_form())


@bp.post("/new")
@requires(Permission.PROGRAMS_EDIT)
def create() -> ResponseReturnValue:
    form = _new_form()
    if not form.validate():
        return _new_page(form, status=422)
    try:
        program = service.create(
            form.new_id.data,
            typed(form, ProgramFacts),
            currency=g.place.currency,
            by=g.actor,
            at=clock.now(),
        )
    except service.ProgramNameTaken as error:
        form.refuse("name", error.message)
        return _new_page(form, status=422)
    return see_other(url_for(".show", program_id=program.id), toast=f"{program.name} is made")


@bp.get("/<id:program_id>")
@requires(Permission.PROGRAMS_VIEW)
def show(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    rule = rule_of(program_id)
    tiers = queries.tiers_of(program_id)
    return page(
        "programs/show.html",
        program=program,
        rule=rule,
        versions=queries.rule_versions(program_id),
        tiers=tiers,
        undoable=undoing.undoable(program, clock.now()),
        deleted_tiers=queries.deleted_tiers(program_id),
        members=queries.members_of(program_id),
        rewards=queries.reward_count(program_id),
        is_used=service.is_used(program_id),
        types=TYPES,
        examples=examples.of_rule(rule, program, [line.tier for line in tiers]) if rule else [],
    )


@bp.get("/<id:program_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def edit(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    return _edit_page(program, _edit_form(program))


@bp.post("/<id:program_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def save(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    form = _edit_form(program)
    if not form.validate():
        return _edit_page(program, form, status=422)
    try:
        program = service.edit(
            program_id,
            typed(form, ProgramFacts),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        program = find_program(program_id)
        keep_typed(form, program)
        return _edit_page(program, form, status=409)
    except service.ProgramNameTaken as error:
        form.refuse("name", error.message)
        return _edit_page(program, form, status=422)
    except service.TypeIsFixed as error:
        form.refuse("type", error.message)
        return _edit_page(program, form, status=422)
    return see_other(url_for(".show", program_id=program_id), toast="Saved")


@bp.post("/<id:program_id>/activation")
@requires(Permission.PROGRAMS_EDIT)
def activate(program_id: str) -> ResponseReturnValue:
    return _change(program_id, ProgramStatus.ACTIVE, "{} is active")


@bp.post("/<id:program_id>/pause")
@requires(Permission.PROGRAMS_EDIT)
def pause(program_id: str) -> ResponseReturnValue:
    """Pause it, or take it out of the archive."""
    return _change(program_id, ProgramStatus.PAUSED, "{} is paused")


@bp.post("/<id:program_id>/archive")
@requires(Permission.PROGRAMS_EDIT)
def archive(program_id: str) -> ResponseReturnValue:
    return _change(program_id, ProgramStatus.ARCHIVED, "{} is archived")


@bp.post("/<id:program_id>/deletion")
@requires(Permission.PROGRAMS_EDIT)
def delete(program_id: str) -> ResponseReturnValue:
    program = service.delete(program_id, by=g.actor, at=clock.now())
    if not program.is_deleted:
        return see_other(
            url_for(".show", program_id=program_id),
            toast="Customers hold points in it, so it was archived instead of deleted",
            kind="warn",
        )
    return see_other(
        url_for(".index"),
        toast=f"{program.name} is deleted",
        undo={"url": url_for(".restore", program_id=program_id)},
    )


@bp.post("/<id:program_id>/restoration")
@requires(Permission.PROGRAMS_EDIT)
def restore(program_id: str) -> ResponseReturnValue:
    program = service.restore(program_id, by=g.actor, at=clock.now())
    return see_other(url_for(".show", program_id=program_id), toast=f"{program.name} is back")


def _change(program_id: str, to: ProgramStatus, toast: str) -> ResponseReturnValue:
    program = service.change_status(program_id, to, by=g.actor, at=clock.now())
    return see_other(url_for(".show", program_id=program_id), toast=toast.format(program.name))


def _new_form() -> NewProgramForm:
    form = NewProgramForm.from_request()
    form.allow()
    return form


def _edit_form(program: LoyaltyProgram) -> EditProgramForm:
    form = EditProgramForm.of(facts_of(program, ProgramFacts), version=program.version)
    form.allow(program.type)
    return form


def _new_page(form: NewProgramForm, status: int = 200) -> ResponseReturnValue:
    return page("programs/new.html", status=status, form=form, is_used=False, types=TYPES)


def _edit_page(
    program: LoyaltyProgram, form: EditProgramForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "programs/edit.html",
        status=status,
        form=form,
        program=program,
        is_used=service.is_used(program.id),
        types=TYPES,
    )
