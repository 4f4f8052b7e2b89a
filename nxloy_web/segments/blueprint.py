"""Where the pages of segments hang."""

from nxloy_web.web.places import desk

bp = desk("segments", __name__, "/segments")
