"""The application as the host of code that knows no Flask."""

from typing import Any

from alembic.config import Config
from flask import current_app


class FlaskHost:
    """Whichever application is at work at the moment; see `host.py`."""

    def setting(self, name: str) -> Any:
        return current_app.config.get(name)

    def draw(self, template: str, context: dict[str, Any]) -> str:
        # From the environment: `render_template` would add what the pages have around them.
        return current_app.jinja_env.get_template(template).render(context)

    def address(self, endpoint: str, **values: str) -> str:
        path = current_app.url_map.bind("").build(endpoint, values)
        return str(current_app.config["BASE_URL"]).rstrip("/") + path

    def migrations(self) -> Config:
        known = current_app.extensions["migrate"]
        config: Config = known.migrate.get_config(known.directory)
        return config
