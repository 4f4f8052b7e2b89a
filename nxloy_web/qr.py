"""QR codes, drawn on this machine. Always `make_qr`: for short codes `make` draws Micro QR,
which the readers in browsers do not know."""

from io import BytesIO

import segno
from markupsafe import Markup

QUIET = 4
"""The white frame scanners need on paper, in modules; pages give it by themselves."""


def svg(text: str, *, border: int = 0) -> Markup:
    """The code as SVG without any style, to stand in a page."""
    drawing = segno.make_qr(text, error="m").svg_inline(
        border=border, omitsize=True, svgclass=None, lineclass=None, unit=None
    )
    return Markup(drawing)  # noqa: S704 - paths drawn by segno; the text is not in it


def png(text: str, *, scale: int = 12) -> bytes:
    """The code as a picture, with its white frame, to send or print elsewhere."""
    picture = BytesIO()
    segno.make_qr(text, error="m").save(picture, kind="png", scale=scale, border=QUIET)
    return picture.getvalue()
