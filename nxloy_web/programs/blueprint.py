"""Where the views of programs, tiers and earning rules hang, and how they find their program."""

from nxloy_web.db.ids import is_id
from nxloy_web.db.rows import find
from nxloy_web.errors import NotFound
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.web.places import desk

bp = desk("programs", __name__, "/programs")


def checked(row_id: str) -> str:
    """An id from an address: anything else cannot be a row."""
    if not is_id(row_id):
        raise NotFound
    return row_id


def find_program(program_id: str) -> LoyaltyProgram:
    return find(LoyaltyProgram, checked(program_id))
