"""Authentication examples: users who were there, codes and linked accounts."""

from datetime import UTC, datetime

import psycopg
import pytest

from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At

THEN = datetime(2026, 1, 2, tzinfo=UTC)


def test_users_who_were_there_are_not_verified(at: At) -> None:
    walk = at("base_tables")
    for name in ("ada", "grace"):
        email = f"{name}@example.com"
        walk.insert("users", id=name, name=name, email=email, email_norm=email)
    walk.up("add_user_email_verification")
    unverified = {"ada": (False, None), "grace": (False, None)}
    assert walk.table("users", "email_verified", "email_verified_at") == unverified
    # Code that does not know of the columns goes on.
    walk.insert("users", id="kay", name="Kay", email="kay@example.com", email_norm="kay@x")
    assert walk.table("users", "email_verified")["kay"] is False

    walk.down("base_tables")
    assert set(walk.table("users", "name")) == {"ada", "grace", "kay"}
    walk.up("add_user_email_verification")
    walk.run(
        "UPDATE users SET email_verified = true, email_verified_at = %s WHERE id = 'ada'", THEN
    )
    with pytest.raises(Refused, match="would lose what is in users"):
        walk.down("base_tables")
    walk.down("base_tables", lossy=True)
    walk.up("add_user_email_verification")
    assert walk.table("users", "email_verified")["ada"] is False


def test_codes_and_accounts_go_with_their_user_and_are_not_lost_by_going_back(at: At) -> None:
    walk = at("add_oauth_accounts")
    for name in ("ada", "grace"):
        walk.insert("users", id=name, name=name, email=name, email_norm=name)
        walk.insert(
            "verification_codes",
            id=f"code of {name}",
            user_id=name,
            type="EMAIL",
            purpose="SIGN_IN",
            code="hash",
            expires_at=THEN,
        )
        walk.insert(
            "accounts",
            id=f"account of {name}",
            user_id=name,
            provider="GOOGLE",
            provider_id=f"google says {name}",
        )
    assert walk.table("verification_codes", "status")["code of ada"] == "PENDING"
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        walk.run("UPDATE verification_codes SET status = 'USED'")
    with pytest.raises(psycopg.errors.CheckViolation):
        walk.run("UPDATE accounts SET provider = 'MYSPACE'")
    with pytest.raises(psycopg.errors.UniqueViolation):
        walk.run("UPDATE accounts SET provider_id = 'the same'")
    walk.run("DELETE FROM users WHERE id = 'grace'")
    assert set(walk.table("verification_codes", "code")) == {"code of ada"}
    assert set(walk.table("accounts", "provider")) == {"account of ada"}

    with pytest.raises(Refused, match="would lose what is in accounts"):
        walk.down("add_verification_codes")
    walk.down("add_verification_codes", lossy=True)
    with pytest.raises(Refused, match="would lose what is in verification_codes"):
        walk.down("add_user_email_verification")
    walk.run("DELETE FROM verification_codes")
    walk.down("add_user_email_verification")
    walk.up("add_oauth_accounts")
    assert set(walk.table("users", "name")) == {"ada"}


def test_the_native_enum_grows(at: At) -> None:
    """The one pair of native types: a value more is a note in the catalog, and no row is read."""
    walk = at("add_verification_codes")
    walk.run("ALTER TYPE verification_status ADD VALUE 'WITHDRAWN'")
    walk.insert("users", id="ada", name="Ada", email="a", email_norm="a")
    walk.insert(
        "verification_codes",
        id="code",
        user_id="ada",
        type="PHONE",
        status="WITHDRAWN",
        purpose="SIGN_IN",
        code="hash",
        expires_at=THEN,
    )
    assert walk.table("verification_codes", "status") == {"code": "WITHDRAWN"}
