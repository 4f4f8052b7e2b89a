"""What the other revisions begin with."""

from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "beginning"
down_revision = None
phase = "expand"
down_loses = ("customers", "loyalty_programs", "loyalty_tiers", "user", "users", "businesses")


@one_transaction
def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE businesses (id text PRIMARY KEY);
        CREATE TABLE users (id text PRIMARY KEY);
        CREATE TABLE "user" (id text PRIMARY KEY);
        CREATE TABLE loyalty_tiers (id text PRIMARY KEY, name text NOT NULL, min_points integer);
        CREATE TABLE loyalty_programs (
            business_id text REFERENCES businesses, id text, PRIMARY KEY (business_id, id)
        );
        CREATE TABLE customers (
            business_id text REFERENCES businesses,
            id text,
            name text,
            email text,
            status text,
            spent numeric(12, 2),
            points integer,
            PRIMARY KEY (business_id, id),
            CONSTRAINT uq_customers_email UNIQUE (business_id, email)
        );
        CREATE TYPE kind AS ENUM ('SMALL', 'LARGE')
        """
    )
    ops.tenant_table("businesses", app="SELECT", column="id")
    ops.open_table("users", app="SELECT, INSERT")
    ops.open_table('"user"', app="SELECT, INSERT")
    ops.open_table("loyalty_tiers", app="SELECT, INSERT")
    ops.tenant_table("loyalty_programs", app="SELECT, INSERT")
    ops.tenant_table("customers", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    for table in down_loses:
        op.drop_table(table)
    op.execute("DROP TYPE kind")
