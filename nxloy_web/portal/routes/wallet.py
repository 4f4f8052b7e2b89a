"""What a customer has: the card, the code to show, the history with its whys."""

from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, member_codes, qr
from nxloy_web.db.paging import Page
from nxloy_web.db.rows import find
from nxloy_web.ledger import reads as ledger
from nxloy_web.portal import queries
from nxloy_web.portal.routes.blueprint import bp
from nxloy_web.rewards.availability import offers_for
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import PointTransaction
from nxloy_web.web.answers import is_fragment, page, see_other
from nxloy_web.web.arguments import arguments

OFFERED = 4
RECENT = 5


@bp.get("/card")
def card() -> ResponseReturnValue:
    at = clock.now()
    customer = find(Customer, g.place.customer_id)
    offers = [offer for offer in offers_for(customer.id, at) if offer.availability.ok]
    return page(
        "portal/card.html",
        customer=customer,
        member_code=member_codes.shown(customer.member_code),
        member_qr=qr.svg(customer.member_code),
        wallets=_wallets(),
        offers=offers[:OFFERED],
        entries=ledger.latest(customer.id, RECENT),
        **_under_way(),
    )


@bp.get("/card/requests")
def requests() -> ResponseReturnValue:
    """The part of the card that keeps itself fresh."""
    if not is_fragment():
        return see_other(url_for(".card"))
    fresh = "portal/_fresh.html"
    return page(fresh, fragment=fresh, wallets=_wallets(), **_under_way())


@bp.get("/history")
def history() -> ResponseReturnValue:
    customer_id = g.place.customer_id
    standings = ledger.standings(customer_id, clock.now())
    wanted = arguments().row_id("program")
    shown = next((s for s in standings if s.program.id == wanted), None)
    shown = shown or (standings[0] if standings else None)
    seen = arguments().cursor("before")
    entries: Page[PointTransaction] = (
        ledger.history_in(shown.program.id, customer_id, seen) if shown else Page()
    )
    return page(
        "portal/history.html",
        programs=[
            {
                "label": standing.program.name,
                "href": url_for(".history", program=standing.program.id),
                "current": standing is shown,
            }
            for standing in standings
        ],
        shown=shown,
        entries=entries,
        redemptions=queries.past_redemptions(customer_id, limit=RECENT) if entries.is_first else [],
        unmoved=(
            queries.unmoved(customer_id, shown.program.id, RECENT)
            if shown and entries.is_first
            else []
        ),
    )


def _wallets() -> list[queries.Wallet]:
    return queries.wallets(g.place.customer_id, clock.now())


def _under_way() -> dict[str, Any]:
    rows = queries.open_redemptions(g.place.customer_id, clock.now())
    return {"requests": rows, "waiting": queries.is_waiting(rows)}
