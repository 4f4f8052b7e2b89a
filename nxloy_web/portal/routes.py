"""The customer's side of a business, made for a phone."""

from nxloy_web.portal import entrance, person, redeeming, wallet
from nxloy_web.portal.blueprint import bp

__all__ = ["bp", "entrance", "person", "redeeming", "wallet"]
