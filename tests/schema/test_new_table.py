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
    result = run(app, "gift_cards", "--one", "gift_card", *options)
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


@pytest.mark.parametrize(
    ("table", "one", "model"),
    [
        ("people", "person", "Person"),
        ("news", "news_item", "NewsItem"),
        ("sheep", "sheep", "Sheep"),
    ],
)
def test_any_noun_names_a_table(
    app: Flask, versions: Path, table: str, one: str, model: str
) -> None:
    """Row S16."""
    told = run(app, table, "--one", one).output
    assert f"class {model}(TenantMixin" in told
    assert f'__tablename__ = "{table}"' in told


def test_what_one_of_them_is_called_is_asked(app: Flask, versions: Path) -> None:
    """Row S16."""
    with app.app_context():
        asked = app.test_cli_runner().invoke(new_table_command, ["mice"], input="mouse\n")
    assert "What is one of them called: mouse" in asked.output
    assert "class Mouse(TenantMixin" in asked.output


@pytest.mark.parametrize(
    ("table", "one", "why"),
    [
        ("Gifts", "gift", "are small letters"),
        ("gift-cards", "gift", "are small letters"),
        ("1gifts", "gift", "are small letters"),
        ("gifts", "Gift", "are small letters"),
        ("g" * 29, "gift", "A table has 28 letters at most."),
        ("customers", "client", "There is a table customers already."),
        ("clients", "customer", "There is a model Customer already."),
    ],
)
def test_a_name_that_is_no_table_is_refused(
    app: Flask, versions: Path, table: str, one: str, why: str
) -> None:
    result = run(app, table, "--one", one)
    assert result.exit_code == 1
    assert why in result.output


def test_a_table_is_written_once(app: Flask, versions: Path) -> None:
    assert run(app, "gift_cards", "--one", "gift_card").exit_code == 0
    again = run(app, "gift_cards", "--one", "gift_card").output
    assert "There is a revision add_gift_cards already." in again
