"""What waits above a limit, for somebody else to decide."""

from datetime import datetime, timedelta

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.approvals import asking, deciding, patterns, queries
from nxloy_web.current_business import current_business, current_zone
from nxloy_web.ledger.limits import limits_of
from nxloy_web.permissions import Permission, Role, requires
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.places import desk

bp = desk("approvals", __name__, "/approvals")


@bp.get("/")
@requires(Permission.APPROVALS_VIEW)
def index() -> ResponseReturnValue:
    at, settings = clock.now(), current_business().settings
    return page(
        "approvals/index.html",
        waiting=queries.waiting(at, _year_began(at)),
        decided=queries.decided(at, arguments().cursor("after")),
        by_hand=queries.by_hand(at),
        limits=[(role, limits_of(role, settings)) for role in (Role.STAFF, Role.MANAGER)],
        days=asking.WAITS.days,
        by_hand_days=queries.BY_HAND_DAYS,
        patterns=patterns.odd(at) if g.place.may(Permission.AUDIT_VIEW) else None,
        pattern_days=patterns.DAYS,
        patterns_since=(at - timedelta(days=patterns.DAYS)).astimezone(current_zone()).date(),
    )


@bp.post("/<id:approval_id>/agreement")
@requires(Permission.APPROVALS_DECIDE)
def agree(approval_id: str) -> ResponseReturnValue:
    deciding.agree(approval_id, by=g.actor, at=clock.now())
    return see_other(url_for(".index"), toast="Agreed. It is done.")


@bp.post("/<id:approval_id>/refusal")
@requires(Permission.APPROVALS_DECIDE)
def refuse(approval_id: str) -> ResponseReturnValue:
    deciding.refuse(approval_id, by=g.actor, at=clock.now())
    return see_other(url_for(".index"), toast="Refused. Nothing was moved.")


def _year_began(at: datetime) -> datetime:
    zone = current_zone()
    return datetime(at.astimezone(zone).year, 1, 1, tzinfo=zone)
