"""What the plan says of a statement's locks is what PostgreSQL then takes."""

from typing import Any

import psycopg
import pytest

from nxloy_web.schema.lint.sql import tidy
from nxloy_web.schema.lock_modes import MEANING, locks_of, strongest

IN_A_TRANSACTION = [
    "ALTER TABLE customers ADD COLUMN extra text",
    "ALTER TABLE customers DROP COLUMN IF EXISTS gender",
    "ALTER TABLE customers ALTER COLUMN email SET NOT NULL",
    "ALTER TABLE customers ADD CONSTRAINT sound CHECK (id <> '') NOT VALID",
    "ALTER TABLE customers ADD CONSTRAINT own FOREIGN KEY (gender) REFERENCES users (id) NOT VALID",
    "ALTER TABLE customers VALIDATE CONSTRAINT ck_customers_status_members",
    "CREATE TABLE gifts (id text PRIMARY KEY, user_id text REFERENCES users (id))",
    "CREATE INDEX ix_more ON customers (business_id, gender)",
    "CREATE TRIGGER keep BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "DROP TRIGGER point_transactions_append_only ON point_transactions",
    "CREATE POLICY more ON customers USING (true)",
    "DROP POLICY tenant ON customers",
    "DROP TABLE customer_name_words",
    "UPDATE customers SET gender = NULL WHERE {span}",
    "DELETE FROM customers WHERE false",
    "INSERT INTO users SELECT * FROM users WHERE false",
]


@pytest.mark.parametrize("statement", IN_A_TRANSACTION)
def test_the_plan_knows_the_locks_of(database: Any, statement: str) -> None:
    said: dict[str, set[str]] = {}
    for part in statement.split(";"):
        for table, mode in locks_of(tidy(part)):
            said.setdefault(table, set()).add(mode)
    assert said, "the plan knows of no lock at all"
    with psycopg.connect(database.migrator_url) as connection:
        numbers = {table: _number(connection, table) for table in said}
        connection.execute(statement.replace("{span}", "true"))  # type: ignore[arg-type]
        for table, modes in said.items():
            held = _held(connection, numbers[table])
            assert strongest(modes) in held
            stronger = list(MEANING)[: list(MEANING).index(strongest(modes))]
            assert not held & set(stronger)
        connection.rollback()


def test_what_is_made_in_the_statement_is_nobodys_table() -> None:
    assert list(locks_of("grant select on customers to nx_app")) == []
    assert list(locks_of("create table gifts ( id text )")) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX CONCURRENTLY ix_more ON customers (business_id)",
        "CREATE UNIQUE INDEX CONCURRENTLY uq_more ON customers (business_id, id) WHERE true",
    ],
)
def test_an_index_is_built_beside_the_people(statement: str) -> None:
    assert list(locks_of(tidy(statement))) == [("customers", "SHARE UPDATE EXCLUSIVE")]


def _number(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute("SELECT %s::text::regclass::oid", [f"nx.{table}"]).fetchone()
    assert row
    return int(row[0])


def _held(connection: psycopg.Connection[Any], number: int) -> set[str]:
    rows = connection.execute(
        "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND granted AND relation = %s",
        [number],
    ).fetchall()
    # pg_locks writes AccessExclusiveLock for ACCESS EXCLUSIVE.
    plain = {mode.replace(" ", "").lower() + "lock": mode for mode in MEANING}
    return {plain[row[0].lower()] for row in rows if row[0].lower() in plain}
