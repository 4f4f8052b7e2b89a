"""Serving pictures. An address names the content, so it may be kept for ever."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import NotFound
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.rewards import Picture
from nxloy_web.web.places import desk

bp = desk("pictures", __name__, "/pictures")

FOR_EVER = "private, max-age=31536000, immutable"


@bp.get("/<sha256>.webp")
@requires(Permission.HOME)
def show(sha256: str) -> ResponseReturnValue:
    picture = db.session.get(Picture, (current_business_id(), sha256))
    if picture is None:
        raise NotFound
    answer = Response(
        picture.content, mimetype=picture.media_type, headers={"Cache-Control": FOR_EVER}
    )
    answer.set_etag(sha256)
    return answer.make_conditional(request)
