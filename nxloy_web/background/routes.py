"""What runs behind the scenes, live."""

from flask.typing import ResponseReturnValue

from nxloy_web.background import queries
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page
from nxloy_web.web.features import installed
from nxloy_web.web.places import desk

bp = desk("background", __name__, "/background-work")


@bp.get("/")
@requires(Permission.JOBS_VIEW)
def index() -> ResponseReturnValue:
    runs = queries.recent()
    return page(
        "background/index.html",
        fragment="background/_runs.html",
        runs=runs,
        is_moving=queries.is_moving(runs),
        title_of=title_of,
    )


def title_of(kind: str) -> str:
    """What people call a job; one without a title is shown by its name, spelled out."""
    titles = {kind: title for feature in installed() for kind, title in feature.jobs.items()}
    return titles.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize()
