"""The audit log, to read."""

from flask import request
from flask.typing import ResponseReturnValue

from nxloy_web.audit import queries
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page
from nxloy_web.web.places import desk

bp = desk("audit", __name__, "/audit")


@bp.get("/")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    filter_ = queries.Filter(
        subject_type=request.args.get("subject_type", ""),
        who=request.args.get("person", ""),
        subject_id=request.args.get("subject", ""),
        before=request.args.get("before", ""),
    )
    entries, next_cursor = queries.entries(filter_)
    return page(
        "audit/index.html",
        fragment="audit/_results.html",
        entries=entries,
        next_cursor=next_cursor,
        filter=filter_,
        people=queries.people(),
        subject_types=queries.subject_types(),
    )
