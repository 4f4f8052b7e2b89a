"""Tiers, on the address of their program."""

from datetime import datetime
from typing import Literal

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, NotFound, Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs import queries, tiers, undoing
from nxloy_web.programs.blueprint import bp, find_program
from nxloy_web.programs.facts import TierFacts
from nxloy_web.programs.forms import DeleteTierForm, EditTierForm, NewTierForm, ShownForm
from nxloy_web.programs.moving import Moves, MovesPeople
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.facts import typed
from nxloy_web.web.forms import BaseForm


@bp.get("/<id:program_id>/tiers/new")
@requires(Permission.PROGRAMS_EDIT)
def new_tier(program_id: str) -> ResponseReturnValue:
    return _new_page(find_program(program_id), NewTierForm.from_request())


@bp.post("/<id:program_id>/tiers/new")
@requires(Permission.PROGRAMS_EDIT)
def create_tier(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    form, pressed, at = NewTierForm.from_request(), ShownForm.from_request(), clock.now()
    if not form.validate():
        return _new_page(program, form, status=422)
    if pressed.again.data:
        return _new_page(program, form)
    try:
        tier = tiers.create(
            form.new_id.data,
            typed(form, TierFacts),
            program_id=program_id,
            shown=pressed.shown.data,
            by=g.actor,
            at=at,
        )
    except MovesPeople as asked:
        title = f"{form.name.data} would start at {form.required_points.data:,}"
        return _ask(program, asked.moves, title, "Add tier", form=form)
    except (tiers.TierNameTaken, tiers.ThresholdTaken) as error:
        _refuse(form, error)
        return _new_page(program, form, status=422)
    return _back(program_id, f"{tier.name} is added", at)


@bp.get("/<id:program_id>/tiers/<id:tier_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def edit_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    return _edit_page(program, tier, _edit_form(tier))


@bp.post("/<id:program_id>/tiers/<id:tier_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def save_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    form, pressed, at = _edit_form(tier), ShownForm.from_request(), clock.now()
    if not form.validate():
        return _edit_page(program, tier, form, status=422)
    if pressed.again.data:
        return _edit_page(program, tier, form)
    try:
        tier = tiers.edit(
            tier_id,
            typed(form, TierFacts),
            version=form.version.data,
            shown=pressed.shown.data,
            takes_down=pressed.takes_down,
            by=g.actor,
            at=at,
        )
    except MovesPeople as asked:
        title = (
            f"{tier.name} would start at {form.required_points.data:,}"
            f" instead of {tier.required_points:,}"
        )
        return _ask(program, asked.moves, title, "Save", form=form, may_keep=True)
    except Stale:
        tier = _find(program_id, tier_id)
        keep_typed(form, tier)
        return _edit_page(program, tier, form, status=409)
    except (tiers.TierNameTaken, tiers.ThresholdTaken) as error:
        _refuse(form, error)
        return _edit_page(program, tier, form, status=422)
    return _back(program_id, f"{tier.name} is saved", at)


@bp.post("/<id:program_id>/tiers/<id:tier_id>/up")
@requires(Permission.PROGRAMS_EDIT)
def move_tier_up(program_id: str, tier_id: str) -> ResponseReturnValue:
    return _move(program_id, tier_id, "up")


@bp.post("/<id:program_id>/tiers/<id:tier_id>/down")
@requires(Permission.PROGRAMS_EDIT)
def move_tier_down(program_id: str, tier_id: str) -> ResponseReturnValue:
    return _move(program_id, tier_id, "down")


@bp.get("/<id:program_id>/tiers/<id:tier_id>/deletion")
@requires(Permission.PROGRAMS_EDIT)
def ask_delete_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    return _delete_page(program, tier, _delete_form(tier))


@bp.post("/<id:program_id>/tiers/<id:tier_id>/deletion")
@requires(Permission.PROGRAMS_EDIT)
def delete_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    form, pressed, at = _delete_form(tier), ShownForm.from_request(), clock.now()
    if not form.validate():
        return _delete_page(program, tier, form, status=422)
    if pressed.again.data:
        return _delete_page(program, tier, form)
    try:
        tiers.delete(
            tier_id, members_to=form.members_to.data, shown=pressed.shown.data, by=g.actor, at=at
        )
    except MovesPeople as asked:
        title = f"{tier.name} would be deleted"
        return _ask(program, asked.moves, title, "Delete tier", form=form)
    except tiers.MembersNeedAPlace as error:
        form.refuse("members_to", error.message)
        return _delete_page(program, tier, form, status=422)
    return _back(program_id, f"{tier.name} is deleted", at, is_undone_always=True)


@bp.post("/<id:program_id>/tiers/<id:tier_id>/restoration")
@requires(Permission.PROGRAMS_EDIT)
def restore_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, pressed, at = find_program(program_id), ShownForm.from_request(), clock.now()
    try:
        tier = tiers.restore(tier_id, shown=pressed.shown.data, by=g.actor, at=at)
    except MovesPeople as asked:
        return _ask(program, asked.moves, "The tier would be back", "Restore")
    return _back(program_id, f"{tier.name} is back", at)


@bp.post("/<id:program_id>/tiers/reassessment")
@requires(Permission.PROGRAMS_EDIT)
def reassess_tiers(program_id: str) -> ResponseReturnValue:
    program, pressed, at = find_program(program_id), ShownForm.from_request(), clock.now()
    try:
        program = tiers.reassess(program_id, shown=pressed.shown.data, by=g.actor, at=at)
    except MovesPeople as asked:
        title = "Everybody would get the tier their points reach today"
        return _ask(program, asked.moves, title, "Reassess")
    if not tiers.who_moved(program):
        return _back(program_id, "Everybody has the tier their points reach", at)
    return _back(program_id, "The tiers are reassessed", at)


@bp.post("/<id:program_id>/tier-changes/<id:change_id>/undo")
@requires(Permission.PROGRAMS_EDIT)
def undo_tier_change(program_id: str, change_id: str) -> ResponseReturnValue:
    find_program(program_id)
    undoing.undo(program_id, change_id, by=g.actor, at=clock.now())
    toast = "Undone: tiers and members are as they were"
    return see_other(url_for(".show", program_id=program_id), toast=toast)


def _find(program_id: str, tier_id: str) -> LoyaltyTier:
    tier = find(LoyaltyTier, tier_id)
    if tier.program_id != program_id:
        raise NotFound
    return tier


def _move(program_id: str, tier_id: str, direction: Literal["up", "down"]) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    pressed, at = ShownForm.from_request(), clock.now()
    try:
        tier = tiers.move(
            tier.id,
            direction,
            shown=pressed.shown.data,
            takes_down=pressed.takes_down,
            by=g.actor,
            at=at,
        )
    except MovesPeople as asked:
        title = f"{tier.name} would change places with the tier "
        title += "before it" if direction == "up" else "after it"
        return _ask(program, asked.moves, title, "Save", may_keep=True)
    return _back(program_id, f"{tier.name} starts at {tier.required_points:,} now", at)


def _back(
    program_id: str, toast: str, at: datetime, *, is_undone_always: bool = False
) -> ResponseReturnValue:
    """To the program, with a way back when the change of this moment has moved somebody."""
    change = find_program(program_id).last_tier_change
    there = url_for(".show", program_id=program_id)
    if change is None or change.at != at or not (change.up or change.down or is_undone_always):
        return see_other(there, toast=toast)
    went = [f"{n:,} moved {way}" for n, way in ((change.up, "up"), (change.down, "down")) if n]
    undo = {"url": url_for(".undo_tier_change", program_id=program_id, change_id=change.id)}
    return see_other(
        there, toast=": ".join([toast, ", ".join(went)] if went else [toast]), undo=undo
    )


def _ask(
    program: LoyaltyProgram,
    moves: Moves,
    title: str,
    submit: str,
    *,
    form: BaseForm | None = None,
    may_keep: bool = False,
) -> ResponseReturnValue:
    """Whom it moves, before it is done; what was typed comes along. With `may_keep` those who
    would move down may keep what they have."""
    fields = [] if form is None else [field for field in form if field.name != "csrf_token"]
    return page(
        "programs/tier_moves.html",
        fragment="programs/_tier_moves.html",
        program=program,
        moves=moves,
        title=title,
        submit=submit,
        action=request.path,
        kept=[(field.name, value) for field in fields for value in field.raw_data or ()],
        has_form=form is not None,
        may_keep=may_keep,
    )


def _refuse(form: NewTierForm | EditTierForm, error: BusinessRule) -> None:
    field = "name" if isinstance(error, tiers.TierNameTaken) else "required_points"
    form.refuse(field, error.message)


def _edit_form(tier: LoyaltyTier) -> EditTierForm:
    return EditTierForm.of(facts_of(tier, TierFacts), version=tier.version)


def _delete_form(tier: LoyaltyTier) -> DeleteTierForm:
    form = DeleteTierForm.from_request()
    siblings = [line.tier for line in queries.tiers_of(tier.program_id) if line.tier.id != tier.id]
    form.offer(siblings)
    return form


def _new_page(program: LoyaltyProgram, form: NewTierForm, status: int = 200) -> ResponseReturnValue:
    return page(
        "programs/new_tier.html",
        fragment="programs/_new_tier.html",
        status=status,
        program=program,
        form=form,
    )


def _edit_page(
    program: LoyaltyProgram, tier: LoyaltyTier, form: EditTierForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "programs/edit_tier.html",
        fragment="programs/_edit_tier.html",
        status=status,
        program=program,
        tier=tier,
        form=form,
    )


def _delete_page(
    program: LoyaltyProgram, tier: LoyaltyTier, form: DeleteTierForm, status: int = 200
) -> ResponseReturnValue:
    line = next(line for line in queries.tiers_of(program.id) if line.tier.id == tier.id)
    return page(
        "programs/delete_tier.html",
        fragment="programs/_delete_tier.html",
        status=status,
        program=program,
        line=line,
        form=form,
    )
