"""The operator's page: what of the schema is pending, and the data migrations at work."""

import logging

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nxloy_web.schema import queries, service
from nxloy_web.version import VERSION
from nxloy_web.web.answers import changed, page
from nxloy_web.web.places import operator

log = logging.getLogger(__name__)
bp = operator("schema", __name__, "/schema")


@bp.get("")
def index() -> ResponseReturnValue:
    return page(
        "schema/index.html",
        fragment="schema/_state.html",
        now=queries.overview(),
        version=VERSION,
    )


@bp.post("/<name>/pause")
def pause(name: str) -> ResponseReturnValue:
    service.pause(name)
    return _turned(name, "paused", f"{name} waits after its batch.")


@bp.post("/<name>/resume")
def resume(name: str) -> ResponseReturnValue:
    service.resume(name)
    return _turned(name, "resumed", f"{name} may go on.")


def _turned(name: str, what: str, toast: str) -> ResponseReturnValue:
    log.info("data migration %s %s by user %s", name, what, current_user.user_id)
    return changed(
        "schema/_state.html",
        otherwise=url_for(".index"),
        toast=toast,
        now=queries.overview(),
        version=VERSION,
    )
