"""Taking a whole import back, batch by batch: purchases by compensating entries, customers by
deleting those nobody has touched since. Each batch is one transaction, so a stop loses nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from nxloy_web import jobs
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import copying, db
from nxloy_web.db.copying import among
from nxloy_web.db.paging import Order
from nxloy_web.ledger.books import Books
from nxloy_web.purchases import returning
from nxloy_web.tables.imports import ImportKind, ImportLine, ImportRun
from nxloy_web.tables.points import Why
from nxloy_web.tables.purchases import Purchase, PurchaseStatus

STEP = 200
"""Purchases or customers in one transaction. Their people's balances are locked until its end, so
it is counted in what is touched, however much each of them has bought."""
REASON = "Import undone"
# Backwards: of each customer the newest first, so that a tier is left in the order it was reached.
NEWEST_FIRST = Order(Purchase.customer_id, Purchase.occurred_at, Purchase.id, descending=True)


def take_back(run: ImportRun, at: datetime) -> None:
    if run.kind is ImportKind.CUSTOMERS:
        _customers(run, at)
    else:
        _purchases(run, at)


def _purchases(run: ImportRun, at: datetime) -> None:
    left = _left_of(run)
    total = db.session.scalar(
        select(func.count(Purchase.id)).where(Purchase.import_run_id == run.id)
    )
    done = (total or 0) - (
        db.session.scalar(select(func.count()).select_from(left.subquery())) or 0
    )
    seen, is_more = "", True
    while is_more:
        step = NEWEST_FIRST.page(left, after=seen, size=STEP)
        void_purchases(run, [row.id for row in step.rows], at)
        done += len(step.rows)
        jobs.progress(done, total)
        db.session.commit()
        jobs.pause_if_stopping()
        seen, is_more = step.after, bool(step.after)


def _left_of(run: ImportRun) -> Select[str, datetime, str]:
    """The purchases of the run that still hold their keys."""
    return select(Purchase.customer_id, Purchase.occurred_at, Purchase.id).where(
        Purchase.import_run_id == run.id, Purchase.undone_at.is_(None)
    )


def void_purchases(run: ImportRun, purchase_ids: Sequence[str], at: datetime) -> None:
    """Take back these purchases that the run brought in, in the open transaction."""
    of_step = among(Purchase.id, purchase_ids)
    customer_ids = set(db.session.scalars(select(Purchase.customer_id).where(of_step)))
    if run.options.program_id is not None:
        books = Books(run.options.program_id, customer_ids, at=at)
        # Read under the locks: what was voided by hand meanwhile is not taken back again.
        recorded = db.session.scalars(
            select(Purchase.id).where(
                of_step, Purchase.status == PurchaseStatus.RECORDED, Purchase.points > 0
            )
        )
        whys = {purchase_id: Why(inputs={"purchase": purchase_id}) for purchase_id in recorded}
        by = Actor("team", run.by_user_id) if run.by_user_id else SYSTEM
        returning.take_back(books, whys, by=by, reason=REASON, import_undone=True)
        books.write_batch(by=by)
    _update(
        update(Purchase)
        .where(of_step, Purchase.status == PurchaseStatus.RECORDED)
        .values(status=PurchaseStatus.VOIDED, voided_at=at, void_reason=REASON)
    )
    # Also those voided by hand before: their keys are free too.
    _update(update(Purchase).where(of_step, Purchase.undone_at.is_(None)).values(undone_at=at))
    copying.stage("nx_buyers", "id text", ((customer_id,) for customer_id in customer_ids))
    copying.run(_COUNT_AGAIN)


_COUNT_AGAIN = """
    UPDATE customers AS kept
    SET purchase_count = left_over.count, spent_minor = left_over.spent,
        first_purchase_at = left_over.first_at, last_purchase_at = left_over.last_at,
        updated_at = now()
    FROM (SELECT nx_buyers.id, count(bought.id) AS count,
                 coalesce(sum(bought.amount_minor), 0) AS spent,
                 min(bought.occurred_at) AS first_at, max(bought.occurred_at) AS last_at
          FROM nx_buyers LEFT JOIN purchases AS bought
            ON bought.business_id = :business_id AND bought.customer_id = nx_buyers.id
           AND bought.status = 'RECORDED'
          GROUP BY nx_buyers.id) AS left_over
    WHERE kept.business_id = :business_id AND kept.id = left_over.id
"""


def _customers(run: ImportRun, at: datetime) -> None:
    made = (ImportLine.run_id == run.id, ImportLine.created_id.is_not(None))
    total = db.session.scalar(select(func.count(ImportLine.line)).where(*made)) or 0
    after, done = 0, 0
    while rows := db.session.execute(
        select(ImportLine.line, ImportLine.created_id)
        .where(*made, ImportLine.line > after)
        .order_by(ImportLine.line)
        .limit(STEP)
    ).all():
        copying.stage("nx_made", "id text", ((row.created_id,) for row in rows))
        copying.run(_DELETE_UNTOUCHED, at=at)
        done += len(rows)
        jobs.progress(done, total)
        db.session.commit()
        jobs.pause_if_stopping()
        after = rows[-1].line


# Untouched: as the import made them, and nothing has happened with them. `version` counts edits.
_DELETE_UNTOUCHED = """
    UPDATE customers AS kept SET deleted_at = :at, updated_at = now()
    FROM nx_made
    WHERE kept.business_id = :business_id AND kept.id = nx_made.id AND kept.deleted_at IS NULL
      AND kept.version = 1 AND kept.user_id IS NULL AND kept.status = 'ACTIVE'
      AND NOT EXISTS (SELECT FROM purchases AS other
                      WHERE other.business_id = kept.business_id AND other.customer_id = kept.id
                        AND other.status = 'RECORDED')
      AND NOT EXISTS (SELECT FROM customer_balances AS other
                      WHERE other.business_id = kept.business_id AND other.customer_id = kept.id
                        AND (other.balance <> 0 OR other.spendable <> 0))
      AND NOT EXISTS (SELECT FROM reward_redemptions AS other
                      WHERE other.business_id = kept.business_id AND other.customer_id = kept.id)
      AND NOT EXISTS (SELECT FROM customers AS other
                      WHERE other.business_id = kept.business_id AND other.referred_by = kept.id)
"""


def _update(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
