"""The kinds of change that `flask schema new-change` writes."""

from nxloy_web.schema.history import CONTRACT, DATA, EXPAND
from nxloy_web.schema.new_change.change import (
    TYPES,
    Change,
    Step,
    column_of,
    default_of,
    filling,
    key_of,
    leans_on,
    new_name,
    sql_type,
    step_id,
    table_of,
    type_of,
)
from nxloy_web.schema.refusals import Refused


def add_column(
    table_name: str, column: str, type_: str, *, default: str, fill: str, name: str
) -> Change:
    """A column that may be empty; with a default or a value to fill in, one that may not."""
    table, column, kind = table_of(table_name), new_name(column), sql_type(type_)
    name = name or column
    more = f", server_default=sa.text({default!r}), nullable=False" if default else ""
    made = f'sa.Column("{column}", {TYPES[kind][0]}{more or ", nullable=True"})'
    loses = f"{table_name} WHERE {column} IS DISTINCT FROM ({default or 'NULL'})"
    expand = Step(
        id=step_id("add", name),
        phase=EXPAND,
        title=f"{table_name}.{column}" + (", expand: the column." if fill else "."),
        up=(f'online.add_columns("{table_name}", {made})',),
        down=(f'online.drop_columns("{table_name}", "{column}")',),
        down_loses=loses,
    )
    if default and fill:
        raise Refused("Either --default, for every row at once, or --fill, in batches.")
    if not fill:
        return Change(
            name,
            table,
            (expand,),
            _model(column, kind, nullable=not default, default=default),
            f"""
    walk.up("{expand.id}")
    row(walk, "2")  # of old code
    empty = "SELECT id FROM {table_name} WHERE {column} IS DISTINCT FROM ({default or "NULL"})"
    assert walk.rows(empty) == []
    walk.down(BEFORE)
    assert {{"1", "2"}} <= walk.table("{table_name}", "{key_of(table)[-1]}").keys()
""",
            (column,),
        )
    data, contract = filling(name, table, column, fill), _required(name, table_name, column)
    return Change(
        name,
        table,
        (expand, data, contract),
        _model(column, kind, nullable=False),
        f"""
    walk.up("{expand.id}")
    row(walk, "2")  # of old code
    walk.up("{data.id}")
    row(walk, "3")  # of old code, since
    with pytest.raises(Exception, match="1 row of {data.id} wait"):
        walk.up("{contract.id}")
    walk.again("{data.id}")
    walk.up("{contract.id}")
    other = {f"SELECT id FROM {table_name} WHERE {column} IS DISTINCT FROM ({fill})"!r}
    assert walk.rows(other) == []
    walk.down("{data.id}")
    row(walk, "4")  # of old code again
    walk.down(BEFORE, lossy=True)
    assert {{"1", "2", "3", "4"}} <= walk.table("{table_name}", "{key_of(table)[-1]}").keys()
""",
        (column,),
    )


def not_null(table_name: str, column: str, *, fill: str, name: str) -> Change:
    """A column that may be empty becomes one that may not."""
    table = table_of(table_name)
    found = column_of(table, column)
    if not found.nullable:
        raise Refused(f"{table_name}.{column} is NOT NULL already.")
    name = name or column
    data, contract = filling(name, table, column, fill), _required(name, table_name, column)
    return Change(
        name,
        table,
        (data, contract),
        _model(column, type_of(found), nullable=False),
        f"""
    walk.up("{data.id}")
    row(walk, "2")  # of old code, since
    with pytest.raises(Exception, match="1 row of {data.id} wait"):
        walk.up("{contract.id}")
    walk.again("{data.id}")
    walk.up("{contract.id}")
    other = {f"SELECT id FROM {table_name} WHERE {column} IS DISTINCT FROM ({fill})"!r}
    assert walk.rows(other) == []
    walk.down(BEFORE)
    row(walk, "3")  # of old code again
""",
    )


def rename(table_name: str, old: str, new: str, *, name: str) -> Change:
    """A column gets another name; a trigger keeps both equal until old code is gone."""
    table, new = table_of(table_name), new_name(new)
    found = column_of(table, old)
    if found.nullable:
        raise Refused(
            f"{table_name}.{old} may be empty, and a rename ends with NOT NULL: "
            "`flask schema new-change not-null` first, or write it by hand."
        )
    _refuse_leaning(table_name, old, "a rename leaves them behind")
    kind, default, name = type_of(found), default_of(found), name or new
    the_default = f", default={default!r}" if default is not None else ""
    pair = f'"{table_name}", "{old}", "{new}"'
    expand = Step(
        id=step_id("add", name),
        phase=EXPAND,
        title=f"{table_name} say {new}, expand: the new column, kept equal to {old}.",
        up=(f"renames.start_rename({pair}, {kind.lower()!r})",),
        down=(f'renames.abort_rename("{table_name}", "{new}")',),
    )
    copy = step_id("copy", name)
    data = Step(
        id=copy,
        phase=DATA,
        title=f"{table_name} say {new}, data: rows that nobody has written since.",
        up=("backfill.run(MIGRATION)",),
        down=("backfill.forget(MIGRATION)",),
        migration=f'renames.copy_of("{copy}", {pair})',
    )
    contract = Step(
        id=step_id("finish", name),
        phase=CONTRACT,
        title=f"{table_name} say {new}, contract: {old} is gone.",
        up=(f"renames.finish_rename({pair}{the_default})",),
        down=(f"renames.unfinish_rename({pair}, {kind.lower()!r}{the_default})",),
    )
    return Change(
        name,
        table,
        (expand, data, contract),
        _model(new, kind, nullable=False, default=default or ""),
        f"""
    before = walk.table("{table_name}", "{old}")
    walk.up("{expand.id}")
    row(walk, "2")  # of old code
    walk.up("{data.id}")
    row(walk, "3")  # of old code, since
    everything = walk.table("{table_name}", "{old}")
    walk.up("{contract.id}")
    after = walk.table("{table_name}", "{new}")
    assert after == everything
    assert before.items() <= after.items()
    walk.down(BEFORE)
    assert walk.table("{table_name}", "{old}") == everything
""",
        (new,),
    )


