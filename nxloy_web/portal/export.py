"""Everything a business keeps about one customer, for the customer to take along."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.db.session import history
from nxloy_web.ledger import reads as ledger
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RewardRedemption

Facts = dict[str, Any]


def everything_about(customer_id: str, business_name: str, at: datetime) -> Facts:
    customer = find(Customer, customer_id)
    return {
        "business": business_name,
        "made_at": _time(at),
        "customer": _person(customer),
        "programs": [
            {
                "name": standing.program.name,
                "points": standing.spendable,
                "points_not_yet_available": standing.pending,
                "tier": standing.tier.name if standing.tier else None,
            }
            for standing in ledger.standings(customer_id, at)
        ],
        "entries": [_entry(entry) for entry in _entries(customer_id)],
        "purchases": [_purchase(purchase) for purchase in _purchases(customer_id)],
        "redemptions": [_redemption(row) for row in _redemptions(customer_id)],
    }


def _person(customer: Customer) -> Facts:
    return {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone_number,
        "date_of_birth": customer.date_of_birth and customer.date_of_birth.isoformat(),
        "gender": customer.gender,
        "member_code": customer.member_code,
        "customer_number": customer.external_id,
        "language": customer.preferences.language,
        "tags": customer.tags,
        "offers_by_email": customer.email_opt_in,
        "offers_by_text_message": customer.sms_opt_in,
        "customer_since": _time(customer.created_at),
    }


def _entry(entry: PointTransaction) -> Facts:
    return {
        "at": _time(entry.occurred_at),
        "program": entry.program.name,
        "type": entry.type.value,
        "amount": entry.amount,
        "balance": entry.balance,
        "description": entry.description,
        "why": entry.metadata_.steps,
    }


def _purchase(purchase: Purchase) -> Facts:
    return {
        "at": _time(purchase.occurred_at),
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "receipt": purchase.order_ref,
        "status": purchase.status.value,
        "location": purchase.location.name if purchase.location else None,
    }


def _redemption(row: RewardRedemption) -> Facts:
    return {
        "asked_at": _time(row.requested_at),
        "reward": row.reward.name,
        "points": row.points_cost,
        "code": row.code,
        "status": row.status.value,
    }


def _entries(customer_id: str) -> Sequence[PointTransaction]:
    statement = (
        select(PointTransaction)
        .where(PointTransaction.customer_id == customer_id)
        .options(joinedload(PointTransaction.program))
        .order_by(PointTransaction.occurred_at, PointTransaction.seq)
    )
    return db.session.scalars(history(statement)).all()


def _purchases(customer_id: str) -> Sequence[Purchase]:
    statement = (
        select(Purchase)
        .where(Purchase.customer_id == customer_id)
        .options(joinedload(Purchase.location))
        .order_by(Purchase.occurred_at, Purchase.id)
    )
    return db.session.scalars(history(statement)).all()


def _redemptions(customer_id: str) -> Sequence[RewardRedemption]:
    statement = (
        select(RewardRedemption)
        .where(RewardRedemption.customer_id == customer_id)
        .options(joinedload(RewardRedemption.reward))
        .order_by(RewardRedemption.requested_at, RewardRedemption.id)
    )
    return db.session.scalars(history(statement)).all()


def _time(value: datetime) -> str:
    return value.isoformat(timespec="seconds")
