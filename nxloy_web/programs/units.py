"""What the programs of a business call what their customers collect."""

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.units import unit_of


def by_id() -> dict[str | None, LoyaltyProgram]:
    """Every program, those put away too; under None the one that counts where none is named."""
    rows = db.session.scalars(history(select(LoyaltyProgram).order_by(*OLDEST_FIRST))).all()
    found: dict[str | None, LoyaltyProgram] = {row.id: row for row in rows}
    running = (row for row in rows if row.status is ProgramStatus.ACTIVE and row.deleted_at is None)
    if (first := next(running, None)) is not None:
        found[None] = first
    return found


def unit(count: int, program_id: str | None) -> str:
    """The word behind a figure of this program: 1 bean, 2 beans."""
    return unit_of(by_id().get(program_id), count)
