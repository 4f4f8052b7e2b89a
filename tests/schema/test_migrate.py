"""What `flask db migrate` writes: our online operations, or what writes it. Row S16."""

from pathlib import Path
from types import SimpleNamespace

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from nxloy_web.schema import lint
from nxloy_web.schema.refusals import Refused
from nxloy_web.tables import Base
from tests.schema.conftest import At
from tests.schema.walking import Walk


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> MetaData:
    """The models, to be changed by a test."""
    copy = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        table.to_metadata(copy)
    monkeypatch.setattr("nxloy_web.tables.Base", SimpleNamespace(metadata=copy))
    return copy


def migrate(walk: Walk, versions: Path, message: str = "what it is") -> str:
    """The text of the revision."""
    before = set(versions.glob("*.py"))
    with walk._here():
        flask_migrate.migrate.__wrapped__(message=message)
    (path,) = set(versions.glob("*.py")) - before
    return path.read_text()


def refused(walk: Walk, versions: Path) -> str:
    before = set(versions.glob("*.py"))
    with walk._here(), pytest.raises(Refused) as refusal:
        flask_migrate.migrate.__wrapped__(message="what it is")
    assert set(versions.glob("*.py")) == before
    return refusal.value.message


def test_columns_indexes_and_rules_are_our_operations(
    models: MetaData, versions: Path, written_at: At
) -> None:
    walk = written_at("head")
    locations = models.tables["locations"]
    locations.append_column(Column("opening_hours", Text))
    locations.append_column(Column("seats", Integer, server_default=text("0"), nullable=False))
    locations.append_constraint(CheckConstraint("seats >= 0", name="seats_not_negative"))
    Index("ix_locations_seats", locations.c.business_id, locations.c.seats)
    head = walk.revisions[-1].id
    said = migrate(walk, versions, "Add opening hours!")
    assert 'revision = "add_opening_hours"' in said
    assert 'phase = "expand"' in said
    assert "op." not in said.replace("online.", "")
    assert 'online.add_check("ck_locations_seats_not_negative", "locations", "seats >= 0")' in said
    assert '"locations WHERE seats IS DISTINCT FROM 0"' in said
    assert [str(finding) for finding in lint.check(versions)] == []
    before = walk.shape()
    walk.up("add_opening_hours")
    with walk._here():
        flask_migrate.migrate.__wrapped__(message="nothing more")
    assert len(set(versions.glob("*nothing_more.py"))) == 0
    walk.down(head)
    assert walk.shape() == before


def test_a_table_comes_with_its_rules_its_policy_and_its_rights(
    models: MetaData, versions: Path, written_at: At
) -> None:
    walk = written_at("head")
    Table(
        "gift_cards",
        models,
        Column("business_id", Text, primary_key=True),
        Column("id", Text, primary_key=True),
        Column("points", Integer, nullable=False),
        ForeignKeyConstraint(["business_id"], ["businesses.id"]),
        CheckConstraint("points > 0", name="points_positive"),
    )
    models.tables["locations"].append_column(Column("opening_hours", Text))
    said = migrate(walk, versions, "add gift cards")
    assert "points > 0" in said
    assert 'ops.tenant_table("gift_cards"' in said
    assert "opening_hours" not in said
    assert 'down_loses = ("gift_cards",)' in said
    assert [str(finding) for finding in lint.check(versions)] == []
    walk.up("add_gift_cards")
    assert "opening_hours" in migrate(walk, versions, "add opening hours")


def test_what_needs_a_group_is_named_with_its_command(
    models: MetaData, versions: Path, written_at: At
) -> None:
    walk = written_at("head")
    locations = models.tables["locations"]
    locations.append_column(Column("label", Text, nullable=False))
    Index("uq_locations_address", locations.c.business_id, locations.c.address, unique=True)
    locations.append_constraint(CheckConstraint("address <> 'x'", name="address_x"))
    walk.run("ALTER TABLE customers ADD COLUMN old_name text")
    walk.run("ALTER TABLE rewards ALTER COLUMN description DROP NOT NULL")
    told = refused(walk, versions)
    for command in (
        "`flask schema new-change add-column locations label 'text' --fill SQL`",
        "`flask schema new-change unique locations address`",
        "`flask schema new-change drop customers old_name`",
        "`flask schema new-change not-null rewards description --fill SQL`",
        "locations.ck_locations_address_x: by hand",
    ):
        assert command in told


def test_without_a_message_there_is_no_word_for_it(
    app: Flask, models: MetaData, versions: Path, written_at: At
) -> None:
    walk = written_at("head")
    models.tables["locations"].append_column(Column("opening_hours", Text))
    before = set(versions.glob("*.py"))
    with walk._here(), pytest.raises(Refused, match="Say what it is"):
        flask_migrate.migrate.__wrapped__()
    assert set(versions.glob("*.py")) == before


def test_nothing_is_written_when_nothing_differs(
    models: MetaData, versions: Path, written_at: At, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(versions.glob("*.py"))
    with written_at("head")._here():
        flask_migrate.migrate.__wrapped__(message="what it is")
    assert "do not differ" in capsys.readouterr().out
    assert set(versions.glob("*.py")) == before


def test_an_empty_revision_has_its_phase(versions: Path, written_at: At) -> None:
    walk = written_at("head")
    head = walk.revisions[-1].id
    with walk._here():
        flask_migrate.revision.__wrapped__(message="What it is.", rev_id="a_word")
    (path,) = versions.glob("*_a_word.py")
    said = path.read_text()
    assert said.startswith('"""What it is."""')
    assert f'down_revision = "{head}"' in said
    assert 'phase = "expand"' in said
    walk.up("a_word")
