"""The catalogue, one reward, and what can be done with it."""

from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.db.facts import facts_of
from nxloy_web.db.ids import new_id
from nxloy_web.errors import BusinessRule, Stale
from nxloy_web.permissions import Permission, requires
from nxloy_web.rewards import queries, service
from nxloy_web.rewards.blueprint import bp, find_reward
from nxloy_web.rewards.facts import RewardFacts
from nxloy_web.rewards.forms import (
    ICONS,
    TYPES,
    CopyForm,
    EditRewardForm,
    NewRewardForm,
    RewardFields,
)
from nxloy_web.segments import queries as segments
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType
from nxloy_web.texts import _
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.facts import typed


@bp.get("/")
@requires(Permission.REWARDS_VIEW)
def index() -> ResponseReturnValue:
    filter_ = queries.Filter.from_args(arguments())
    counts = queries.counts()
    return page(
        "rewards/index.html",
        fragment="rewards/_results.html",
        filter=filter_,
        catalogue=queries.catalogue(filter_),
        counts=counts,
        tabs_shown=queries.tabs_of(counts, filter_.status),
        as_cards=arguments().text("view") == "cards",
        categories=queries.categories(),
        programs=queries.programs(filter_.program_id),
        types=TYPES,
    )


@bp.get("/new")
@requires(Permission.REWARDS_EDIT)
def new() -> ResponseReturnValue:
    return _new_page(_new_form())


@bp.post("/new")
@requires(Permission.REWARDS_EDIT)
def create() -> ResponseReturnValue:
    form = _new_form()
    form.take_picture(g.actor)
    if not form.validate():
        return _new_page(form, status=422)
    reward = service.create(
        form.new_id.data,
        typed(form, RewardFacts),
        currency=g.place.currency,
        in_stock=form.in_stock.data,
        offer=form.offer.data,
        by=g.actor,
        at=clock.now(),
    )
    return see_other(url_for(".show", reward_id=reward.id), toast=f"{reward.name} is added")


@bp.get("/<id:reward_id>")
@requires(Permission.REWARDS_VIEW)
def show(reward_id: str) -> ResponseReturnValue:
    return page("rewards/show.html", **shown(reward_id))


@bp.get("/<id:reward_id>/edit")
@requires(Permission.REWARDS_EDIT)
def edit(reward_id: str) -> ResponseReturnValue:
    reward = find_reward(reward_id)
    return _edit_page(reward, _edit_form(reward))


