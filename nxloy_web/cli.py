"""Commands beside the web: `flask worker`, `flask demo`, `flask db-roles`, `flask schema …`."""

from flask import Flask

from nxloy_web.db.roles import roles_command


def init_app(app: Flask) -> None:
    app.cli.add_command(roles_command)
