"""`flask schema report`: rows that a data migration left behind, and what becomes of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from nxloy_web.schema import history, reports
from nxloy_web.schema.connecting import driver, migrator, refuse_without
from nxloy_web.schema.data import Connection, DataMigration
from nxloy_web.schema.refusals import Refused
from nxloy_web.schema.reports import SET_ASIDE, WAITING, Report


@click.command(
    "report",
    help="""
    Show the rows that a data migration could not decide about, or could not do.

    A row that waits is put right by hand, and then tried again with --resolve. A row that was set
    aside is put into its table again with --bring-back.
    """,
)
@click.argument("name", required=False)
@click.option("--rows", is_flag=True, help="Show the rows themselves: they are somebody's data.")
@click.option("--resolve", metavar="KEY", help="Try a row that waits again; `all` for all of them.")
@click.option("--bring-back", metavar="KEY", help="Put a row that was set aside back; or `all`.")
@click.option("--set", "said", multiple=True, metavar="COLUMN=VALUE", help="For --bring-back.")
@click.option("--without", multiple=True, metavar="COLUMN", help="For --bring-back: leave it out.")
def report_command(
    name: str | None,
    rows: bool,
    resolve: str | None,
    bring_back: str | None,
    said: tuple[str, ...],
    without: tuple[str, ...],
) -> None:
    migration = history.data_migration(name) if name is not None else None
    if name is not None and migration is None:
        raise click.ClickException(f"There is no data migration {name}.")
    if resolve is None and bring_back is None:
        _show(name, rows)
    elif migration is None:
        raise click.UsageError("Say whose row it is: `flask schema report NAME …`.")
    elif resolve is not None:
        _resolve(migration, resolve)
    elif bring_back is not None:
        values = dict(_pair(one) for one in said)
        _bring_back(migration, bring_back, values, without)


def _show(name: str | None, rows: bool) -> None:
    with migrator() as connection:
        refuse_without(connection, "data_migration_reports")
        found = reports.reported(driver(connection), name)
    for report in found:
        what = report.outcome.replace("_", " ").lower()
        click.echo(f"{report.migration}  {what}  {report.table_name} {report.key}: {report.reason}")
        if rows:
            click.echo(f"    {report.row}")
    click.echo(f"{len(found)} row(s).")


def _resolve(migration: DataMigration, key: str) -> None:
    left = []
    with _at_work() as connection:
        for report in _chosen(connection, migration, key, WAITING):
            try:
                reports.resolve(connection, migration, report)
            except Refused as refusal:
                left.append(str(refusal))
            else:
                click.echo(f"{report.key} is done.")
    if left:
        raise click.ClickException("\n".join(left))


def _bring_back(
    migration: DataMigration, key: str, values: dict[str, str], without: tuple[str, ...]
) -> None:
    with _at_work() as connection:
        for report in _chosen(connection, migration, key, SET_ASIDE):
            reports.bring_back(connection, migration, report, values, without)
            click.echo(f"{report.key} is in {report.table_name} again.")


@contextmanager
def _at_work() -> Iterator[Connection]:
    """A connection on which each row is a transaction of its own."""
    with migrator("data") as connection:
        refuse_without(connection, "data_migration_reports")
        connection.rollback()
        driven = driver(connection)
        driven.autocommit = True
        yield driven


def _chosen(
    connection: Connection, migration: DataMigration, key: str, outcome: str
) -> list[Report]:
    of_all = reports.reported(connection, migration.name)
    found = [r for r in of_all if r.outcome == outcome and key in ("all", r.key)]
    if not found:
        what = "waits" if outcome == WAITING else "was set aside"
        raise click.ClickException(f"No row {key} of {migration.name} {what}.")
    return found


def _pair(said: str) -> tuple[str, str]:
    column, sign, value = said.partition("=")
    if not sign:
        raise click.BadParameter(f"{said} is not COLUMN=VALUE.", param_hint="--set")
    return column, value
