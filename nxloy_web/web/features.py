"""The features, in the order of the menu."""

from flask import Blueprint, Flask

from nxloy_web.audit import routes as audit
from nxloy_web.home import routes as home
from nxloy_web.identity import routes as identity

BLUEPRINTS: tuple[Blueprint, ...] = (
    identity.bp,
    home.bp,
    audit.bp,
)


def init_app(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
