"""`flask schema lint`."""

from pathlib import Path

import click

from nxloy_web.schema import history, lint
from nxloy_web.schema.line import refuse_two
from nxloy_web.schema.lint import squawk


@click.command(
    "lint",
    help="""
    Say what is unsafe in the revisions, and what to do instead.

    VERSIONS is another folder of revisions than migrations/versions.
    """,
)
@click.argument(
    "versions", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def lint_command(versions: Path | None) -> None:
    folder = versions or history.folder()
    if not any(folder.glob("*.py")):
        raise click.ClickException(f"There is no revision in {folder}.")
    if versions is None:
        refuse_two(history.scripts())
    findings = lint.check(folder)
    for finding in findings:
        click.echo(str(finding))
    if squawk.program() is None:
        click.echo("squawk is not installed (a development package): only our own rules were run.")
    if findings:
        raise SystemExit(f"{len(findings)} finding(s).")
    click.echo("Nothing to say.")
