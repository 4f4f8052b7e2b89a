"""A shop, and its owner at a browser."""

import pytest
from flask import Flask

from tests.factories import Shop, make_shop
from tests.pressing import Browser, browser_as


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def owner(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop)
