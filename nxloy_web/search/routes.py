"""One field that finds customers, codes, rewards, pages and deeds."""

from flask import g
from flask.typing import ResponseReturnValue

from nxloy_web.customers import finding as customers
from nxloy_web.permissions import Permission, requires
from nxloy_web.search import pages_and_deeds, queries
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import arguments
from nxloy_web.web.places import desk

bp = desk("search", __name__, "/search")

MOST = 6


@bp.get("/")
@requires(Permission.HOME)
def palette() -> ResponseReturnValue:
    text = arguments().text("q")
    may = g.place.may
    return page(
        "search/index.html",
        fragment="search/_results.html",
        text=text,
        redemption=queries.redemption(text) if text and may(Permission.REDEMPTIONS_VIEW) else None,
        customers=customers.search(text, MOST) if text and may(Permission.CUSTOMERS_VIEW) else [],
        rewards=queries.rewards(text, MOST) if text and may(Permission.REWARDS_VIEW) else [],
        commands=pages_and_deeds.matching(text),
    )
