"""The features, in the order of the menu."""

from flask import Blueprint, Flask

from nxloy_web.audit import routes as audit
from nxloy_web.home import routes as home
from nxloy_web.identity import routes as identity
from nxloy_web.programs import routes as programs
from nxloy_web.search import routes as search

BLUEPRINTS: tuple[Blueprint, ...] = (
    identity.bp,
    home.bp,
    audit.bp,
    programs.bp,
    search.bp,
)


def init_app(app: Flask) -> None:
    app.url_build_error_handlers.append(lambda error, endpoint, values: "/not-yet")
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
