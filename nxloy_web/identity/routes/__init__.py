"""The pages people come in by. They have no business in their address."""

from nxloy_web.identity.routes import account, coming_in, passwords, signing_up
from nxloy_web.identity.routes.blueprint import bp

__all__ = ["account", "bp", "coming_in", "passwords", "signing_up"]
