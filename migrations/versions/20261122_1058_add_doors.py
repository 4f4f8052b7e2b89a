"""The doors: the few functions that read across businesses (nxloy_web/db/doors.py calls them)."""

from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_doors"
down_revision = "add_job_queue"
branch_labels = None
depends_on = None
phase = "expand"

# No more columns than the doors need: a password's hash is not among them.
READS = {
    "users": "id, name, email, email_verified, session_epoch, is_operator",
    "businesses": "id, slug, name, timezone, currency, locale, settings",
    "memberships": "business_id, id, user_id, role, deleted_at",
    "customers": "business_id, id, user_id, deleted_at",
    "invitations": "business_id, token_hash, accepted_at, withdrawn_at",
}
FRONT = "b.id, b.slug, b.name, b.timezone, b.currency, b.locale, coalesce((b.settings->>'hue')::int, 285)"


@one_transaction
def upgrade() -> None:
    for table, columns in READS.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO nx_doors")
    ops.door(
        "door_enter(p_user_id text, p_slug text)",
        f"""
        SELECT u.id, u.name, u.email, u.email_verified, u.session_epoch, u.is_operator,
               {FRONT}, m.role, c.id
        FROM users u
        LEFT JOIN (businesses b
                   LEFT JOIN memberships m
                     ON m.business_id = b.id AND m.user_id = p_user_id AND m.deleted_at IS NULL
                   LEFT JOIN customers c
                     ON c.business_id = b.id AND c.user_id = p_user_id AND c.deleted_at IS NULL)
          ON b.slug = p_slug AND (m.id IS NOT NULL OR c.id IS NOT NULL)
        WHERE u.id = p_user_id
        """,
        returns="""TABLE (user_id text, user_name text, email text, email_verified boolean,
            session_epoch int, is_operator boolean, business_id text, slug text,
            business_name text, timezone text, currency text, locale text, hue int,
            role text, customer_id text)""",
    )
    ops.door(
        "door_places_of(p_user_id text)",
        """
        SELECT b.slug, b.name, coalesce((b.settings->>'hue')::int, 285), m.role, c.id
        FROM (SELECT business_id FROM memberships
              WHERE user_id = p_user_id AND deleted_at IS NULL
              UNION
              SELECT business_id FROM customers
              WHERE user_id = p_user_id AND deleted_at IS NULL) mine
        JOIN businesses b ON b.id = mine.business_id
        LEFT JOIN memberships m
          ON m.business_id = b.id AND m.user_id = p_user_id AND m.deleted_at IS NULL
        LEFT JOIN customers c
          ON c.business_id = b.id AND c.user_id = p_user_id AND c.deleted_at IS NULL
        ORDER BY b.name, b.id
        """,
        returns="TABLE (slug text, name text, hue int, role text, customer_id text)",
    )
    ops.door(
        "door_front(p_slug text)",
        f"SELECT {FRONT} FROM businesses b WHERE b.slug = p_slug",
        returns="""TABLE (business_id text, slug text, business_name text, timezone text,
            currency text, locale text, hue int)""",
    )
    ops.door(
        "door_invited_to(p_token_hash text)",
        """
        SELECT business_id FROM invitations
        WHERE token_hash = p_token_hash AND accepted_at IS NULL AND withdrawn_at IS NULL
        """,
        returns="text",
    )
    ops.door(
        "door_business_ids(p_after text, p_limit int)",
        "SELECT id FROM businesses WHERE id > p_after ORDER BY id LIMIT p_limit",
        returns="TABLE (business_id text)",
    )


@one_transaction
def downgrade() -> None:
    for signature in (
        "door_business_ids(text, int)",
        "door_invited_to(text)",
        "door_front(text)",
        "door_places_of(text)",
        "door_enter(text, text)",
    ):
        op.execute(f"DROP FUNCTION {signature}")
    for table, columns in READS.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM nx_doors")
