"""W2 and W3: a file gives nothing to who brings it in, nor past the limit of who has one."""

import pytest
from flask import Flask

from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.imports import service
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import BusinessSettings
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_shop
from tests.imports.steps import check, reasons, upload


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def bring(app: Flask, shop: Shop, role: Role, content: bytes) -> str:
    client = as_role(app, shop, role)
    import_id = upload(client, shop, content, "PURCHASES")
    check(app, client, shop, import_id, program_id=shop.program_id)
    return import_id


def file_for(*addresses: str) -> bytes:
    rows = [f"{address},2026-01-0{number},10.00" for number, address in enumerate(addresses, 1)]
    return "\n".join(["email,date,amount", *rows]).encode()


def test_the_line_of_the_importers_own_card_is_left_out_and_named(app: Flask, shop: Shop) -> None:
    """W2: known by address alone; an owner may bring the manager's line in."""
    with inside(app, shop):
        manager = db.session.get(User, shop.users[Role.MANAGER])
        assert manager is not None
        mine = manager.email_norm
    make_customer(app, shop, email=mine, email_norm=mine)
    make_customer(app, shop, email="ann@example.com", email_norm="ann@example.com")
    content = file_for(mine, "ann@example.com")
    found = list(reasons(app, shop, bring(app, shop, Role.MANAGER, content)).values())
    assert [verdict for verdict, _reason in found] == ["FAILED", "NEW"]
    assert "own card of who brings the file in" in (found[0][1] or "")
    found = list(reasons(app, shop, bring(app, shop, Role.OWNER, content)).values())
    assert [verdict for verdict, _reason in found] == ["NEW", "NEW"]


def test_who_has_a_limit_does_not_pass_it_by_a_file(app: Flask, shop: Shop) -> None:
    """W3"""
    card = make_customer(app, shop, email="ann@example.com", email_norm="ann@example.com")
    with inside(app, shop):
        current_business().settings = BusinessSettings(manager_day_limit=5)
        db.session.commit()
    import_id = bring(app, shop, Role.MANAGER, file_for("ann@example.com"))
    with inside(app, shop):
        with pytest.raises(service.HasLimits):
            service.start(import_id, by=shop.actor(Role.MANAGER), at=NOON)
        db.session.rollback()
        service.start(import_id, by=shop.actor(), at=NOON)
        assert ledger.balance_of(card, shop.program_id).balance == 0
