"""`flask schema golden`: the shape at every revision, from a database that is built anew."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import Connection

from nxloy_web import host
from nxloy_web.config import with_driver
from nxloy_web.db import embedded
from nxloy_web.schema import golden, history
from nxloy_web.schema.shape import Shape, major, taken


@click.command(
    "golden",
    help="""
    Build every revision anew on each PostgreSQL that is tested, and compare with the golden shapes.

    A development command: it needs PostgreSQL 15 beside the one that is embedded.
    """,
)
@click.option("--write", is_flag=True, help="Write what is new or different.")
def golden_command(write: bool) -> None:
    by_major: dict[int, golden.Steps] = {}
    for binaries in ("", f"/usr/lib/postgresql/{embedded.OLDEST}/bin"):
        with _server(binaries) as address, _connected(address) as connection:
            by_major[major(connection)] = built(connection)
    texts = golden.written(by_major)
    stale = stale_files(texts)
    if not stale:
        click.echo(f"{len(texts)} golden shapes are as they should be.")
        return
    if not write:
        for name in stale:
            click.echo(name)
        raise click.ClickException("These differ: `flask schema golden --write` writes them anew.")
    golden.folder().mkdir(exist_ok=True)
    for name in stale:
        path = golden.folder() / f"{name}.txt"
        if name in texts:
            path.write_bytes(texts[name].encode())
        else:
            path.unlink()
        click.echo(f"{'Written' if name in texts else 'Taken away'}: {path}")


def stale_files(texts: dict[str, str]) -> list[str]:
    """The revisions whose files are missing, different, or of no revision any more."""
    there = {path.stem: golden.read(path) for path in golden.folder().glob("*.txt")}
    return sorted(
        name for name in there.keys() | texts.keys() if there.get(name) != texts.get(name)
    )


def built(connection: Connection) -> dict[str, Shape]:
    """The shapes on the way up from an empty database, each revision run as in a deployment but
    without the gates: there are no rows and no people."""
    shapes: dict[str, Shape] = {}
    config = host.migrations()
    scripts = ScriptDirectory.from_config(config)
    for revision in history.revisions():

        def steps(here: Any, context: Any, to: str = revision.id) -> Any:
            return scripts._upgrade_revs(to, here)

        with EnvironmentContext(config, scripts, fn=steps) as environment:
            environment.configure(connection=connection, transaction_per_migration=True)
            with environment.begin_transaction():
                environment.run_migrations()
        shapes[revision.id] = taken(connection)
    return shapes


@contextmanager
def _server(binaries: str) -> Iterator[str]:
    """A server for a minute, with the roles and nothing else; where the migrator signs in."""
    folder = Path(tempfile.mkdtemp(prefix="nxloy-golden-", dir="/tmp"))
    folder.chmod(0o755)
    before = os.environ.get("NX_PG_BIN")
    try:
        _set(binaries)
        running = embedded.start(folder, durable=False)
        try:
            yield running.migrator_url
        finally:
            running.stop()
    except embedded.EmbeddedError as error:
        raise click.ClickException(str(error)) from None
    finally:
        _set(before or "")
        shutil.rmtree(folder)


def _set(binaries: str) -> None:
    if binaries:
        os.environ["NX_PG_BIN"] = binaries
    else:
        os.environ.pop("NX_PG_BIN", None)


@contextmanager
def _connected(address: str) -> Iterator[Connection]:
    engine = create_engine(with_driver(address), poolclass=pool.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
