"""What a revision says about a new table besides its columns: tenancy, grants, owner."""

from alembic import op

APP_ROLES = "nx_app, nx_worker"


def tenant_table(name: str, *, app: str, column: str = "business_id") -> None:
    """Put the tenant policy on a table just made, and say what the application may do with it.

    ENABLE and FORCE, so that not even the owner reads past it. One policy for reading and
    writing: the row's business must be the one the transaction has entered.
    """
    for statement in tenancy(name, column):
        op.execute(statement)
    open_table(name, app=app)


def tenancy(name: str, column: str = "business_id") -> tuple[str, ...]:
    """The statements that put a table under the tenant policy."""
    mine = f"{column} = current_setting('app.business_id', true)"
    return (
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {name} USING ({mine}) WITH CHECK ({mine})",
    )


def open_table(name: str, *, app: str) -> None:
    """Say what the application may do with a table that belongs to no business ("": nothing)."""
    if app:
        op.execute(f"GRANT {app} ON {name} TO {APP_ROLES}")
    op.execute(f"ALTER TABLE {name} OWNER TO nx_owner")


def append_only(name: str) -> None:
    """Refuse to change or delete rows, whoever asks; the grants refuse the application first."""
    op.execute(
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def door(signature: str, body: str, *, returns: str) -> None:
    """A function that reads across businesses for the application: see nxloy_web/db/doors.py."""
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER "
        f"SET search_path = nx, pg_temp AS $door$ {body} $door$"
    )
    name = f"{signature.split('(')[0]}({_argument_types(signature)})"
    op.execute(f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO {APP_ROLES}")
    op.execute(f"ALTER FUNCTION {name} OWNER TO nx_doors")


def _argument_types(signature: str) -> str:
    arguments = signature.split("(", 1)[1].rstrip(")")
    return ", ".join(argument.split()[-1] for argument in arguments.split(",") if argument.strip())
