"""The base table of the catalogue: what `flask schema new-table` writes is safe as it stands."""

import ast
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from nxloy_web.schema import lint
from nxloy_web.schema.new_table import new_table_command


def run(app: Flask, *arguments: str) -> Any:
    with app.app_context():
        return app.test_cli_runner().invoke(new_table_command, arguments)


@pytest.mark.parametrize("options", [[], ["--no-soft-delete", "--app", "SELECT, INSERT"]])
def test_the_new_table_is_closed_to_others_and_lints(
    app: Flask, versions: Path, as_admin: Any, options: list[str]
) -> None:
    result = run(app, "gift_cards", *options)
    assert result.exit_code == 0, result.output
    model = result.output.split("nxloy_web/tables:")[1]
    ast.parse(model)
    assert "class GiftCard(TenantMixin" in model

    assert lint.check(versions) == []
    with app.app_context():
        upgrade(directory=str(versions.parent))
    guarded = as_admin.execute(
        "SELECT relrowsecurity AND relforcerowsecurity, pg_get_userbyid(relowner)"
        " FROM pg_class WHERE oid = 'nx.gift_cards'::regclass"
    ).fetchone()
    assert guarded == (True, "nx_owner")
    may_update = as_admin.execute(
        "SELECT has_table_privilege('nx_app', 'nx.gift_cards', 'UPDATE')"
    ).fetchone()
    assert may_update == (not options,)
    with app.app_context():
        downgrade(directory=str(versions.parent))
    assert as_admin.execute("SELECT to_regclass('nx.gift_cards')").fetchone() == (None,)


@pytest.mark.parametrize("name", ["Gifts", "gift", "gift-cards", "g" * 40 + "s", "1gifts"])
def test_a_name_that_is_no_table_is_refused(app: Flask, versions: Path, name: str) -> None:
    result = run(app, name)
    assert result.exit_code == 1
    assert "A table is a plural in small letters" in result.output


def test_a_table_is_written_once(app: Flask, versions: Path) -> None:
    assert run(app, "gift_cards").exit_code == 0
    assert "There is a revision add_gift_cards already." in run(app, "gift_cards").output
