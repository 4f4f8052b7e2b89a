"""The stock of one reward: more came in, somebody counted, or nobody counts."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission, requires
from nxloy_web.rewards import stock
from nxloy_web.rewards.blueprint import bp, find_reward
from nxloy_web.rewards.forms import AddStockForm, CorrectStockForm
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.answers import page, see_other


@bp.get("/<id:reward_id>/stock/add")
@requires(Permission.REWARDS_EDIT)
def ask_add_stock(reward_id: str) -> ResponseReturnValue:
    return _add_page(find_reward(reward_id), AddStockForm.from_request())


@bp.post("/<id:reward_id>/stock/add")
@requires(Permission.REWARDS_EDIT)
def add_stock(reward_id: str) -> ResponseReturnValue:
    reward = find_reward(reward_id)
    form = AddStockForm.from_request()
    if not form.validate():
        return _add_page(reward, form, status=422)
    try:
        reward = stock.add(
            reward_id,
            form.amount.data,
            reason=form.reason.data,
            by=g.actor,
            id=form.new_id.data,
            at=clock.now(),
        )
    except (stock.StockUnlimited, stock.WrongStock) as error:
        return _add_page(reward, _refused(form, "amount", error), status=422)
    return _back(reward)


@bp.get("/<id:reward_id>/stock/correct")
@requires(Permission.REWARDS_EDIT)
def ask_correct_stock(reward_id: str) -> ResponseReturnValue:
    reward = find_reward(reward_id)
    form = CorrectStockForm.from_request(data={"to": reward.current_stock})
    return _correct_page(reward, form)


@bp.post("/<id:reward_id>/stock/correct")
@requires(Permission.REWARDS_EDIT)
def correct_stock(reward_id: str) -> ResponseReturnValue:
    """Set what is really there; a reward with unlimited stock is counted from then on."""
    reward = find_reward(reward_id)
    form = CorrectStockForm.from_request()
    if not form.validate():
        return _correct_page(reward, form, status=422)
    try:
        reward = stock.correct(
            reward_id,
            form.to.data,
            reason=form.reason.data,
            by=g.actor,
            id=form.new_id.data,
            at=clock.now(),
        )
    except stock.WrongStock as error:
        return _correct_page(reward, _refused(form, "to", error), status=422)
    return _back(reward)


@bp.post("/<id:reward_id>/stock/unlimited")
@requires(Permission.REWARDS_EDIT)
def unlimit_stock(reward_id: str) -> ResponseReturnValue:
    find_reward(reward_id)
    return _back(stock.unlimit(reward_id, by=g.actor, at=clock.now()))


def _refused(
    form: AddStockForm | CorrectStockForm, field: str, error: BusinessRule
) -> AddStockForm | CorrectStockForm:
    form.refuse(field, error.message)
    return form


def _back(reward: Reward) -> ResponseReturnValue:
    left = "Stock is not counted now"
    if reward.current_stock is not None:
        left = f"{reward.current_stock:,} in stock now"
    return see_other(url_for(".show", reward_id=reward.id), toast=left)


def _add_page(
    reward: Reward, form: AddStockForm | CorrectStockForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "rewards/add_stock.html",
        fragment="rewards/_add_stock.html",
        status=status,
        reward=reward,
        form=form,
    )


def _correct_page(
    reward: Reward, form: AddStockForm | CorrectStockForm, status: int = 200
) -> ResponseReturnValue:
    return page(
        "rewards/correct_stock.html",
        fragment="rewards/_correct_stock.html",
        status=status,
        reward=reward,
        form=form,
    )
