"""Letters to customers about their card: welcome, and how a redemption is getting on.

They tell people about something they asked for, so they go to everybody who has an address;
the opt-ins are about offers.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision
from flask import current_app
from sqlalchemy import inspect, select, update

from nxloy_web import clock
from nxloy_web.businesses.current import current_business
from nxloy_web.businesses.models import Business
from nxloy_web.customers.models import Customer
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.jobs import enqueue, every, pause_if_stopping, task
from nxloy_web.mail import service as mail
from nxloy_web.redemptions import queries
from nxloy_web.redemptions.models import OPEN, RedemptionEvent, RedemptionStatus, RewardRedemption

BEFORE_LAPSING = timedelta(days=2)
YOUNG = timedelta(days=1)
"""Whoever asked within this time needs no reminder."""
BATCH = 100

_SUBJECTS = {
    RedemptionStatus.APPROVED: "{reward} is ready for you",
    RedemptionStatus.FULFILLED: "You collected {reward}",
    RedemptionStatus.CANCELLED: "{reward} was cancelled",
    RedemptionStatus.REFUNDED: "{reward} was taken back",
    RedemptionStatus.EXPIRED: "{reward} was not collected in time",
}


def redemption_changed(redemption: RewardRedemption) -> None:
    """Queue the letter for what has just happened; it goes only if the change is saved."""
    if redemption.status in _SUBJECTS:
        enqueue(tell, redemption_id=redemption.id, status=redemption.status.value)


def welcome(customer: Customer) -> None:
    enqueue(greet, customer_id=customer.id)


@task("mail.redemption")
def tell(redemption_id: str, status: str) -> None:
    """Write about a change that is still how things are: old news confuses."""
    redemption = queries.with_everything(redemption_id)
    if redemption.status.value != status or not _is_reachable(redemption.customer):
        return
    last = _last_step(redemption_id)
    if last is not None and last.by_user_id == (redemption.customer.user_id or ""):
        return  # they did it themselves and have seen it
    _send(
        redemption,
        f"redemption_{status.lower()}",
        _SUBJECTS[redemption.status],
        reason=last.reason if last else None,
    )


@task("mail.welcome")
def greet(customer_id: str) -> None:
    customer = db.session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is None or not _is_reachable(customer):
        return
    business = current_business()
    mail.send(
        "welcome",
        customer.email or "",
        subject=f"Your card for {business.name}",
        text_template="mail/welcome.txt",
        name=customer.first_name or customer.name,
        link=_link("portal.card", business),
        **_head(business),
    )


@every("41 * * * *")
@task("mail.lapsing")
def remind() -> None:
    """Once per redemption, remind of what is about to lapse."""
    while rows := _about_to_lapse(clock.now()):
        for redemption in rows:
            if _is_reachable(redemption.customer):
                _send(redemption, "redemption_lapsing", "Collect {reward} by {until}")
        _mark_reminded([redemption.id for redemption in rows], clock.now())
        db.session.commit()
        pause_if_stopping()


def _send(redemption: RewardRedemption, kind: str, subject: str, **more: Any) -> None:
    business = current_business()
    facts = {
        "name": redemption.customer.first_name or redemption.customer.name,
        "reward": redemption.reward.name,
        "code": redemption.code,
        "cost": _cost(redemption, business),
        "points": _points(redemption.points_cost, business) if redemption.points_cost else "",
        "until": _last_day(redemption.expires_at, business),
        "link": _link("portal.redemption", business, redemption_id=redemption.id),
        "card_link": _link("portal.card", business),
    }
    mail.send(
        kind,
        redemption.customer.email or "",
        subject=subject.format(**facts),
        text_template=f"mail/{kind}.txt",
        **facts,
        **more,
        **_head(business),
    )


def _about_to_lapse(at: datetime) -> list[RewardRedemption]:
    """Locked, so that two workers remind nobody twice."""
    ids = db.session.scalars(
        select(RewardRedemption.id)
        .where(
            RewardRedemption.status.in_(OPEN),
            RewardRedemption.expires_at > at,
            RewardRedemption.expires_at <= at + BEFORE_LAPSING,
            RewardRedemption.requested_at <= at - YOUNG,
            RewardRedemption.reminded_at.is_(None),
        )
        .order_by(RewardRedemption.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    return [queries.with_everything(redemption_id) for redemption_id in ids]


def _mark_reminded(ids: list[str], at: datetime) -> None:
    """Through the table: a reminder is no edit, so nobody's open form becomes stale."""
    table = inspect(RewardRedemption).local_table
    db.session.execute(
        update(table).where(table.c.id.in_(ids)).values(reminded_at=at)  # type: ignore[arg-type]
    )


def _last_step(redemption_id: str) -> RedemptionEvent | None:
    return db.session.scalar(
        history(
            select(RedemptionEvent)
            .where(RedemptionEvent.redemption_id == redemption_id)
            .order_by(RedemptionEvent.occurred_at.desc(), RedemptionEvent.id.desc())
            .limit(1)
        )
    )


def _is_reachable(customer: Customer) -> bool:
    return bool(customer.email) and not customer.is_deleted and customer.erased_at is None


def _head(business: Business) -> dict[str, Any]:
    return {"business_name": business.name, "hue": business.settings.hue}


def _link(endpoint: str, business: Business, **values: str) -> str:
    """A job has no request to build addresses from."""
    path = current_app.url_map.bind("").build(endpoint, {"slug": business.slug, **values})
    return str(current_app.config["BASE_URL"]).rstrip("/") + path


def _last_day(end: datetime, business: Business) -> str:
    last = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(business.timezone))
    return format_date(last, "d MMMM", locale=business.locale)


def _points(count: int, business: Business) -> str:
    number = format_decimal(count, locale=business.locale)
    return f"{number} point" if count == 1 else f"{number} points"


def _cost(redemption: RewardRedemption, business: Business) -> str:
    parts = [_points(redemption.points_cost, business)] if redemption.points_cost else []
    if redemption.money_cost:
        currency = redemption.currency or business.currency
        amount = Decimal(redemption.money_cost).scaleb(-get_currency_precision(currency))
        parts.append(format_currency(amount, currency, locale=business.locale))
    return " and ".join(parts)
