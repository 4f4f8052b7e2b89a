"""A shop with one row of everything, and everybody who sits before a browser."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web import clock
from nxloy_web.approvals import asking
from nxloy_web.businesses import invitations
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.imports import service as imports
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.redemptions import asking as redemptions
from nxloy_web.redemptions import deciding
from nxloy_web.segments import service as segments
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportKind
from nxloy_web.tables.segments import SegmentKind, SegmentRules
from tests.customers.people import enrolled
from tests.factories import (
    Shop,
    inside,
    make_customer,
    make_reward,
    make_shop,
    make_tier,
    make_user,
    sign_in,
)

Admin = psycopg.Connection[Any]

TABLES = {
    "customer_id": "customers",
    "program_id": "loyalty_programs",
    "tier_id": "loyalty_tiers",
    "reward_id": "rewards",
    "redemption_id": "reward_redemptions",
    "segment_id": "customer_segments",
    "purchase_id": "purchases",
    "location_id": "locations",
    "membership_id": "memberships",
    "invitation_id": "invitations",
    "import_id": "import_runs",
    "approval_id": "approvals",
    "change_id": "audit_entries",
}
"""Where the id in an address names a row."""


@dataclass
class Seat:
    """A person before a browser, and the side of the product that is theirs."""

    name: str
    client: FlaskClient
    side: str
    user_id: str | None = None

    def sits_down(self, admin: Admin) -> None:
        """Sign in, again where an act of the walk signed them out."""
        if self.user_id is None:
            return
        row = admin.execute("SELECT session_epoch FROM nx.users WHERE id = %s", [self.user_id])
        (epoch,) = row.fetchone() or (1,)
        sign_in(self.client, self.user_id, "portal" if self.side == "p" else "staff", epoch)


def seats(app: Flask, shop: Shop, admin: Admin) -> list[Seat]:
    made = [
        Seat("owner", app.test_client(), "b", shop.users[Role.OWNER]),
        Seat("staff", app.test_client(), "b", shop.users[Role.STAFF]),
        Seat("customer", app.test_client(), "p", _member(app, shop)),
        Seat("stranger", app.test_client(), ""),
        Seat("operator", app.test_client(), "operator", make_user(app, "Olu", is_operator=True)),
    ]
    for seat in made:
        seat.sits_down(admin)
    return made


def _member(app: Flask, shop: Shop) -> str:
    """The customer with the redemptions, at the portal."""
    user_id = make_user(app, "Ann")
    with inside(app, shop):
        customer = db.session.query(Customer).filter_by(first_name="Ann").one()
        customer.user_id = user_id
        db.session.commit()
    return user_id


def furnished(app: Flask, admin: Admin) -> Shop:
    """A shop with a row, or several, of each kind that an address names."""
    shop = make_shop(app)
    ann, at = enrolled(app, shop), clock.now()
    make_customer(app, shop, "Dag")
    make_tier(app, shop, "Silver", 100)
    make_tier(app, shop, "Gold", 500)
    gift = make_reward(app, shop, points_cost=5)
    make_reward(app, shop, "Mug", points_cost=9, total_stock=4, current_stock=4)
    owner, staff = shop.actor(), shop.actor(Role.STAFF)
    with inside(app, shop):
        for amount in (5_000, 12_345):
            recording.record(
                id=new_id(),
                customer_id=ann,
                amount_minor=amount,
                by=owner,
                at=at - timedelta(hours=9),
            )
        asked = [
            redemptions.ask(
                id=new_id(), customer_id=ann, reward_id=gift, by=owner, at=at - timedelta(hours=ago)
            ).id
            for ago in (3, 2, 1)
        ]
        deciding.approve(asked[0], by=owner, at=at)
        db.session.commit()
        segments.create(
            new_id(), SegmentFacts("Friends", None, SegmentRules()), kind=SegmentKind.MANUAL,
            by=owner, at=at,
        )  # fmt: skip
        asking.ask_adjustment(
            id=new_id(), customer_id=ann, program_id=shop.program_id, amount=9_000,
            reason="A cake for eight", by=staff, at=at,
        )  # fmt: skip
        invitations.invite(
            "new@example.com", Role.STAFF, id=new_id(), inviter="Jo", link=lambda token: token,
            by=owner, at=at,
        )  # fmt: skip
        imports.upload(
            id=new_id(), kind=ImportKind.CUSTOMERS, filename="people.csv",
            content=b"email,first name\nkim@example.com,Kim\n", by=owner, at=at,
        )  # fmt: skip
        db.session.commit()
    admin.execute(
        "INSERT INTO nx.data_migrations (name, status, rows_done, rows_total, batches, worst_ms,"
        " reported, started_at) VALUES ('one_at_work', 'RUNNING', 6, 9, 3, 4, 0, now())"
    )
    return shop
