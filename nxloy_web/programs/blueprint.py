"""Where the views of programs, tiers and earning rules hang, and how they find their program."""

from nxloy_web.db.rows import find
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.web.places import desk

bp = desk("programs", __name__, "/programs")


def find_program(program_id: str) -> LoyaltyProgram:
    return find(LoyaltyProgram, program_id)
