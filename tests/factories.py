"""Rows for tests. A test names the numbers that matter; these fill in the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import enter_scope
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Business, BusinessSettings, Location, Membership
from nxloy_web.tables.customers import Customer, CustomerStatus
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
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """A business with one person of each role, a location, and a program of one point a euro."""

    business_id: str
    slug: str
    users: dict[Role, str]
    location_id: str
    program_id: str
    rule_id: str

    @property
    def owner_id(self) -> str:
        return self.users[Role.OWNER]

    def actor(self, role: Role = Role.OWNER) -> Actor:
        return Actor("team", self.users[role], role, location_id=self.location_id)

    def url(self, path: str = "") -> str:
        return f"/b/{self.slug}{path}"

    def portal(self, path: str = "") -> str:
        return f"/p/{self.slug}{path}"


@contextmanager
def inside(app: Flask, shop: Shop | str) -> Iterator[None]:
    """Work in a business the way a job does. Commit yourself; the session goes with the block."""
    business_id = shop if isinstance(shop, str) else shop.business_id
    with app.app_context(), enter_scope(business_id):
        yield


def make_user(app: Flask, name: str = "Somebody", email: str | None = None, **values: Any) -> str:
    """A person with a verified address; returns the id."""
    is_operator = values.pop("is_operator", False)
    number = next(_numbers)
    address = email or f"person{number}@example.com"
    user_id = new_id()
    facts = {"email_verified": True, "email_verified_at": NOON} | values
    with app.app_context():
        db.session.add(
            User(id=user_id, name=name, email=address, email_norm=address.lower(), **facts)
        )
        db.session.commit()
        db.session.remove()
    if is_operator:  # the application may not
        with psycopg.connect(app.config["MIGRATIONS_DATABASE_URL"]) as migrator:
            migrator.execute("UPDATE users SET is_operator = true WHERE id = %s", [user_id])
    return user_id


def make_shop(app: Flask, slug: str | None = None, **values: Any) -> Shop:
    """A business ready to serve. `settings` and other columns of Business can be given."""
    slug = slug or f"shop-{next(_numbers)}-{new_id()[-6:]}"
    users = {role: make_user(app, f"{role.value.title()} of {slug}") for role in Role}
    business_id, location_id, program_id, rule_id = (new_id() for _ in range(4))
    facts = {
        "name": slug.replace("-", " ").title(),
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "settings": BusinessSettings(),
    } | values
    with inside(app, business_id):
        db.session.add(Business(id=business_id, slug=slug, **facts))
        db.session.flush()
        for role, user_id in users.items():
            db.session.add(Membership(user_id=user_id, role=role))
        db.session.add(Location(id=location_id, name="Quayside"))
        db.session.add(
            LoyaltyProgram(
                id=program_id,
                name="Points",
                type=ProgramType.POINTS,
                status=ProgramStatus.ACTIVE,
                currency=facts["currency"],
            )
        )
        db.session.flush()
        db.session.add(
            EarningRule(
                program_id=program_id,
                rule_id=rule_id,
                version=1,
                name="One point a euro",
                terms=EarningTerms(points=1, per_minor=100),
            )
        )
        db.session.commit()
    return Shop(business_id, slug, users, location_id, program_id, rule_id)


def make_program(app: Flask, shop: Shop, name: str, **values: Any) -> str:
    """One more program, beside the one of `make_shop`."""
    program_id = new_id()
    facts = {"type": ProgramType.POINTS, "status": ProgramStatus.ACTIVE, "currency": "EUR"} | values
    with inside(app, shop):
        db.session.add(LoyaltyProgram(id=program_id, name=name, **facts))
        db.session.commit()
    return program_id


def make_tier(app: Flask, shop: Shop, name: str, required: int, multiplier: str = "1") -> str:
    tier_id = new_id()
    with inside(app, shop):
        db.session.add(
            LoyaltyTier(
                id=tier_id,
                program_id=shop.program_id,
                name=name,
                required_points=required,
                multiplier=Decimal(multiplier),
            )
        )
        db.session.commit()
    return tier_id


def make_customer(app: Flask, shop: Shop, first_name: str = "Amara", **values: Any) -> str:
    number = next(_numbers)
    customer_id = new_id()
    facts = {
        "first_name": first_name,
        "email": f"customer{number}@example.com",
        "email_norm": f"customer{number}@example.com",
        "member_code": f"M{number:08d}",
        "status": CustomerStatus.ACTIVE,
    } | values
    with inside(app, shop):
        db.session.add(Customer(id=customer_id, **facts))
        db.session.commit()
    return customer_id


def make_reward(app: Flask, shop: Shop, name: str = "Free flat white", **values: Any) -> str:
    reward_id = new_id()
    facts = {
        "type": RewardType.FREE_ITEM,
        "status": RewardStatus.ACTIVE,
        "points_cost": 100,
        "currency": "EUR",
        "program_id": shop.program_id,
    } | values
    with inside(app, shop):
        db.session.add(Reward(id=reward_id, name=name, **facts))
        db.session.commit()
    return reward_id


def sign_in(client: FlaskClient, user_id: str, audience: str = "staff", epoch: int = 1) -> None:
    """Put a person into the client's session, as the sign-in page would."""
    with client.session_transaction("/my-cards/" if audience == "portal" else "/") as session:
        session["_user_id"] = f"{user_id}:{epoch}:{audience}"
        session["_fresh"] = True


def as_role(app: Flask, shop: Shop, role: Role = Role.OWNER) -> FlaskClient:
    """A browser in which somebody of this role is signed in."""
    client = app.test_client()
    sign_in(client, shop.users[role])
    return client
