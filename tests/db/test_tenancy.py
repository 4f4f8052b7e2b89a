"""Businesses stay apart: the probes of a curious application, run as the application's role."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound
from sqlalchemy.orm import aliased, joinedload, selectinload

from nxloy_web.db import db
from nxloy_web.db.base import Base
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import bring_back, find
from nxloy_web.db.scope import ScopeNeeded, enter_scope
from nxloy_web.db.session import OtherBusiness, history
from nxloy_web.errors import NotFound
from nxloy_web.tables import OPEN_TABLES
from nxloy_web.tables.customers import Customer, CustomerNameWord
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram, LoyaltyTier
from tests.factories import Shop, inside, make_customer, make_reward, make_shop, make_tier

TENANT_TABLES = sorted(
    table.name for table in Base.metadata.sorted_tables if table.name not in OPEN_TABLES
)


@pytest.fixture(scope="module")
def shops(app: Flask) -> tuple[Shop, Shop]:
    mine, theirs = make_shop(app), make_shop(app)
    for shop in (mine, theirs):
        make_customer(app, shop)
        make_reward(app, shop)
        make_tier(app, shop, "Silver", 100)
    return mine, theirs


Probe = Callable[[Shop], list[Any]]
PROBES: dict[str, Probe] = {
    "orm entity": lambda other: list(
        db.session.scalars(select(Customer).where(Customer.business_id == other.business_id))
    ),
    "orm column": lambda other: list(
        db.session.scalars(select(Customer.id).where(Customer.business_id == other.business_id))
    ),
    "count": lambda other: [
        n
        for n in db.session.scalars(
            select(func.count()).where(Customer.business_id == other.business_id)
        )
        if n
    ],
    "legacy query": lambda other: (
        db.session.query(Customer).filter_by(business_id=other.business_id).all()
    ),
    "get": lambda other: _some(
        db.session.get(LoyaltyProgram, (other.business_id, other.program_id))
    ),
    "join": lambda other: list(
        db.session.execute(
            select(EarningRule, LoyaltyProgram)
            .join(LoyaltyProgram, LoyaltyProgram.id == EarningRule.program_id)
            .where(LoyaltyProgram.id == other.program_id)
        )
    ),
    "cross join": lambda other: list(
        db.session.execute(
            select(Customer.id, LoyaltyProgram.id)
            .join(LoyaltyProgram, true())
            .where(LoyaltyProgram.id == other.program_id)
        )
    ),
    "alias": lambda other: list(
        db.session.scalars(
            select(other_c := aliased(Customer)).where(other_c.business_id == other.business_id)
        )
    ),
    "subquery": lambda other: list(
        db.session.scalars(
            select(Customer.id).where(
                Customer.business_id.in_(
                    select(LoyaltyProgram.business_id).where(LoyaltyProgram.id == other.program_id)
                )
            )
        )
    ),
    "cte": lambda other: list(
        db.session.execute(
            select(
                select(Customer.__table__)
                .where(Customer.__table__.c.business_id == other.business_id)
                .cte()
            )
        )
    ),
    "union": lambda other: list(
        db.session.execute(
            select(Customer.id)
            .where(Customer.business_id == other.business_id)
            .union(select(LoyaltyProgram.id).where(LoyaltyProgram.id == other.program_id))
        )
    ),
    "joined load": lambda other: list(
        db.session.scalars(
            select(EarningRule)
            .options(joinedload(EarningRule.program))
            .where(EarningRule.rule_id == other.rule_id)
        )
    ),
    "selectin load": lambda other: list(
        db.session.scalars(
            select(EarningRule)
            .options(selectinload(EarningRule.program))
            .where(EarningRule.rule_id == other.rule_id)
        )
    ),
    "core table": lambda other: list(
        db.session.execute(
            select(Customer.__table__).where(Customer.__table__.c.business_id == other.business_id)
        )
    ),
    "text": lambda other: list(
        db.session.execute(
            text("SELECT id FROM customers WHERE business_id = :b"), {"b": other.business_id}
        )
    ),
    "from statement": lambda other: list(
        db.session.scalars(
            select(Customer).from_statement(
                text("SELECT * FROM customers WHERE business_id = :b").bindparams(
                    b=other.business_id
                )
            )
        )
    ),
    "own connection": lambda other: _on_engine(
        "SELECT id FROM customers WHERE business_id = %s", other.business_id
    ),
    "deleted rows too": lambda other: list(
        db.session.scalars(
            history(select(Customer).where(Customer.business_id == other.business_id))
        )
    ),
    "orm update": lambda other: _rows_touched(
        update(Customer).where(Customer.business_id == other.business_id).values(first_name="X")
    ),
    "core update": lambda other: _rows_touched(
        update(Customer.__table__)
        .where(Customer.__table__.c.business_id == other.business_id)
        .values(first_name="X")
    ),
    "delete": lambda other: _rows_touched(
        delete(CustomerNameWord).where(CustomerNameWord.business_id == other.business_id)
    ),
    "update returning": lambda other: list(
        db.session.execute(
            update(Customer)
            .where(Customer.business_id == other.business_id)
            .values(first_name="X")
            .returning(Customer.id)
        )
    ),
    "copy out": lambda other: _copy_out(other.business_id),
    "insert from select": lambda other: list(
        db.session.execute(
            insert(CustomerNameWord.__table__)
            .from_select(
                ["business_id", "word", "customer_id"],
                select(Customer.business_id, Customer.id, Customer.id).where(
                    Customer.business_id == other.business_id
                ),
            )
            .returning(CustomerNameWord.__table__.c.word)
        )
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_probe_finds_nothing_of_another_business(
    app: Flask, shops: tuple[Shop, Shop], name: str
) -> None:
    mine, theirs = shops
    with inside(app, mine):
        assert PROBES[name](theirs) == []


@pytest.mark.parametrize("name", ["orm entity", "core table", "text", "get"])
def test_probe_can_find_what_is_ones_own(app: Flask, shops: tuple[Shop, Shop], name: str) -> None:
    mine, _ = shops
    with inside(app, mine):
        assert PROBES[name](mine) != []


def test_mapped_classes_outside_a_business_are_an_error(app: Flask) -> None:
    with app.app_context(), pytest.raises(ScopeNeeded):
        db.session.scalars(select(Customer)).all()


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_without_a_business_a_table_shows_no_rows(
    app: Flask, shops: tuple[Shop, Shop], table: str
) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_a_row_for_another_business_is_refused_before_it_is_sent(
    app: Flask, shops: tuple[Shop, Shop]
) -> None:
    mine, theirs = shops
    with inside(app, mine):
        db.session.add(
            LoyaltyTier(business_id=theirs.business_id, program_id=theirs.program_id, name="Spy")
        )
        with pytest.raises(OtherBusiness):
            db.session.flush()
        db.session.rollback()


@pytest.mark.parametrize("style", ["core", "upsert", "moved"])
def test_a_row_for_another_business_is_refused_by_the_database(
    app: Flask, shops: tuple[Shop, Shop], style: str
) -> None:
    mine, theirs = shops
    row = {
        "business_id": theirs.business_id,
        "id": new_id(),
        "program_id": theirs.program_id,
        "name": "Spy",
        "required_points": 77,
    }
    statements = {
        "core": insert(LoyaltyTier.__table__).values(row),
        "upsert": pg_insert(LoyaltyTier.__table__).values(row).on_conflict_do_nothing(),
        "moved": update(LoyaltyTier.__table__).values(business_id=theirs.business_id),
    }
    with inside(app, mine):
        with pytest.raises(DBAPIError, match="row-level security"):
            db.session.execute(statements[style])
        db.session.rollback()


def test_a_reference_into_another_business_is_refused(app: Flask, shops: tuple[Shop, Shop]) -> None:
    mine, theirs = shops
    with inside(app, mine):
        db.session.add(LoyaltyTier(program_id=theirs.program_id, name="Spy", required_points=9))
        with pytest.raises(IntegrityError, match="foreign key"):
            db.session.flush()
        db.session.rollback()


def test_an_id_of_another_business_is_not_found(app: Flask, shops: tuple[Shop, Shop]) -> None:
    mine, theirs = shops
    with inside(app, mine), pytest.raises(NotFound):
        find(LoyaltyProgram, theirs.program_id)


def test_two_businesses_on_one_thread_see_their_own(app: Flask, shops: tuple[Shop, Shop]) -> None:
    seen = []
    for shop in (*shops, *shops):
        with inside(app, shop):
            seen.append(db.session.scalars(select(LoyaltyProgram)).one().id)
    assert seen == [shop.program_id for shop in (*shops, *shops)]


def test_the_business_stays_through_commit_rollback_and_savepoints(
    app: Flask, shops: tuple[Shop, Shop]
) -> None:
    mine, _ = shops
    with inside(app, mine):
        db.session.commit()
        assert db.session.scalars(select(LoyaltyProgram)).one().id == mine.program_id
        db.session.rollback()
        with pytest.raises(NoResultFound), db.session.begin_nested():
            db.session.scalars(select(LoyaltyProgram).where(LoyaltyProgram.name == "No")).one()
        assert db.session.scalars(select(LoyaltyProgram)).one().id == mine.program_id


def test_a_business_cannot_be_entered_in_an_open_transaction(
    app: Flask, shops: tuple[Shop, Shop]
) -> None:
    mine, theirs = shops
    with inside(app, mine):
        db.session.scalars(select(LoyaltyProgram)).all()
        with (
            pytest.raises(RuntimeError, match="transaction is open"),
            enter_scope(theirs.business_id),
        ):
            pass


def test_injected_sql_cannot_change_the_business(app: Flask, shops: tuple[Shop, Shop]) -> None:
    mine, theirs = shops
    with inside(app, mine):
        with pytest.raises(DBAPIError, match="permission denied for function set_config"):
            db.session.execute(
                text("SELECT set_config('app.business_id', :b, true)"), {"b": theirs.business_id}
            )
        db.session.rollback()


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_every_table_of_a_business_is_under_one_forced_policy(
    app: Flask, as_admin: Any, table: str
) -> None:
    row = as_admin.execute(
        """SELECT c.relrowsecurity, c.relforcerowsecurity,
                  (SELECT array_agg(polname::text) FROM pg_policy WHERE polrelid = c.oid),
                  pg_get_userbyid(c.relowner)
           FROM pg_class c WHERE c.oid = %s::regclass""",
        (f"nx.{table}",),
    ).fetchone()
    assert row == (True, True, ["tenant"], "nx_owner")


def test_no_table_stands_outside_a_policy_without_a_reason(as_admin: Any, app: Flask) -> None:
    found = as_admin.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'nx'::regnamespace AND relkind = 'r' "
        "AND NOT relrowsecurity ORDER BY 1"
    ).fetchall()
    assert [name for (name,) in found] == sorted([*OPEN_TABLES, "alembic_version"])


def test_doors_have_a_pinned_path_and_only_the_application_may_use_them(
    as_admin: Any, app: Flask
) -> None:
    doors = as_admin.execute(
        """SELECT p.proname, pg_get_userbyid(p.proowner), p.proconfig,
                  has_function_privilege('nx_app', p.oid, 'EXECUTE'),
                  coalesce(array_to_string(p.proacl, ','), '=X/') ~ '(^|,)=X/'
           FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'nx'::regnamespace"""
    ).fetchall()
    assert {name for name, *_ in doors} == {
        "door_enter",
        "door_places_of",
        "door_front",
        "door_invited_to",
        "door_business_ids",
    }
    for _, owner, config, app_may, public_may in doors:
        assert (owner, config, app_may, public_may) == (
            "nx_doors",
            ["search_path=nx, pg_temp"],
            True,
            False,
        )


@pytest.mark.parametrize(
    "table",
    [
        "point_transactions",
        "point_reversals",
        "lot_uses",
        "stock_movements",
        "redemption_events",
        "audit_entries",
    ],
)
def test_history_cannot_be_changed_by_the_application(
    app: Flask, as_admin: Any, table: str
) -> None:
    rights = as_admin.execute(
        "SELECT has_table_privilege('nx_app', %s, 'UPDATE'),"
        " has_table_privilege('nx_app', %s, 'DELETE'),"
        " (SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass"
        "  AND tgfoid = 'nx.refuse_change'::regproc AND tgenabled = 'O')",
        (f"nx.{table}",) * 3,
    ).fetchone()
    assert rights == (False, False, 1)


def test_deleted_rows_are_left_out_until_asked_for(app: Flask, shops: tuple[Shop, Shop]) -> None:
    mine, _ = shops
    gone = make_customer(app, mine, "Gone")
    with inside(app, mine):
        db.session.delete(find(Customer, gone))
        db.session.commit()
        with pytest.raises(NotFound):
            find(Customer, gone)
        assert db.session.scalars(history(select(Customer).where(Customer.id == gone))).one()


def test_deleting_a_program_marks_its_tiers_and_restoring_brings_back_just_those(
    app: Flask,
) -> None:
    shop = make_shop(app)
    gone_before = make_tier(app, shop, "Bronze", 10)
    make_tier(app, shop, "Silver", 100)
    with inside(app, shop):
        db.session.delete(find(LoyaltyTier, gone_before))
        db.session.commit()
        program = find(LoyaltyProgram, shop.program_id)
        db.session.delete(program)
        db.session.commit()
        assert db.session.scalars(select(LoyaltyTier)).all() == []
        assert bring_back(program)
        db.session.commit()
        assert [tier.name for tier in db.session.scalars(select(LoyaltyTier))] == ["Silver"]


def _some(row: Any) -> list[Any]:
    return [] if row is None else [row]


def _rows_touched(statement: Any) -> list[int]:
    count = db.session.execute(statement).rowcount
    db.session.rollback()
    return [count] if count > 0 else []


def _on_engine(sql: str, *arguments: Any) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.exec_driver_sql(sql, arguments))


def _copy_out(business_id: str) -> list[str]:
    cursor = db.session.connection().connection.cursor()
    with cursor.copy("COPY (SELECT business_id FROM customers) TO STDOUT") as copy:
        return [row for (row,) in copy.rows() if row == business_id]
