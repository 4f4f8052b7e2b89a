"""The portal's blueprint; its views stand in several files."""

from nxloy_web.portal.routes import words
from nxloy_web.web import places

bp = places.portal("portal", __name__)
bp.context_processor(words.in_templates)
