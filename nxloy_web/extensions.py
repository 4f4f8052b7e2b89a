"""Flask extensions, bound to the application in `create_app`."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from htmx_flask import Htmx

csrf = CSRFProtect()
htmx = Htmx()
limiter = Limiter(key_func=get_remote_address, default_limits=[])
login = LoginManager()
migrate = Migrate()

__all__ = ["csrf", "htmx", "limiter", "login", "migrate"]
