"""A shop, and its owner at a browser."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Shop, as_role, make_shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def owner(app: Flask, shop: Shop) -> FlaskClient:
    return as_role(app, shop)
