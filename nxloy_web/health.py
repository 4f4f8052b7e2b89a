"""Is the process alive; is everything in place to serve."""

from datetime import datetime

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nxloy_web import pulse
from nxloy_web.db import db, floors
from nxloy_web.db.role_checks import check_role
from nxloy_web.schema import fitness
from nxloy_web.tables import OPEN_TABLES

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="alive")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    problems = _problems()
    if problems:
        return jsonify(status="not ready", problems=problems), 503
    return jsonify(status="ready", **_beside())


def _beside() -> dict[str, dict[str, str | None]]:
    """Worker and mail are named and refuse nothing: a shop without them still sells."""
    signs = pulse.look()
    if not current_app.config["SMTP_URL"]:
        mail = "kept in a folder"
    elif signs.mail_fails:
        mail = "failing"
    else:
        mail = "answering" if signs.mail_ok_at else "not tried yet"
    return {
        "worker": {
            "status": "alive" if signs.worker_lives else "not seen",
            "last_seen": _said(signs.worker_seen_at),
        },
        "mail": {
            "status": mail,
            "last_success": _said(signs.mail_ok_at),
            "last_failure": _said(signs.mail_failed_at),
        },
    }


def _said(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _problems() -> list[str]:
    if not current_app.config["DATABASE_URL"]:
        return ["DATABASE_URL is not set. Start with `make run`, or point it at a database."]
    try:
        with db.engine.connect() as connection:
            problems = check_role(
                connection.connection.driver_connection,  # type: ignore[arg-type]
                open_tables=OPEN_TABLES,
            )
            lacking = fitness.lacks(connection)
            floor = floors.oldest_allowed(connection)
    except SQLAlchemyError as error:
        if isinstance(error, DBAPIError) and isinstance(error.orig, floors.TooOld):
            return [str(error.orig)]
        return ["The database cannot be reached with DATABASE_URL."]
    if lacking:
        problems.append(
            f"The database does not have what this version needs: {lacking[0]} Run `flask schema "
            "expand`, or `flask db upgrade` with nobody at work."
        )
    # A connection that was open before may be told later than a new one.
    if floors.is_too_old(floor):
        problems.append(floors.too_old(floor))
    return problems
