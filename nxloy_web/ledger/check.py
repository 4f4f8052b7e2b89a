"""Do the books add up? Each question is one query; an answer is a row that should not be."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from nxloy_web.db import db
from nxloy_web.db.scope import enter_scope


@dataclass(frozen=True)
class Problem:
    """One thing that does not add up."""

    kind: str
    subject_id: str
    sentence: str


MOST = 100
"""How many problems of one kind are listed: the first ones tell enough."""

_QUESTIONS = {
    "balance": """
        SELECT b.id, 'balance says ' || b.balance || ', its entries add up to '
               || coalesce(sum(t.amount), 0)
        FROM nx.customer_balances b
        LEFT JOIN nx.point_transactions t
          ON t.business_id = b.business_id AND t.balance_id = b.id
        GROUP BY b.business_id, b.id HAVING b.balance <> coalesce(sum(t.amount), 0)
    """,
    "sequence": """
        SELECT b.id, 'the last entry is number ' || b.last_seq || ', there are ' || count(t.id)
        FROM nx.customer_balances b
        LEFT JOIN nx.point_transactions t
          ON t.business_id = b.business_id AND t.balance_id = b.id
        GROUP BY b.business_id, b.id
        HAVING b.last_seq <> count(t.id) OR b.last_seq <> coalesce(max(t.seq), 0)
    """,
    "running": """
        SELECT id, 'the running balance says ' || balance || ', the entries up to it add up to '
               || so_far
        FROM (
          SELECT id, balance,
                 sum(amount) OVER (PARTITION BY business_id, balance_id ORDER BY seq) AS so_far
          FROM nx.point_transactions
        ) t WHERE balance <> so_far
    """,
    "lots": """
        SELECT b.id, 'balance says ' || b.balance || ', its lots hold '
               || coalesce(sum(l.remaining), 0) || ' and ' || b.owed || ' are owed'
        FROM nx.customer_balances b
        LEFT JOIN nx.point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
        GROUP BY b.business_id, b.id
        HAVING b.balance <> coalesce(sum(l.remaining), 0) - b.owed
    """,
    "lot": """
        SELECT l.id, 'the lot is worth ' || l.worth || ': ' || l.remaining || ' are left, '
               || l.expired || ' expired, and ' || coalesce(sum(u.amount), 0) || ' sit in it'
        FROM nx.point_lots l
        LEFT JOIN nx.lot_uses u ON u.business_id = l.business_id AND u.lot_id = l.id
        GROUP BY l.business_id, l.id
        HAVING l.worth <> l.remaining + l.expired + coalesce(sum(u.amount), 0)
    """,
    "unpaid": """
        SELECT b.id, 'owes ' || b.owed || ' and has ' || b.let_off || ' let off, its uses say '
               || coalesce(sum(u.amount) FILTER (WHERE u.is_owed), 0) || ' and '
               || coalesce(sum(u.amount) FILTER (WHERE NOT u.is_owed), 0)
        FROM nx.customer_balances b
        LEFT JOIN nx.lot_uses u
          ON u.business_id = b.business_id AND u.balance_id = b.id AND u.lot_id IS NULL
        GROUP BY b.business_id, b.id
        HAVING b.owed <> coalesce(sum(u.amount) FILTER (WHERE u.is_owed), 0)
            OR b.let_off <> coalesce(sum(u.amount) FILTER (WHERE NOT u.is_owed), 0)
    """,
    "use": """
        SELECT t.id, 'the entry took ' || -t.amount || ', ' || sum(u.amount)
               || ' of it sit somewhere'
        FROM nx.point_transactions t
        JOIN nx.lot_uses u ON u.business_id = t.business_id AND u.debit_id = t.id
        GROUP BY t.business_id, t.id HAVING sum(u.amount) NOT BETWEEN 0 AND -t.amount
    """,
    # Until `next_change_at` nothing changes by itself, so every lot available before it is good.
    "spendable": """
        SELECT b.id, 'spendable says ' || b.spendable || ', the lots that are good hold '
               || coalesce(sum(l.remaining), 0)
        FROM nx.customer_balances b
        LEFT JOIN nx.point_lots l
          ON l.business_id = b.business_id AND l.balance_id = b.id
         AND l.available_at < coalesce(b.next_change_at, 'infinity')
        GROUP BY b.business_id, b.id HAVING b.spendable <> coalesce(sum(l.remaining), 0)
    """,
    "due": """
        SELECT b.id, 'changes next at ' || coalesce(b.next_change_at::text, 'no time')
               || ', but a lot changes at ' || min(l.expires_at)
        FROM nx.customer_balances b
        JOIN nx.point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
        WHERE l.remaining > 0 AND l.expires_at < coalesce(b.next_change_at, 'infinity')
        GROUP BY b.business_id, b.id
    """,
    # Purchases that were voided before reversals were written down have none.
    "lifetime": """
        SELECT b.id, 'lifetime points say ' || b.lifetime_points || ', earned and not taken back '
               || 'were ' || coalesce(earned.points, 0) - coalesce(back.points, 0)
        FROM nx.customer_balances b
        LEFT JOIN (
          SELECT business_id, balance_id, sum(amount) AS points FROM nx.point_transactions
          WHERE type = 'EARNED' GROUP BY business_id, balance_id
        ) earned ON earned.business_id = b.business_id AND earned.balance_id = b.id
        LEFT JOIN (
          SELECT business_id, balance_id, sum(points) AS points FROM (
            SELECT business_id, balance_id, wanted AS points FROM nx.point_reversals
            WHERE source_kind <> 'redemption_back'
            UNION ALL
            SELECT p.business_id, t.balance_id, p.points FROM nx.purchases p
            JOIN nx.point_transactions t ON t.business_id = p.business_id
             AND t.source_kind = 'purchase' AND t.source_id = p.id AND t.part = 0
            WHERE p.status = 'VOIDED' AND NOT EXISTS (
              SELECT FROM nx.point_reversals v
              WHERE v.business_id = p.business_id AND v.source_id = p.id)
          ) gone GROUP BY business_id, balance_id
        ) back ON back.business_id = b.business_id AND back.balance_id = b.id
        WHERE b.lifetime_points <> coalesce(earned.points, 0) - coalesce(back.points, 0)
    """,
    "customer": """
        SELECT c.id, 'counts ' || c.purchase_count || ' purchases of ' || c.spent_minor
               || ', there are ' || count(p.id) || ' of ' || coalesce(sum(p.amount_minor), 0)
        FROM nx.customers c
        LEFT JOIN nx.purchases p
          ON p.business_id = c.business_id AND p.customer_id = c.id AND p.status = 'RECORDED'
        GROUP BY c.business_id, c.id
        HAVING c.purchase_count <> count(p.id) OR c.spent_minor <> coalesce(sum(p.amount_minor), 0)
    """,
    "hold": """
        SELECT r.id, 'is ' || r.status || ' and cost ' || r.points_cost
               || ', its entries add up to ' || coalesce(sum(t.amount), 0)
        FROM nx.reward_redemptions r
        LEFT JOIN nx.point_transactions t
          ON t.business_id = r.business_id AND t.redemption_id = r.id
        GROUP BY r.business_id, r.id
        HAVING coalesce(sum(t.amount), 0) <> -r.points_cost + CASE
          WHEN r.status IN ('CANCELLED', 'REFUNDED', 'EXPIRED') THEN coalesce((
            SELECT v.moved FROM nx.point_reversals v
            WHERE v.business_id = r.business_id AND v.source_kind = 'redemption_back'
              AND v.source_id = r.id), r.points_cost)
          ELSE 0 END
    """,
    "stock": """
        SELECT r.id, 'stock says ' || coalesce(r.current_stock::text, 'unlimited')
               || ', the last movement left ' || coalesce(m.stock_after::text, 'unlimited')
        FROM nx.rewards r
        JOIN LATERAL (
          SELECT stock_after FROM nx.stock_movements m
          WHERE m.business_id = r.business_id AND m.reward_id = r.id
          ORDER BY m.created_at DESC, m.id DESC LIMIT 1
        ) m ON true
        WHERE r.current_stock IS DISTINCT FROM m.stock_after
    """,
}


def problems(business_id: str) -> list[Problem]:
    """Everything that does not add up in a business; none is how it should be.

    Enters the business by itself and reads only.
    """
    with enter_scope(business_id):
        return list(answers())


def answers(connection: Connection | None = None) -> Iterator[Problem]:
    """The same for the business that is already entered, in its open transaction.

    The transaction is the session's, or that of a `connection` of one's own.
    """
    execute = db.session.execute if connection is None else connection.execute
    for kind, question in _QUESTIONS.items():
        rows = execute(text(f"{question} LIMIT {MOST}")).all()
        yield from (Problem(kind, row[0], row[1]) for row in rows)
