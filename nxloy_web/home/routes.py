"""The first page after signing in: what needs doing, and how the day goes."""

from flask import g
from flask.typing import ResponseReturnValue

from nxloy_web import clock, pulse
from nxloy_web.home import chart, queries
from nxloy_web.permissions import Permission, requires
from nxloy_web.rewards import queries as rewards
from nxloy_web.web.answers import page
from nxloy_web.web.places import desk

bp = desk("home", __name__)


@bp.get("/")
@requires(Permission.HOME)
def index() -> ResponseReturnValue:
    at = clock.now()
    zone = g.place.timezone
    return page(
        "home/index.html",
        waiting=queries.waiting(at),
        figures=queries.figures(at, zone),
        days=chart.days(at, zone),
        low_stock=rewards.low_stock(5),
        today=at,
        signs=pulse.look(),
    )
