"""The operator's page: whether work and mail of the whole installation get on."""

from flask.typing import ResponseReturnValue

from nxloy_web import clock, host, pulse
from nxloy_web.background import installation
from nxloy_web.web.answers import page
from nxloy_web.web.features import title_of
from nxloy_web.web.places import operator

bp = operator("upkeep", __name__, "/background-work")


@bp.get("")
def index() -> ResponseReturnValue:
    return page(
        "background/installation.html",
        fragment="background/_installation.html",
        signs=pulse.look(),
        has_server=bool(host.setting("SMTP_URL")),
        work=installation.work(),
        by_the_clock=installation.by_the_clock(),
        unsent=installation.unsent(),
        given_up=installation.given_up(clock.now()),
        title_of=title_of,
    )
