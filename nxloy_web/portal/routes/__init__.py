"""The customer's side of a business, made for a phone."""

from nxloy_web.portal.routes import entrance, profile, redeeming, wallet
from nxloy_web.portal.routes.blueprint import bp

__all__ = ["bp", "entrance", "profile", "redeeming", "wallet"]
