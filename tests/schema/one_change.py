"""One schema change as a person goes through it, in any order and cut short anywhere, beside a
plain model: a dict of what every row says."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import create_engine, event, pool
from sqlalchemy.engine import Connection as SqlConnection

from nxloy_web.config import with_driver
from nxloy_web.schema import begun, runner, way_back
from nxloy_web.schema.gate import gated
from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.refusals import Refused
from tests.schema.walking import HASTY, Walk, _history, revision_module

DONE, REFUSED, KILLED = "done", "refused", "killed"


class Killed(BaseException):
    """The process is gone: nothing after this statement was asked of the server."""


class Interrupted(Exception):
    """Ctrl-C between two batches."""


@dataclass(frozen=True)
class Change:
    """A group of the history, and how old and new code write and read its rows."""

    before: str
    expand: str
    data: str
    contract: str
    columns: str
    """What a customer has to have at `before`."""
    write_old: str
    write_new: str
    old: str
    """SQL for what old code reads, and new code: NULL where a row is not filled."""
    new: str
    old_column: str
    new_column: str
    value: Callable[[int], Any]

    @property
    def places(self) -> list[str]:
        return [self.before, self.expand, self.data, self.contract]


RENAME = Change(
    before="index_customer_names",
    expand="add_points_balance_column",
    data="copy_points_to_balance",
    contract="remove_points_column",
    columns="email_norm, member_code, name_norm, points",
    write_old="UPDATE customers SET points = %(value)s WHERE id = %(id)s",
    write_new="UPDATE customers SET points_balance = %(value)s WHERE id = %(id)s",
    old="points",
    new="points_balance",
    old_column="points",
    new_column="points_balance",
    value=lambda number: number,
)
SPLIT = Change(
    before="require_customer_profile",
    expand="add_first_and_last_name",
    data="split_customer_names",
    contract="remove_name",
    columns="email_norm, member_code, name",
    write_old="UPDATE customers SET name = %(value)s WHERE id = %(id)s",
    write_new=(
        "UPDATE customers SET (first_name, last_name) ="
        " (split_part(%(value)s, ' ', 1), split_part(%(value)s, ' ', 2)) WHERE id = %(id)s"
    ),
    old="name",
    new="nullif(concat_ws(' ', first_name, last_name), '')",
    old_column="name",
    new_column="first_name",
    value=lambda number: f"Ada B{number}",
)


@dataclass
class Story:
    """A database in which the change is under way."""

    walk: Walk
    change: Change
    rows: dict[str, Any] = field(default_factory=dict)
    """The model: what every row says."""
    joined: int = 0

    # --- where it stands ------------------------------------------------------------------------

    @property
    def here(self) -> str:
        found: str = self.walk.rows("SELECT version_num FROM alembic_version")[0]["version_num"]
        return found

    @property
    def at_work(self) -> begun.Step | None:
        said = self.walk.rows(
            "SELECT obj_description('alembic_version'::regclass, 'pg_class') AS said"
        )[0]["said"]
        if not said:
            return None
        return begun.Step(said.removeprefix(begun.BACK), said.startswith(begun.BACK), True)

    @property
    def codes(self) -> set[str]:
        """Which code may be at work: old until the data is there, new when the expand is done. A
        way back means that new code is gone; a contract that old code is."""
        step = self.at_work
        if self.here == self.change.contract or (step and step.revision == self.change.contract):
            return {"new"}
        if self.here == self.change.before or step:
            return {"old"}
        return {"old", "new"}

    # --- people at work -------------------------------------------------------------------------

    def join(self, count: int) -> None:
        """Customers who were there before."""
        for _ in range(count):
            self.joined += 1
            id_, value = f"c{self.joined:04}", self.change.value(self.joined)
            names = self.change.columns.split(", ")
            known = {
                "email_norm": id_,
                "member_code": id_,
                "name_norm": "",
                self.change.old_column: value,
            }
            self.walk.insert(
                "customers",
                business_id="shop",
                id=id_,
                email=id_,
                **{name: known[name] for name in names},
            )
            self.rows[id_] = value

    def write(self, code: str, id_: str, number: int) -> None:
        statement = self.change.write_old if code == "old" else self.change.write_new
        value = self.change.value(number)
        with self.walk.inside("shop") as connection:
            connection.execute(statement, {"value": value, "id": id_})  # type: ignore[arg-type]
        self.rows[id_] = value

    def is_right(self) -> None:
        """What the code at work reads is what the model says; where both are, both do, and only
        what nobody has filled yet is missing."""
        have = {
            row["name"]
            for row in self.walk.rows(
                "SELECT attname::text AS name FROM pg_attribute"
                " WHERE attrelid = 'customers'::regclass AND NOT attisdropped"
            )
        }
        codes = self.codes
        if self.change.old_column in have and "old" in codes:
            assert self.walk.table("customers", self.change.old) == self.rows
        if self.change.new_column in have and "new" in codes:
            found = self.walk.table("customers", self.change.new)
            if codes == {"new"}:
                assert found == self.rows
            else:
                assert {k: v for k, v in found.items() if v is not None}.items() <= (
                    self.rows.items()
                )
                assert found.keys() == self.rows.keys()

    # --- commands -------------------------------------------------------------------------------

    def command(self, to: str, *, kill_at: int | None = None, undo: bool = False) -> str:
        """`flask db upgrade` and `downgrade` as `migrations/env.py` does them, on the revisions
        that were read already; killed before the statement of this number."""
        config, scripts, known = _history(self.walk.app)
        config = copy(config)
        config.cmd_opts = SimpleNamespace(x=["undo=begun"] if undo else [])  # type: ignore[assignment]

        def steps(here: Any, context: Any) -> Any:
            if here and known.index(to) <= known.index(here[0]) and self.is_back:
                return scripts._downgrade_revs(to, here) if to != here[0] else []
            return scripts._upgrade_revs(to, here)

        engine = create_engine(with_driver(self.walk.url("migrator")), poolclass=pool.NullPool)
        if kill_at is not None:
            _killing(engine, kill_at)
        token = PATIENCE.set(HASTY)
        try:
            connection = engine.connect()
            driver: Any = connection.connection.driver_connection
            # A killed command does not come to closing it.
            with closing(driver), self.walk._here(), connection:
                return self._run(config, scripts, gated(steps), connection)
        finally:
            PATIENCE.reset(token)

    is_back = False

    def back(self, to: str, *, kill_at: int | None = None, undo: bool = False) -> str:
        self.is_back = True
        try:
            return self.command(to, kill_at=kill_at, undo=undo)
        finally:
            self.is_back = False

    def _run(self, config: Any, scripts: Any, fn: Any, connection: SqlConnection) -> str:
        with EnvironmentContext(config, scripts, fn=fn) as environment:
            environment.configure(
                connection=connection,
                transaction_per_migration=True,
                on_version_apply=way_back.arrived,
            )
            try:
                with environment.begin_transaction():
                    environment.run_migrations()
            except Refused:
                return REFUSED
            except Killed:
                return KILLED
            return DONE

    def fill(self, batches: int) -> str:
        """`flask schema data run`, interrupted after so many batches."""

        def watch(state: runner.State) -> None:
            if state.status == "PAUSED" or state.batches >= batches:
                raise Interrupted

        migration = revision_module(self.change.data).MIGRATION
        try:
            runner.run(runner.address(self.walk.url("migrator")), migration, watch=watch)
        except Interrupted:
            return KILLED
        return DONE

    @contextmanager
    def held(self) -> Iterator[None]:
        """Somebody reads the table and does not end."""
        with self.walk.inside("shop") as till:
            till.execute("SELECT FROM customers LIMIT 1")
            yield


def _killing(engine: Any, statement_number: int) -> None:
    seen = 0

    def before(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen >= statement_number:
            raise Killed

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", lambda _: _dead(seen >= statement_number))


def _dead(is_dead: bool) -> None:
    if is_dead:
        raise Killed
