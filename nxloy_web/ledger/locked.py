"""Balances of customers under their locks, past the session: it must not keep copies of what
moves."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.points import CustomerBalance


def read(customer_ids: Sequence[str], program_id: str | None) -> Sequence[Any]:
    """The figures with what of the customer decides, in id order; without a program, of all."""
    balance = CustomerBalance
    statement: Any = (
        select(
            balance.id,
            balance.customer_id,
            balance.program_id,
            balance.balance,
            balance.spendable,
            balance.owed,
            balance.let_off,
            balance.next_change_at,
            balance.last_seq,
            balance.lifetime_points,
            balance.tier_id,
            balance.tier_since_at,
            balance.tier_needs,
            balance.has_marks,
            balance.hand_tier_id,
            balance.hand_tier_until,
            (Customer.status == CustomerStatus.BLOCKED).label("is_blocked"),
            Customer.user_id,
            Customer.email_norm,
            Customer.phone_e164,
            Customer.deleted_at,
        )
        .join(balance.customer)
        .where(among(balance.customer_id, customer_ids))
        .order_by(balance.id)
        .with_for_update(of=balance)
    )
    if program_id is not None:
        statement = statement.where(balance.program_id == program_id)
    return db.session.execute(history(statement)).all()


def make(customer_ids: Sequence[str], program_id: str) -> None:
    """Two first purchases at once: the second insert waits for the first, then does nothing."""
    db.session.connection().execute(
        insert(CustomerBalance.__table__).on_conflict_do_nothing(  # type: ignore[arg-type]
            index_elements=["business_id", "customer_id", "program_id"]
        ),
        [
            {
                "business_id": current_business_id(),
                "id": new_id(),
                "customer_id": customer_id,
                "program_id": program_id,
            }
            for customer_id in customer_ids
        ],
    )
