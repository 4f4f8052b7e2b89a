"""A business with as many customers as asked for, made by the database itself."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import psycopg
from flask.testing import FlaskClient

from bench.place import Place
from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import enter_scope
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Business, Location, Membership
from nxloy_web.tables.loyalty import (
    EarningRule,
    EarningTerms,
    LoyaltyProgram,
    LoyaltyTier,
    ProgramStatus,
    ProgramType,
)
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType

_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    business_id: str
    slug: str
    owner_id: str
    program_id: str
    tier_id: str
    reward_ids: list[str]
    location_id: str
    customers: int

    def customer_id(self, number: int) -> str:
        return f"c{number % self.customers + 1:024}"


def a_shop(place: Place, customers: int) -> Shop:
    """A shop whose customers have each bought once and hold points."""
    number = next(_numbers)
    shop = Shop(
        new_id(), f"bench-{number}", new_id(), new_id(), new_id(),
        [new_id() for _ in range(8)], new_id(), customers,
    )  # fmt: skip
    with place.app.app_context(), enter_scope(shop.business_id):
        _add_everything_else(shop, number)
        db.session.commit()
    if customers:
        with psycopg.connect(place.server.admin_url, autocommit=True) as connection:
            # Past foreign keys and policies: only the volume matters here.
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET search_path = nx")
            for statement in _ROWS:
                connection.execute(statement, shop.__dict__ | {"reward_id": shop.reward_ids[0]})
            connection.execute("VACUUM ANALYZE")
    return shop


def session_cookie(client: FlaskClient) -> str:
    """The cookie of the one session in this browser, as a header says it."""
    cookie = client.get_cookie("nxloy") or client.get_cookie("nxloy-portal")
    assert cookie is not None
    return f"{cookie.key}={cookie.value}"


def signed_in(place: Place, user_id: str, audience: str = "staff") -> FlaskClient:
    client = place.app.test_client()
    with client.session_transaction("/my-cards/" if audience == "portal" else "/") as session:
        session["_user_id"] = f"{user_id}:1:{audience}"
        session["_fresh"] = True
    return client


def person_of_first_customer(place: Place, shop: Shop) -> str:
    """A user linked to the first customer: who opens the portal."""
    user_id = new_id()
    with place.app.app_context():
        db.session.add(_user(user_id, f"customer-of-{shop.slug}@example.com"))
        db.session.commit()
    with psycopg.connect(place.server.admin_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE nx.customers SET user_id = %s WHERE business_id = %s AND id = %s",
            (user_id, shop.business_id, shop.customer_id(0)),
        )
    return user_id


def _add_everything_else(shop: Shop, number: int) -> None:
    db.session.add(_user(shop.owner_id, f"owner-{number}@example.com"))
    facts = {"timezone": "America/New_York", "currency": "USD"}
    db.session.add(Business(id=shop.business_id, name=shop.slug, slug=shop.slug, **facts))
    db.session.flush()
    db.session.add(Membership(user_id=shop.owner_id, role=Role.OWNER))
    db.session.add(Location(id=shop.location_id, name="Quayside"))
    kind, status = ProgramType.POINTS, ProgramStatus.ACTIVE
    db.session.add(
        LoyaltyProgram(id=shop.program_id, name="Points", type=kind, status=status, currency="USD")
    )
    db.session.flush()
    for tier_id, name, required in ((shop.tier_id, "Bronze", 0), (new_id(), "Silver", 10**9)):
        tier = {"id": tier_id, "name": name, "required_points": required, "multiplier": Decimal(1)}
        db.session.add(LoyaltyTier(program_id=shop.program_id, **tier))
    terms = EarningTerms(points=1, per_minor=100)
    rule = {"rule_id": new_id(), "version": 1, "name": "1 point for every 1.00 USD", "terms": terms}
    db.session.add(EarningRule(program_id=shop.program_id, **rule))
    for index, reward_id in enumerate(shop.reward_ids):
        db.session.add(
            Reward(
                id=reward_id,
                program_id=shop.program_id,
                name=f"Reward {index}",
                type=RewardType.FREE_ITEM,
                status=RewardStatus.ACTIVE,
                points_cost=10,
                currency="USD",
                total_stock=10_000_000,
                current_stock=10_000_000,
                icon="coffee",
            )
        )
    db.session.flush()


def _user(user_id: str, email: str) -> User:
    verified = {"email_verified": True, "email_verified_at": clock.now()}
    return User(id=user_id, name="Somebody", email=email, email_norm=email, **verified)


_NUMBERS = "FROM generate_series(1, %(customers)s) AS n"
_ID = "'c' || lpad(n::text, 24, '0')"
_WHEN = "now() - (n %% 700) * interval '1 day' - (n %% 86400) * interval '1 second'"
_ROWS = (
    f"""INSERT INTO customers (business_id, id, member_code, external_id, email, email_norm,
            first_name, last_name, name_norm, status, purchase_count, spent_minor,
            first_purchase_at, last_purchase_at, created_at)
        SELECT %(business_id)s, {_ID}, 'B' || lpad(n::text, 7, '0'), n, 'p' || n || '@example.com',
               'p' || n || '@example.com', 'First' || n %% 5000, 'Last' || n %% 9973,
               'first' || n %% 5000 || ' last' || n %% 9973, 'ACTIVE', 1, 100 * (500 + n %% 5000),
               {_WHEN}, {_WHEN}, {_WHEN} {_NUMBERS}""",
    f"""INSERT INTO customer_name_words (business_id, word, customer_id)
        SELECT %(business_id)s, word, {_ID} {_NUMBERS},
               LATERAL (VALUES ('first' || n %% 5000), ('last' || n %% 9973)) AS words (word)""",
    f"""INSERT INTO customer_balances (business_id, id, customer_id, program_id, balance, spendable,
            last_seq, lifetime_points, tier_id, tier_since_at)
        SELECT %(business_id)s, {_ID}, {_ID}, %(program_id)s, 500 + n %% 5000, 500 + n %% 5000, 1,
               500 + n %% 5000, %(tier_id)s, {_WHEN} {_NUMBERS}""",
    f"""INSERT INTO purchases (business_id, id, customer_id, program_id, location_id, amount_minor,
            currency, points, occurred_at, created_at)
        SELECT %(business_id)s, {_ID}, {_ID}, %(program_id)s, %(location_id)s,
               100 * (500 + n %% 5000), 'USD', 500 + n %% 5000, {_WHEN}, {_WHEN} {_NUMBERS}""",
    f"""INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
            type, amount, balance, source_kind, source_id, order_id, occurred_at, created_at)
        SELECT %(business_id)s, {_ID}, {_ID}, %(program_id)s, {_ID}, 1, 'EARNED', 500 + n %% 5000,
               500 + n %% 5000, 'purchase', {_ID}, {_ID}, {_WHEN}, {_WHEN} {_NUMBERS}""",
    f"""INSERT INTO point_lots (business_id, id, balance_id, transaction_id, amount, worth,
            remaining, available_at)
        SELECT %(business_id)s, {_ID}, {_ID}, {_ID}, 500 + n %% 5000, 500 + n %% 5000,
               500 + n %% 5000, {_WHEN} {_NUMBERS}""",
    f"""INSERT INTO reward_redemptions (business_id, id, customer_id, reward_id, program_id, status,
            points_cost, code, requested_at, expires_at, fulfilled_at)
        SELECT %(business_id)s, {_ID}, {_ID}, %(reward_id)s, %(program_id)s,
               CASE WHEN n <= 40 THEN 'PENDING' ELSE 'FULFILLED' END, 0, 'NX' || n, {_WHEN},
               {_WHEN} + interval '14 days', CASE WHEN n > 40 THEN {_WHEN} END
        {_NUMBERS} WHERE n <= 40 OR n %% 50 = 0""",
)
