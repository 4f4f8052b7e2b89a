"""Where the pages of customers hang."""

from nxloy_web.web.places import desk

bp = desk("customers", __name__, "/customers")