def unique(table_name: str, columns: tuple[str, ...], *, name: str) -> Change:
    """No two living rows of a business have the same values. A contract: old code may write two."""
    table = table_of(table_name)
    for column in columns:
        column_of(table, column)
    if "business_id" not in table.columns:
        raise Refused(f"{table_name} belongs to no business: write this one by hand.")
    where = "deleted_at IS NULL" if "deleted_at" in table.columns else ""
    name = name or f"{table_name}_{'_'.join(columns)}"
    index, listed = f"uq_{name}"[:63], ["business_id", *columns]
    also = f", where={where!r}" if where else ""
    contract = Step(
        id=step_id("unique", name),
        phase=CONTRACT,
        title=f"{table_name} are unique by {', '.join(columns)}, contract.",
        up=(f'online.create_index("{index}", "{table_name}", {listed!r}, unique=True{also})',),
        down=(f'online.drop_index("{index}", "{table_name}")',),
    )
    quoted = ", ".join(f'"{column}"' for column in listed)
    condition = f', postgresql_where=text("{where}")' if where else ""
    same = ", ".join(f"{column} = (SELECT {column} FROM one)" for column in columns)
    return Change(
        name,
        table,
        (contract,),
        f'        Index("{index}", {quoted}, unique=True{condition}),  # in __table_args__',
        f"""
    row(walk, "2")
    alike = (
        "WITH one AS (SELECT * FROM {table_name} WHERE id = '1')"
        " UPDATE {table_name} SET {same} WHERE id = '2'"
    )
    others = walk.table("{table_name}", {", ".join(f'"{c}"' for c in columns)})["2"]
    walk.run(alike)
    with pytest.raises(Exception, match="are alike"):
        walk.up("{contract.id}")
    walk.run("DELETE FROM {table_name} WHERE id = '2'")
    row(walk, "2")
    walk.up("{contract.id}")
    assert walk.table("{table_name}", {", ".join(f'"{c}"' for c in columns)})["2"] == others
    with pytest.raises(psycopg.errors.UniqueViolation):
        walk.run(alike)
    walk.down(BEFORE)
    walk.run(alike)
""",
        told_apart=columns,
    )


def drop(table_name: str, column: str, *, name: str) -> Change:
    """A column that no code uses any more. Its values are lost when the contract runs."""
    table = table_of(table_name)
    found = column_of(table, column)
    _refuse_leaning(table_name, column, "take them away first")
    kind, default, name = TYPES[type_of(found)][0], default_of(found), name or column
    is_needed = not found.nullable and default is None
    again = f'sa.Column("{column}", {kind}, nullable=True)'
    if not found.nullable and default is not None:
        again = (
            f'sa.Column("{column}", {kind}, server_default=sa.text({default!r}), nullable=False)'
        )
    loosen = Step(
        id=step_id("loosen", name),
        phase=EXPAND,
        title=f"{table_name} without {column}, expand: new code does not write it.",
        up=(f'online.drop_not_null("{table_name}", "{column}")',),
        down=(f'online.set_not_null("{table_name}", "{column}")',),
    )
    contract = Step(
        id=step_id("drop", name),
        phase=CONTRACT,
        title=f"{table_name} without {column}, contract: its values are gone for good.",
        up=(f'online.drop_columns("{table_name}", "{column}")',),
        down=(f'online.add_columns("{table_name}", {again})',),
    )
    kept = [loosen] if is_needed else []
    steps_up = "".join(f'    walk.up("{step.id}")\n    row(walk, "2")\n' for step in kept)
    return Change(
        name,
        table,
        (*kept, contract),
        f"    # {column} is taken out of the model, one release before the contract runs",
        f"""
{steps_up}    walk.up("{contract.id}")
    assert "1" in walk.table("{table_name}", "{key_of(table)[-1]}")
    assert "{column}" not in walk.rows("SELECT * FROM {table_name}")[0]
    walk.down({f'"{loosen.id}"' if is_needed else "BEFORE"})
    row(walk, "3")  # of old code again
""",
    )


def _required(name: str, table: str, column: str) -> Step:
    return Step(
        id=step_id("require", name),
        phase=CONTRACT,
        title=f"{table}.{column}, contract: every row has one.",
        up=(f'online.set_not_null("{table}", "{column}")',),
        down=(f'online.drop_not_null("{table}", "{column}")',),
    )


def _refuse_leaning(table: str, column: str, why: str) -> None:
    if leaning := leans_on(table_of(table), column):
        raise Refused(
            f"{', '.join(leaning)} stand on {table}.{column}: {why}, in revisions that you write "
            "by hand (`flask db revision`)."
        )


def _model(column: str, kind: str, *, nullable: bool, default: str = "") -> str:
    """The line of the model."""
    _, python, extra = TYPES[kind]
    arguments = [extra] if extra else []
    if default:
        arguments.append(f'server_default=text("{default}")')
    call = f" = mapped_column({', '.join(arguments)})" if arguments else ""
    return f"    {column}: Mapped[{python}{' | None' if nullable else ''}]{call}"