@bp.post("/<id:reward_id>/edit")
@requires(Permission.REWARDS_EDIT)
def save(reward_id: str) -> ResponseReturnValue:
    reward = find_reward(reward_id)
    form = _edit_form(reward)
    form.take_picture(g.actor)
    if not form.validate():
        return _edit_page(reward, form, status=422)
    try:
        service.edit(
            reward_id,
            typed(form, RewardFacts),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
    except Stale:
        reward = find_reward(reward_id)
        keep_typed(form, reward)
        return _edit_page(reward, form, status=409)
    return see_other(url_for(".show", reward_id=reward_id), toast="Saved")


@bp.post("/<id:reward_id>/copy")
@requires(Permission.REWARDS_EDIT)
def duplicate(reward_id: str) -> ResponseReturnValue:
    form = CopyForm.from_request()
    if not form.validate():
        raise BusinessRule(_("Open the reward again and copy it once more."))
    copy = service.duplicate(reward_id, id=form.new_id.data, by=g.actor, at=clock.now())
    return see_other(url_for(".edit", reward_id=copy.id), toast="This is the copy, as a draft")


@bp.post("/<id:reward_id>/offer")
@requires(Permission.REWARDS_EDIT)
def offer(reward_id: str) -> ResponseReturnValue:
    reward = _change(reward_id, RewardStatus.ACTIVE)
    if reward.status is RewardStatus.OUT_OF_STOCK:
        return _back(reward, f"{reward.name} is out of stock: add some to offer it", "warn")
    return _back(reward, f"Customers can have {reward.name} now")


@bp.post("/<id:reward_id>/withdrawal")
@requires(Permission.REWARDS_EDIT)
def withdraw(reward_id: str) -> ResponseReturnValue:
    """Take it off offer, or out of the archive."""
    reward = _change(reward_id, RewardStatus.INACTIVE)
    return _back(reward, f"{reward.name} is not on offer")


@bp.post("/<id:reward_id>/archive")
@requires(Permission.REWARDS_EDIT)
def archive(reward_id: str) -> ResponseReturnValue:
    reward = _change(reward_id, RewardStatus.ARCHIVED)
    return _back(reward, f"{reward.name} is archived")


@bp.post("/<id:reward_id>/deletion")
@requires(Permission.REWARDS_EDIT)
def delete(reward_id: str) -> ResponseReturnValue:
    reward = service.delete(reward_id, by=g.actor, at=clock.now())
    return see_other(
        url_for(".index"),
        toast=f"{reward.name} is deleted",
        undo={"url": url_for(".restore", reward_id=reward_id)},
    )


@bp.post("/<id:reward_id>/restoration")
@requires(Permission.REWARDS_EDIT)
def restore(reward_id: str) -> ResponseReturnValue:
    reward = service.restore(reward_id, by=g.actor, at=clock.now())
    return _back(reward, f"{reward.name} is back")


def shown(reward_id: str) -> dict[str, Any]:
    """What the page of one reward needs."""
    reward = queries.with_everything(reward_id)
    return {
        "reward": reward,
        "segment": queries.segment_name(reward.segment_id),
        "movements": queries.movements(reward_id),
        "redemptions": queries.redemptions(reward_id),
        "redemption_counts": queries.redemption_counts(reward_id),
        "types": TYPES,
        "copy_id": new_id(),
        "now": clock.now(),
    }


def _change(reward_id: str, to: RewardStatus) -> Reward:
    return service.change_status(reward_id, to, by=g.actor, at=clock.now())


def _back(reward: Reward, toast: str, kind: str = "ok") -> ResponseReturnValue:
    return see_other(url_for(".show", reward_id=reward.id), toast=toast, kind=kind)


def _new_form() -> NewRewardForm:
    programs = list(queries.programs())
    first = programs[0].id if programs else ""
    form = NewRewardForm.from_request(data={"program_id": first})
    _prepare(form)
    return form


def _edit_form(reward: Reward) -> EditRewardForm:
    form = EditRewardForm.of(facts_of(reward, RewardFacts), version=reward.version)
    _prepare(form, reward.program_id, reward.segment_id, reward.type)
    return form


def _prepare(
    form: RewardFields,
    program_id: str | None = None,
    segment_id: str | None = None,
    kept: RewardType | None = None,
) -> None:
    form.prepare(
        programs=list(queries.programs(program_id)),
        tiers=list(queries.tiers()),
        segments=_segments(segment_id),
        kept=kept,
    )


def _segments(kept: str | None) -> list[tuple[str, str]]:
    """The living ones, and the one the reward has: left out, saving would open it to everybody."""
    offered = segments.choices().all
    if kept is None or kept in dict(offered):
        return offered
    segment = segments.segment(kept)
    return [*offered, (kept, segment.name + (" (deleted)" if segment.is_deleted else ""))]


def _new_page(form: NewRewardForm, status: int = 200) -> ResponseReturnValue:
    return page("rewards/new.html", status=status, form=form, **_choices())


def _edit_page(reward: Reward, form: EditRewardForm, status: int = 200) -> ResponseReturnValue:
    return page("rewards/edit.html", status=status, form=form, reward=reward, **_choices())


def _choices() -> dict[str, Any]:
    return {"types": TYPES, "icons": ICONS, "categories": queries.categories()}
