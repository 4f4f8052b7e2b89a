"""What an owner decides about the business as a whole."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.businesses.facts import BusinessFacts
from nxloy_web.businesses.locks import locked_business
from nxloy_web.db import db
from nxloy_web.db.facts import changes, put
from nxloy_web.db.refusals import check_version
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import WITH_DELETED, history
from nxloy_web.errors import BusinessRule
from nxloy_web.money import same_figure
from nxloy_web.permissions import Permission
from nxloy_web.plain_names import refuse_links
from nxloy_web.tables.businesses import Business, BusinessSettings
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _


class CurrencyFixed(BusinessRule):
    message = _("Amounts are recorded in the present currency, so it cannot change any more.")


def business() -> Business:
    return db.session.scalars(select(Business).where(Business.id == current_business_id())).one()


def has_money() -> bool:
    """Whether an amount was recorded: somebody has paid it, or has asked for what costs it.

    Rules and prices are no records: they are what the owner types, and keep their figures.
    """
    amounts = (
        select(Purchase.id),
        select(RewardRedemption.id).where(RewardRedemption.money_cost.is_not(None)),
    )
    return any(db.session.scalar(history(statement.limit(1))) for statement in amounts)


def change(facts: BusinessFacts, *, version: int | None, by: Actor, at: datetime) -> Business:
    """Save name, timezone, locale, currency and settings together."""
    by.needs(Permission.BUSINESS_EDIT)
    refuse_links(facts.name)
    row = locked_business()
    check_version(row, version)
    before, after = changes(row, facts)
    if "settings" in after:
        before["settings"], after["settings"] = _changed(row.settings, facts.settings)
    if not after:
        return row
    if "currency" in after:
        _change_currency(before["currency"], after["currency"])
    put(row, facts)
    events.happened("business.changed", row, by=by, before=before, after=after, at=at)
    db.session.flush()
    return row


def _change_currency(old: str, new: str) -> None:
    """Programs and prices; who else keeps amounts hears of the change."""
    if has_money():
        raise CurrencyFixed
    priced = select(Reward).where(Reward.money_cost.is_not(None)).with_for_update()
    for reward in db.session.scalars(history(priced)):
        reward.money_cost = same_figure(reward.money_cost or 0, old, new)
    db.session.flush()
    for model in (LoyaltyProgram, Reward):
        db.session.execute(
            update(model).values(currency=new), execution_options={WITH_DELETED: True}
        )


def _changed(
    before: BusinessSettings, after: BusinessSettings
) -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = before.model_dump(), after.model_dump()
    names = [name for name in new if old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}
