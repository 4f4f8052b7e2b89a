"""Pictures of rewards: decoded, turned upright, stripped of everything else, and encoded anew.

What is kept is what we made of the upload, never the upload: a file that is something else under
a picture's name, and whatever a camera wrote beside the pixels, does not get in.
"""

import hashlib
from io import BytesIO
from typing import IO

from PIL import Image, ImageOps
from sqlalchemy.dialects.postgresql import insert

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission
from nxloy_web.tables.rewards import Picture
from nxloy_web.texts import _

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
MOST_PIXELS_AT_ONCE = 12_000_000
"""Of what is not a JPEG: only that can be unpacked smaller than it is. A few kilobytes of PNG
make any number of pixels, and each costs time."""
LONGEST_SIDE = 1_200
READ = ("JPEG", "PNG", "WEBP", "GIF")


class NotAPicture(BusinessRule):
    message = _("This file is not a picture we can read. Use a JPEG, PNG, WebP or GIF.")


class PictureTooLarge(BusinessRule):
    message = _(
        "This picture is too large. Use one of at most 8 MB, and of 12 megapixels: a JPEG may have"
        " 40."
    )


def keep(upload: IO[bytes], *, by: Actor) -> str:
    """Store an upload for the business in scope; returns its content hash, the name it has."""
    by.needs(Permission.REWARDS_EDIT)
    content, size = encode(upload.read(MOST_BYTES + 1))
    sha256 = hashlib.sha256(content).hexdigest()
    db.session.execute(
        insert(Picture)
        .values(
            business_id=current_business_id(),
            sha256=sha256,
            media_type="image/webp",
            width=size[0],
            height=size[1],
            content=content,
        )
        .on_conflict_do_nothing()
    )
    return sha256


def encode(data: bytes) -> tuple[bytes, tuple[int, int]]:
    """The upload as WebP, and its size in pixels."""
    if len(data) > MOST_BYTES:
        raise PictureTooLarge
    image = _decode(data)
    try:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = BytesIO()
        image.save(out, "WEBP", quality=82, method=4)
    finally:
        image.close()
    return out.getvalue(), image.size


def _decode(data: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(data), formats=READ) as opened:
            # The header names the size: nothing has been unpacked at this point.
            most = MOST_PIXELS if opened.format == "JPEG" else MOST_PIXELS_AT_ONCE
            if opened.width * opened.height > most:
                raise PictureTooLarge
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            if opened.mode not in ("P", "1"):  # whose colours are numbers that cannot be mixed
                opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
            upright = ImageOps.exif_transpose(opened)
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            # A new image takes over the pixels alone: no EXIF, no profile, no comment.
            return upright.convert("RGBA" if has_alpha else "RGB")
    except PictureTooLarge:
        raise
    except Image.DecompressionBombError as error:
        raise PictureTooLarge from error
    except Exception as error:
        # Pillow raises whatever a broken file leads to: a decoder's errors have no common base.
        raise NotAPicture from error
