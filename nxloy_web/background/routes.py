"""What runs behind the scenes, live: for the people of a business."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock, host, pulse
from nxloy_web.background import queries, retrying
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.features import title_of
from nxloy_web.web.places import desk

bp = desk("background", __name__, "/background-work")


@bp.get("/")
@requires(Permission.JOBS_VIEW)
def index() -> ResponseReturnValue:
    wanted = arguments().text("view")
    view = wanted if wanted in queries.VIEWS else ""
    runs = queries.runs(view, arguments().cursor("after"))
    return page(
        "background/index.html",
        fragment="background/_work.html",
        view=view,
        counts=queries.counts(),
        runs=runs,
        is_moving=queries.is_moving(runs.rows),
        unsent=queries.unsent(arguments().cursor("mail-after")),
        signs=pulse.look(),
        has_server=bool(host.setting("SMTP_URL")),
        title_of=title_of,
    )


@bp.post("/<id:run_id>/again")
@requires(Permission.JOBS_RETRY)
def work_again(run_id: str) -> ResponseReturnValue:
    retrying.work_again(run_id, by=g.actor)
    return see_other(url_for(".index"), toast="It is tried again.")


@bp.post("/mail/<id:mail_id>/again")
@requires(Permission.JOBS_RETRY)
def mail_again(mail_id: str) -> ResponseReturnValue:
    waits = retrying.mail_again(mail_id, by=g.actor, at=clock.now())
    toast = "The mail is tried again." if waits else "This mail does not wait any more."
    return see_other(url_for(".index"), toast=toast)
