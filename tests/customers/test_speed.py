"""The hot reads stay reads of an index, as the application's own role sees the tables."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from nxloy_web import clock
from nxloy_web.customers import finding, listing, queries
from nxloy_web.customers.listing import Filter
from nxloy_web.db import db, paging
from tests.factories import Shop, inside, make_shop

ROWS = 10_000
FIRST = ("Ann", "Bela", "Carla", "Dilan", "Emma", "Finn", "Greta", "Hannes", "Ida", "Jonas")


@pytest.fixture(scope="module")
def shop(app: Flask, database: Any) -> Shop:
    """A business of ten thousand beside another one, with statistics the planner knows."""
    import psycopg

    made, other = make_shop(app), make_shop(app)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("SET search_path = nx")
        for business, program in (
            (made.business_id, made.program_id),
            (other.business_id, other.program_id),
        ):
            _fill(admin, business, program)
        admin.execute("ANALYZE")
    return made


def _fill(admin: Any, business: str, program: str) -> None:
    names = "(ARRAY[" + ",".join(f"'{name.lower()}'" for name in FIRST) + "])[1 + n %% 10]"
    admin.execute(
        f"""INSERT INTO customers (business_id, id, member_code, email, email_norm, phone_e164,
                first_name, last_name, name_norm, status, spent_minor, last_purchase_at, created_at)
            SELECT %(b)s, 'c' || lpad(n::text, 24, '0'), 'CODE' || n, 'c' || n || '@example.com',
                'c' || n || '@example.com', '+4930' || (1000000 + n), {names}, 'family' || n,
                {names} || ' family' || n, CASE n %% 100 WHEN 0 THEN 'BLOCKED' ELSE 'ACTIVE' END,
                (n::bigint * 7919) %% 100000,
                CASE n %% 3 WHEN 0 THEN NULL ELSE now() - n * interval '1 minute' END,
                now() - n * interval '1 minute'
            FROM generate_series(1, %(rows)s) n""",
        {"b": business, "rows": ROWS},
    )
    admin.execute(
        f"""INSERT INTO customer_name_words
            SELECT %(b)s, word, 'c' || lpad(n::text, 24, '0')
            FROM generate_series(1, %(rows)s) n,
                LATERAL (VALUES ({names}), ('family' || n),
                    (CASE n %% 500 WHEN 0 THEN '#vip' ELSE '#guest' END)) made (word)""",
        {"b": business, "rows": ROWS},
    )
    admin.execute(
        """INSERT INTO customer_balances (business_id, id, customer_id, program_id, spendable)
            SELECT %(b)s, 'b' || lpad(n::text, 24, '0'), 'c' || lpad(n::text, 24, '0'), %(p)s, n
            FROM generate_series(1, %(rows)s) n""",
        {"b": business, "p": program, "rows": ROWS},
    )


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        if arguments[2].lstrip().startswith(("SELECT", "WITH")):
            seen.append((arguments[2], arguments[3]))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def plans(read: Callable[[], Any]) -> list[dict[str, Any]]:
    """How the database runs each statement of `read`, run as the application."""
    with statements() as seen:
        read()
    found = []
    for statement, parameters in list(seen):
        connection = db.session.connection().connection.driver_connection
        assert connection is not None
        row = connection.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
        ).fetchone()
        plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
        found.append(plan[0]["Plan"])
    return found


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def rows_read(plan: dict[str, Any]) -> int:
    """Rows that scans touched, those they threw away too."""
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes(plan)
        if "Scan" in node["Node Type"]
    )


def page(filter_: Filter) -> Callable[[], Any]:
    return lambda: listing.page_of(filter_, queries.default_program(), clock.now())


@pytest.mark.parametrize(
    "sort",
    [*listing.SORTS, *listing.OF_BALANCES],
)
def test_every_order_walks_an_index_and_stops_after_a_page(
    app: Flask, shop: Shop, sort: str
) -> None:
    with inside(app, shop):
        program = queries.default_program()
        first = listing.page_of(Filter(sort=sort), program, clock.now())
        for filter_ in (Filter(sort=sort), Filter(sort=sort, after=first.after)):
            for plan in plans(page(filter_)):
                assert not any(node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG
                               for node in nodes(plan)), plan  # fmt: skip
                assert not any("Sort" in node["Node Type"] and node["Actual Rows"] > 26
                               for node in nodes(plan)), plan  # fmt: skip
                assert rows_read(plan) <= 1_200, plan


BIG = {"customers", "customer_name_words", "customer_balances"}


@pytest.mark.parametrize(
    "typed",
    [
        "CODE77",
        "c4711@example.com",
        "c4711@exam",
        "+4930 1004711",
        "ann family471",
        "family99",
        "#vip",
    ],
)
def test_a_search_reads_little_more_than_it_finds(app: Flask, shop: Shop, typed: str) -> None:
    with inside(app, shop):
        for read in (
            lambda: finding.search(typed),
            page(Filter(text=typed)),
            lambda: finding.matching(typed, deleted_too=True),
        ):
            for plan in plans(read):
                used = {
                    node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"
                }
                assert not used & BIG, plan
                assert rows_read(plan) <= 3_500, plan
        assert finding.search(typed)


def test_a_first_letter_is_answered_without_reading_all_who_have_it(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        for plan in plans(lambda: finding.search("f", 6)):
            assert rows_read(plan) <= 100, plan


def test_conditions_reach_the_index_below_the_policy(app: Flask, shop: Shop) -> None:
    """Under row-level security only leakproof comparisons may run inside the index."""
    with inside(app, shop):
        [plan] = plans(lambda: finding.exactly("CODE77"))
        conditions = " ".join(str(node.get("Index Cond", "")) for node in nodes(plan))
        assert "member_code" in conditions
        [plan] = plans(lambda: finding.search("fam", 3))[-1:]
        conditions = " ".join(str(node.get("Index Cond", "")) for node in nodes(plan))
        assert re.search(r"word >= 'fam'", conditions)


def test_tags_are_listed_by_one_step_each(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        assert finding.tags_in_use() == ["guest", "vip"]
        for plan in plans(finding.tags_in_use):
            assert rows_read(plan) <= 30, plan


def test_a_count_stops_after_a_thousand(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        found = page(Filter(text="family"))()
        assert found.total == paging.COUNTED + 1


def test_there_is_no_row_of_the_other_business(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        seen = db.session.execute(text("SELECT count(DISTINCT business_id) FROM customers"))
        assert seen.scalar() == 1
