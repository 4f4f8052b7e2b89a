"""The features, in the order of the menu."""

from flask import Blueprint, Flask

from nxloy_web.audit import routes as audit
from nxloy_web.background import routes as background
from nxloy_web.businesses import location_routes, team_routes
from nxloy_web.businesses import routes as businesses
from nxloy_web.counter import routes as counter
from nxloy_web.customers import routes as customers
from nxloy_web.gallery import routes as gallery
from nxloy_web.home import routes as home
from nxloy_web.identity import invitation_routes
from nxloy_web.identity import routes as identity
from nxloy_web.imports import routes as imports
from nxloy_web.ledger import routes as ledger
from nxloy_web.portal import routes as portal
from nxloy_web.portal.routes import my_cards, poster
from nxloy_web.programs import routes as programs
from nxloy_web.redemptions import routes as redemptions
from nxloy_web.rewards import picture_routes as pictures
from nxloy_web.rewards import routes as rewards
from nxloy_web.schema import routes as schema
from nxloy_web.search import routes as search
from nxloy_web.segments import routes as segments

BLUEPRINTS: tuple[Blueprint, ...] = (
    identity.bp,
    invitation_routes.bp,
    businesses.bp,
    team_routes.bp,
    location_routes.bp,
    home.bp,
    audit.bp,
    programs.bp,
    rewards.bp,
    pictures.bp,
    counter.bp,
    redemptions.bp,
    portal.bp,
    poster.bp,
    my_cards.bp,
    gallery.bp,
    search.bp,
    ledger.bp,
    imports.bp,
    background.bp,
    customers.bp,
    segments.bp,
    schema.bp,
)


def init_app(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
