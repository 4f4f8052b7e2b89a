"""Receipts compared as people read them, data: the key of what was recorded before.

Two recorded purchases whose numbers are one receipt by now stay as they are: the key of the later
one gets its id behind it. What old code records after this has run is brought by the next run:
`flask schema data retry fill_purchase_receipt_key`.
"""

import re
import unicodedata

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "fill_purchase_receipt_key"
down_revision = "add_purchase_receipt_key"
branch_labels = None
depends_on = None
phase = "data"
group = "purchase_receipt_key"

WAITING = "order_ref IS NOT NULL AND receipt_key IS NULL"
ROWS = f"""
    SELECT business_id, id, order_ref FROM purchases
    WHERE {{span}} AND {WAITING} ORDER BY business_id, id FOR UPDATE"""
FILL = """
    UPDATE purchases p
    SET receipt_key = CASE WHEN p.status = 'RECORDED' AND EXISTS (
      SELECT FROM purchases o
      WHERE o.business_id = p.business_id AND o.receipt_key = %(key)s AND o.status = 'RECORDED')
      THEN %(key)s || ' ' || p.id ELSE %(key)s END
    WHERE p.business_id = %(business_id)s AND p.id = %(id)s"""


def fill(connection: Connection, span: Span) -> None:
    rows = connection.execute(ROWS.replace("{span}", span.where), span.parameters).fetchall()
    for business_id, id_, number in rows:
        given = {"business_id": business_id, "id": id_, "key": key(number)}
        connection.execute(FILL, given)


def key(number: str) -> str:
    folded = unicodedata.normalize("NFKC", number).casefold()
    plain = "".join("-" if is_gap(sign) else sign for sign in folded).strip("-")
    plain = re.sub(r"-+", "-", plain)
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain) or folded


def is_gap(sign: str) -> bool:
    return sign == "_" or unicodedata.category(sign) in ("Pd", "Zs", "Cc", "Cf") or sign == "\u2212"


MIGRATION = DataMigration(
    name="fill_purchase_receipt_key",
    table="purchases",
    step=fill,
    undecided=f"""
        SELECT jsonb_build_object('business_id', business_id, 'id', id) AS row_key,
               'it was recorded since, so the data migration must run once more' AS reason,
               to_jsonb(purchases) AS row
        FROM purchases WHERE {WAITING}""",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
