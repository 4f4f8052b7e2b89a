"""Commands beside the web that belong to no feature: `flask worker` and `flask db-roles`."""

import logging

import click
from flask import Flask, current_app
from sqlalchemy.exc import OperationalError

from nxloy_web import tasks, worker
from nxloy_web.config import WORKER, worker_setting
from nxloy_web.db.reachable import refuse_unreachable
from nxloy_web.db.roles_command import roles_command


def init_app(app: Flask) -> None:
    app.cli.add_command(roles_command)
    app.cli.add_command(worker_command)


@click.command(
    "worker", help="Do the background work until told to stop (Ctrl-C or a TERM signal)."
)
@click.option("--concurrency", default=2, show_default=True, help="Jobs at the same time.")
def worker_command(concurrency: int) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    tasks.load()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    setting = worker_setting(app.config)
    refuse_unreachable(setting, app.config[setting])
    try:
        lacking = worker.lacks(app)
    except OperationalError as away:  # it was there a moment ago: this version is too old for it
        raise click.ClickException(str(away.orig)) from None
    if lacking:
        raise click.ClickException(
            f"The database is older than this version ({lacking[0]}"
            f"{f' and {len(lacking) - 1} more' if len(lacking) > 1 else ''}): run `flask schema "
            "expand`, or `flask db upgrade` with nobody at work, and start the worker again."
        )
    if app.config["PROCESS_KIND"] != WORKER:
        # Its sessions would sign in as the web does, and long jobs end at the web's limits.
        raise click.ClickException("Start the worker with PROCESS_KIND=worker in its environment.")
    logging.getLogger(__name__).info("Working. Ctrl-C stops.")
    worker.run_worker(app, concurrency=concurrency)
