"""Tiers, on the address of their program."""

from typing import Literal

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, NotFound, Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs import queries, tiers
from nxloy_web.programs.blueprint import bp, find_program
from nxloy_web.programs.facts import TierFacts
from nxloy_web.programs.forms import DeleteTierForm, EditTierForm, NewTierForm
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.facts import typed


@bp.get("/<id:program_id>/tiers/new")
@requires(Permission.PROGRAMS_EDIT)
def new_tier(program_id: str) -> ResponseReturnValue:
    return _new_page(find_program(program_id), NewTierForm.from_request())


@bp.post("/<id:program_id>/tiers/new")
@requires(Permission.PROGRAMS_EDIT)
def create_tier(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    form = NewTierForm.from_request()
    if not form.validate():
        return _new_page(program, form, status=422)
    try:
        tier = tiers.create(
            form.new_id.data,
            typed(form, TierFacts),
            program_id=program_id,
            by=g.actor,
            at=clock.now(),
        )
    except (tiers.TierNameTaken, tiers.ThresholdTaken) as error:
        _refuse(form, error)
        return _new_page(program, form, status=422)
    return _back(program_id, f"{tier.name} is added")


@bp.get("/<id:program_id>/tiers/<id:tier_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def edit_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    return _edit_page(program, tier, _edit_form(tier))


@bp.post("/<id:program_id>/tiers/<id:tier_id>/edit")
@requires(Permission.PROGRAMS_EDIT)
def save_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    program, tier = find_program(program_id), _find(program_id, tier_id)
    form = _edit_form(tier)
    if not form.validate():
        return _edit_page(program, tier, form, status=422)
    try:
        tier = tiers.edit(
            tier_id,
            typed(form, TierFacts),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        tier = _find(program_id, tier_id)
        keep_typed(form, tier)
        return _edit_page(program, tier, form, status=409)
    except (tiers.TierNameTaken, tiers.ThresholdTaken) as error:
        _refuse(form, error)
        return _edit_page(program, tier, form, status=422)
    return _back(program_id, f"{tier.name} is saved")


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
    form = _delete_form(tier)
    if not form.validate():
        return _delete_page(program, tier, form, status=422)
    try:
        tiers.delete(tier_id, members_to=form.members_to.data, by=g.actor, at=clock.now())
    except tiers.MembersNeedAPlace as error:
        form.refuse("members_to", error.message)
        return _delete_page(program, tier, form, status=422)
    return see_other(
        url_for(".show", program_id=program_id),
        toast=f"{tier.name} is deleted",
        undo={"url": url_for(".restore_tier", program_id=program_id, tier_id=tier_id)},
    )


@bp.post("/<id:program_id>/tiers/<id:tier_id>/restoration")
@requires(Permission.PROGRAMS_EDIT)
def restore_tier(program_id: str, tier_id: str) -> ResponseReturnValue:
    find_program(program_id)
    tier = tiers.restore(tier_id, by=g.actor, at=clock.now())
    return _back(program_id, f"{tier.name} is back")


def _find(program_id: str, tier_id: str) -> LoyaltyTier:
    tier = find(LoyaltyTier, tier_id)
    if tier.program_id != program_id:
        raise NotFound
    return tier


def _move(program_id: str, tier_id: str, direction: Literal["up", "down"]) -> ResponseReturnValue:
    tier = tiers.move(_find(program_id, tier_id).id, direction, by=g.actor, at=clock.now())
    return _back(program_id, f"{tier.name} starts at {tier.required_points:,} now")


def _back(program_id: str, toast: str) -> ResponseReturnValue:
    return see_other(url_for(".show", program_id=program_id), toast=toast)


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
