"""What can be wrong at the start is one sentence that says what to do."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nxloy_web.db import embedded
from nxloy_web.run.settings import Settings, StartError

Begin = Callable[..., Any]


def refused(run: Any) -> str:
    assert run.ends() == 1, run.output
    assert "Traceback" not in run.output
    assert run.output.count("\n") == 1, run.output
    return str(run.output)


def test_a_taken_port(begin: Begin) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refused(begin(PORT=str(port)))
    assert f"start with another one, as in `make run PORT={port + 1}`" in said


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_no_port_at_all(port: str) -> None:
    with pytest.raises(StartError, match="give a number from 1 to 65535"):
        Settings.read({"PORT": port})


def test_an_unwritable_folder(begin: Begin, instance: Path) -> None:
    file = instance.parent / "file"
    file.touch()
    assert "give a folder you own" in refused(begin(INSTANCE=str(file / "instance")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else(begin: Begin) -> None:
    assert "Cannot write to /usr/nxloy" in refused(begin(INSTANCE="/usr/nxloy"))


@pytest.mark.parametrize("given", ["DATABASE_URL", "MIGRATIONS_DATABASE_URL"])
def test_one_address_without_the_other(begin: Begin, given: str) -> None:
    said = refused(begin(**{given: "postgresql://127.0.0.1/nxloy"}))
    missing = {"DATABASE_URL", "MIGRATIONS_DATABASE_URL"} - {given}
    assert said.startswith(f"{missing.pop()} is missing: set both addresses")


def test_an_unreachable_database(begin: Begin) -> None:
    nowhere = "postgresql://nx_app:x@127.0.0.1:1/nxloy"
    said = refused(begin(DATABASE_URL=nowhere, MIGRATIONS_DATABASE_URL=nowhere))
    assert said.startswith("The database of DATABASE_URL cannot be reached")
    assert said.rstrip().endswith("start it, or correct DATABASE_URL.")


def test_a_superuser_as_application(begin: Begin, server: embedded.EmbeddedServer) -> None:
    run = begin(DATABASE_URL=server.admin_url, MIGRATIONS_DATABASE_URL=server.migrator_url)
    assert "is a superuser" in refused(run)


def test_the_migrator_as_application(begin: Begin, server: embedded.EmbeddedServer) -> None:
    run = begin(DATABASE_URL=server.migrator_url, MIGRATIONS_DATABASE_URL=server.migrator_url)
    assert "bypasses row-level security" in refused(run)
