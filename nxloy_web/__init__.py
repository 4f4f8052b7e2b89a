"""NxLoy Web: the loyalty desk of a shop."""

from pathlib import Path
from typing import Any

from nxloy_web import cli, config, extensions, features, health, host, hosting, page_frame
from nxloy_web.db import db, floors
from nxloy_web.web import (
    assets,
    converters,
    errors,
    filters,
    kept_form,
    preferences,
    requests,
    security,
    sessions,
    templates,
    translating,
)
from nxloy_web.web import sign_in as visitors
from nxloy_web.web.edge import NxFlask

ROOT = Path(__file__).parent.parent


host.provide(hosting.FlaskHost())


def create_app(overrides: dict[str, Any] | None = None) -> NxFlask:
    """Build the application. `overrides` win over the environment."""
    app = NxFlask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(config.from_environment() | (overrides or {}))
    app.config.update(config.complete(app.config))

    converters.init_app(app)
    extensions.htmx.init_app(app)
    requests.init_app(app)
    db.init_app(app)
    with app.app_context():
        floors.keep_old_versions_out(db.engine)
    extensions.migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    extensions.csrf.init_app(app)
    extensions.limiter.init_app(app)
    sessions.init_app(app)
    visitors.init_app(app)

    security.init_app(app)
    errors.init_app(app)
    templates.init_app(app)
    filters.init_app(app)
    translating.init_app(app)
    page_frame.init_app(app)
    assets.init_app(app)

    app.register_blueprint(health.bp)
    app.register_blueprint(preferences.bp)
    app.register_blueprint(kept_form.bp)
    app.register_blueprint(kept_form.portal_bp)
    kept_form.init_app(app)
    features.init_app(app)
    cli.init_app(app)
    return app
