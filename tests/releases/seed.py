"""Run by the release before, with its own code: a shop with people, as JSON."""

import json
import os
import sys
from typing import Any

from nxloy_web import create_app
from nxloy_web.identity import passwords
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User

sys.path.insert(0, os.getcwd())
from tests.factories import make_customer, make_shop

PASSWORD = "bread-and-butter"


def main() -> dict[str, Any]:
    from nxloy_web.db import db

    app = create_app()
    shop = make_shop(app, "bakery", settings={"usual_points": 1_000_000})
    with app.app_context():
        manager = db.session.get_one(User, shop.users[Role.MANAGER])
        manager.password_hash = passwords.hashed(PASSWORD)
        email = manager.email
        db.session.commit()
    customers = [make_customer(app, shop) for _ in range(8)]
    return {"email": email, "password": PASSWORD, "slug": shop.slug, "customers": customers}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))
