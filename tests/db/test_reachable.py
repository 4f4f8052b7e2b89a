"""A command whose database is not there says so in one sentence."""

from pathlib import Path

import pytest

from nxloy_web import create_app

NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/nothing"


@pytest.mark.parametrize(
    ("command", "setting"),
    [
        ("worker", "WORKER_DATABASE_URL"),
        ("demo", "DATABASE_URL"),
        ("db upgrade", "MIGRATIONS_DATABASE_URL"),
        ("schema plan", "MIGRATIONS_DATABASE_URL"),
    ],
)
def test_a_database_that_is_not_there_is_one_sentence(
    tmp_path: Path, command: str, setting: str
) -> None:
    names = ("DATABASE_URL", "MIGRATIONS_DATABASE_URL", "WORKER_DATABASE_URL")
    app = create_app({"SECRET_KEY": "x", "INSTANCE": str(tmp_path)} | dict.fromkeys(names, NOWHERE))
    with app.app_context():
        result = app.test_cli_runner().invoke(args=command.split())
    assert isinstance(result.exception, SystemExit), result.exception
    (sentence,) = (line for line in result.output.splitlines() if line.startswith("Error"))
    assert sentence.startswith(f"Error: The database of {setting} cannot be reached (")
    assert sentence.endswith(f"): start it, or correct {setting}.")
    assert "secret" not in result.output


def test_what_is_no_address_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(
        SystemExit, match="Correct DATABASE_URL, or unset it: it is not like"
    ) as end:
        create_app({"INSTANCE": str(tmp_path), "DATABASE_URL": "mysql://me:secret@db/shop"})
    assert "secret" not in str(end.value)


@pytest.mark.parametrize(
    "wrong", ["mysql://me:secret@db/shop", "postgresql://me:secret@db:port/shop", "secret"]
)
def test_nor_by_a_command(tmp_path: Path, wrong: str) -> None:
    names = ("MIGRATIONS_DATABASE_URL", "WORKER_DATABASE_URL")
    app = create_app({"SECRET_KEY": "x", "INSTANCE": str(tmp_path)} | dict.fromkeys(names, wrong))
    for command in ("worker", "schema plan", "db upgrade", "schema doctor"):
        with app.app_context():
            result = app.test_cli_runner().invoke(args=command.split())
        assert isinstance(result.exception, SystemExit), result.exception
        assert "cannot be reached (it is not like postgresql://" in result.output
        assert "secret" not in result.output
