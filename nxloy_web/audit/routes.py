"""The audit log, to read."""

from flask.typing import ResponseReturnValue

from nxloy_web.audit import queries
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import arguments
from nxloy_web.web.places import desk

bp = desk("audit", __name__, "/audit")


@bp.get("/")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    said = arguments()
    filter_ = queries.Filter(
        subject_type=said.text("subject_type"),
        who=said.text("person"),
        subject_id=said.row_id("subject"),
    )
    return page(
        "audit/index.html",
        fragment="audit/_results.html",
        entries=queries.entries(filter_, said.cursor("before")),
        filter=filter_,
        people=queries.people(),
        subject_types=queries.subject_types(),
    )
