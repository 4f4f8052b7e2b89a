"""The history leads to what the models say, and back to nothing."""

from typing import Any

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine

from nxloy_web.config import with_driver
from nxloy_web.schema import drift


def test_models_and_database_agree(app: Flask, database: Any) -> None:
    engine = create_engine(with_driver(database.migrator_url))
    with engine.connect() as connection:
        assert drift.differences(connection) == []
    engine.dispose()


def test_the_history_goes_down_and_up_again(app: Flask, as_admin: Any) -> None:
    before = _shape(as_admin)
    with app.app_context():
        downgrade(revision="base")
        left = as_admin.execute(
            "SELECT relname FROM pg_class WHERE relnamespace IN"
            " ('nx'::regnamespace, 'jobs'::regnamespace)"
            " AND relname NOT LIKE 'alembic_version%'"
        ).fetchall()
        assert left == []
        assert _functions(as_admin) == []
        upgrade()
    assert _shape(as_admin) == before


def _functions(as_admin: Any) -> list[Any]:
    return list(
        as_admin.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace IN"
            " ('nx'::regnamespace, 'jobs'::regnamespace) ORDER BY 1"
        ).fetchall()
    )


def _shape(as_admin: Any) -> list[Any]:
    rows: list[Any] = []
    for query in (
        "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema IN ('nx', 'jobs') ORDER BY 1, 2",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace IN ('nx'::regnamespace, 'jobs'::regnamespace) ORDER BY 1, 2",
        "SELECT schemaname, indexname, indexdef FROM pg_indexes"
        " WHERE schemaname IN ('nx', 'jobs') ORDER BY 1, 2",
        "SELECT tablename, policyname, qual, with_check FROM pg_policies ORDER BY 1",
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema IN ('nx', 'jobs') ORDER BY 1, 2, 3",
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    ):
        rows += as_admin.execute(query).fetchall()
    return rows + _functions(as_admin)
