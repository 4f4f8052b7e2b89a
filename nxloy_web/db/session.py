"""The session guard: loud where row-level security would be silent.

The policies are the guarantee. These hooks make a forgotten scope an error instead of an empty
page, stamp new rows, leave deleted rows out of reads, and turn deleting into marking.
"""

from datetime import datetime
from typing import Any, TypeVar

from flask_sqlalchemy.session import Session
from sqlalchemy import Engine, Executable, event, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.orm.session import Session as OrmSession

from nxloy_web import clock
from nxloy_web.db.base import Base, SoftDeleteMixin, TenantMixin
from nxloy_web.db.tenant import ScopeNeeded, business_in_scope
from nxloy_web.texts import _

WITH_DELETED = "nx_with_deleted"
OPEN_BECAUSE = "nx_open_because"
_LIVING = with_loader_criteria(
    SoftDeleteMixin, lambda cls: cls.deleted_at.is_(None), include_aliases=True
)


class OtherBusiness(ScopeNeeded):
    message = _("A row of another business was about to be saved.")


class NxSession(Session):
    """Flask-SQLAlchemy's session with soft deletes."""

    def delete(self, instance: object) -> None:
        """Mark a soft-deletable row and its children with one instant; remove any other row."""
        if isinstance(instance, SoftDeleteMixin):
            self._mark(instance, clock.now())
        else:
            super().delete(instance)

    def restore(self, instance: SoftDeleteMixin) -> None:
        """Bring back a row and exactly the children that were deleted with it."""
        marked_at, instance.deleted_at = instance.deleted_at, None
        for model, column in _children(instance):
            self.execute(
                update(model)
                .where(getattr(model, column) == instance.id, model.deleted_at == marked_at)  # type: ignore[attr-defined]
                .values(deleted_at=None),
                execution_options={WITH_DELETED: True, "synchronize_session": False},
            )

    def _mark(self, instance: SoftDeleteMixin, at: datetime) -> None:
        instance.deleted_at = at
        for model, column in _children(instance):
            self.execute(
                update(model)
                .where(getattr(model, column) == instance.id, model.deleted_at.is_(None))  # type: ignore[attr-defined]
                .values(deleted_at=at),
                execution_options={"synchronize_session": "fetch"},
            )


Read = TypeVar("Read", bound=Executable)


def history(statement: Read) -> Read:
    """A read that also sees deleted rows: ledgers, audit and lists of what can be restored."""
    return statement.execution_options(**{WITH_DELETED: True})


def _children(instance: SoftDeleteMixin) -> list[tuple[Any, str]]:
    models = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
    return [(models[name], column) for name, column in instance.deletes_with]


@event.listens_for(Engine, "begin")
def _set_tenant(connection: Connection) -> None:
    """Every transaction, ORM or not, carries the business in scope, and loses it when it ends.

    SET LOCAL rather than set_config(): a utility statement cannot be nested inside another by an
    injection. The id has been matched against [a-z0-9]+ by `enter_scope`.
    """
    business_id = business_in_scope()
    if business_id is not None and connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL app.business_id TO '{business_id}'")


@event.listens_for(NxSession, "do_orm_execute")
def _guard(state: ORMExecuteState) -> None:
    if not state.is_orm_statement or state.is_column_load:
        return
    options = state.execution_options
    # Asked in this order: SQLAlchemy takes its time over the mappers of a statement.
    if (
        business_in_scope() is None
        and not options.get(OPEN_BECAUSE)
        and any(issubclass(mapper.class_, TenantMixin) for mapper in state.all_mappers)
    ):
        raise ScopeNeeded
    if options.get(WITH_DELETED):
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(_LIVING)


@event.listens_for(NxSession, "before_flush")
def _stamp(session: OrmSession, *_: Any) -> None:
    business_id = business_in_scope()
    for row in session.new | session.dirty:
        if not isinstance(row, TenantMixin):
            continue
        if business_id is None:
            raise ScopeNeeded
        if row.business_id is None:
            row.business_id = business_id
        elif row.business_id != business_id:
            raise OtherBusiness
