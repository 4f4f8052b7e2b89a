"""The look on its own: no database, so these tests start at once."""

from typing import Any

import pytest
from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from nxloy_web import extensions
from nxloy_web.gallery.routes import bp
from nxloy_web.web import assets, requests, templates, translating
from nxloy_web.web.security import POLICY
from nxloy_web.web.templates import NOTHING_AROUND
from nxloy_web.web.vendoring import ROOT


@pytest.fixture(scope="session")
def look() -> Flask:
    app = Flask("look", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True, GALLERY=True)
    CSRFProtect(app)
    extensions.htmx.init_app(app)
    requests.init_app(app)
    assets.init_app(app)
    templates.init_app(app)
    translating.init_app(app)
    app.register_blueprint(bp)
    app.add_url_rule("/theme", "theme", lambda: "", methods=["POST"])
    app.context_processor(_chosen_theme)
    app.after_request(_strict)
    return app


def _chosen_theme() -> dict[str, Any]:
    return NOTHING_AROUND | {"theme": request.cookies.get("theme", ""), "theme_url": "/theme"}


def _strict(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "; ".join(f"{k} {v}" for k, v in POLICY.items())
    return response
