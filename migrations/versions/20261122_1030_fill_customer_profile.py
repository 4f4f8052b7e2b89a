"""Customer example 1, data: a member code and a comparable address for those who have none.

Two living customers of a business whose addresses differ only in capitals would become one: the
elder keeps the address, the younger waits in the report for a person's decision.
"""

import secrets
import unicodedata

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "fill_customer_profile"
down_revision = "add_customer_profile"
branch_labels = None
depends_on = None
phase = "data"
group = "customer_profile"


ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NAMELESS = """
    SELECT business_id, id, email FROM customers
    WHERE {span} AND (member_code IS NULL OR email_norm IS NULL) ORDER BY business_id, id
    FOR NO KEY UPDATE"""
FILL = """
    UPDATE customers c SET
      member_code = coalesce(member_code, %(code)s),
      email_norm = CASE WHEN email_norm IS NULL AND (deleted_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM customers o WHERE o.business_id = c.business_id AND o.id <> c.id
          AND o.email_norm = %(norm)s AND o.deleted_at IS NULL)) THEN %(norm)s ELSE email_norm END
    WHERE business_id = %(business)s AND id = %(id)s"""
UNDECIDED = """
    SELECT jsonb_build_object('business_id', business_id, 'id', id) AS row_key,
           CASE WHEN member_code IS NULL
                THEN 'it came since, so the data migration must run once more'
                WHEN email ~ '[^[:space:]]'
                THEN 'another customer of the business has this address'
                ELSE 'its e-mail address is empty' END AS reason,
           to_jsonb(customers) AS row
    FROM customers
    WHERE member_code IS NULL
       OR email_norm IS NULL AND phone_e164 IS NULL AND erased_at IS NULL"""


def fill(connection: Connection, span: Span) -> None:
    rows = connection.execute(NAMELESS.replace("{span}", span.where), span.parameters).fetchall()
    if rows:
        connection.cursor().executemany(
            FILL,
            [
                {"business": business, "id": id_, "code": _code(), "norm": _norm(email)}
                for business, id_, email in rows
            ],
        )


def _code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(8))


def _norm(email: str) -> str | None:
    """As the application compared addresses when this was written."""
    return unicodedata.normalize("NFC", email).strip().lower() or None


MIGRATION = DataMigration(
    name="fill_customer_profile", table="customers", step=fill, undecided=UNDECIDED
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
