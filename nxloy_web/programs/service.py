"""What a merchant does with programs."""

from datetime import datetime

from sqlalchemy import exists, func, select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, put
from nxloy_web.db.refusals import check_version, refusing
from nxloy_web.db.rows import bring_back, find, insert_once
from nxloy_web.errors import BusinessRule
from nxloy_web.events import EventName
from nxloy_web.permissions import Permission
from nxloy_web.programs.facts import ProgramFacts
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _, ngettext

FOLLOWS: dict[ProgramStatus, tuple[ProgramStatus, ...]] = {
    ProgramStatus.ACTIVE: (ProgramStatus.DRAFT, ProgramStatus.PAUSED),
    ProgramStatus.PAUSED: (ProgramStatus.ACTIVE, ProgramStatus.ARCHIVED),
    ProgramStatus.ARCHIVED: (ProgramStatus.DRAFT, ProgramStatus.ACTIVE, ProgramStatus.PAUSED),
}
"""Which states may become this one. An archived program comes back paused."""


class ProgramNameTaken(BusinessRule):
    message = _("Another program has this name. Choose a different one.")


class TypeIsFixed(BusinessRule):
    message = _("Customers have a balance in this program, so its type stays as it is.")


class WrongStatus(BusinessRule):
    message = _("The program is not in a state for this. Look at it again.")


class RewardsUseProgram(BusinessRule):
    message = _("Rewards are paid with this program's points.")


_REFUSALS = {"uq_loyalty_programs_name": ProgramNameTaken()}


def create(
    id: str, facts: ProgramFacts, *, currency: str, by: Actor, at: datetime
) -> LoyaltyProgram:
    """Add a program as a draft."""
    by.needs(Permission.PROGRAMS_EDIT)
    with refusing(_REFUSALS):
        program, made = insert_once(LoyaltyProgram(id=id, currency=currency, **columns(facts)))
    if made:
        events.happened("program.created", program, by=by, after=columns(facts), at=at)
    return program


def edit(
    program_id: str, facts: ProgramFacts, *, version: int | None, by: Actor, at: datetime
) -> LoyaltyProgram:
    by.needs(Permission.PROGRAMS_EDIT)
    program = find(LoyaltyProgram, program_id, lock=True)
    before, after = changes(program, facts)
    if not after:
        return program
    check_version(program, version)
    if "type" in after and is_used(program_id):
        raise TypeIsFixed
    with refusing(_REFUSALS):
        put(program, facts)
    events.happened("program.edited", program, by=by, before=before, after=after, at=at)
    return program


def change_status(program_id: str, to: ProgramStatus, *, by: Actor, at: datetime) -> LoyaltyProgram:
    """Activate, pause or archive. Already there is fine: somebody pressed twice."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = find(LoyaltyProgram, program_id, lock=True)
    was = program.status
    if was is to:
        return program
    if was not in FOLLOWS.get(to, ()):
        raise WrongStatus
    program.status = to
    db.session.flush()
    events.happened(
        _TURNED[to], program, by=by, before={"status": was}, after={"status": to}, at=at
    )
    return program


def delete(program_id: str, *, by: Actor, at: datetime) -> LoyaltyProgram:
    """Mark a program nobody holds points in as deleted; one with balances is archived instead."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = find(LoyaltyProgram, program_id, lock=True)
    if is_used(program_id):
        return change_status(program_id, ProgramStatus.ARCHIVED, by=by, at=at)
    count = _rewards_of(program_id)
    if count:
        raise RewardsUseProgram(
            ngettext(
                "%(num)s reward is paid with this program's points. Move or delete it first, or"
                " archive the program.",
                "%(num)s rewards are paid with this program's points. Move or delete them first, or"
                " archive the program.",
                count,
            )
        )
    db.session.delete(program)
    db.session.flush()
    events.happened("program.deleted", program, by=by, at=at)
    return program


def restore(program_id: str, *, by: Actor, at: datetime) -> LoyaltyProgram:
    """Bring a deleted program and its tiers back."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = find(LoyaltyProgram, program_id, lock=True, deleted_too=True)
    taken = ProgramNameTaken(
        _(
            "A program called %(name)s exists by now. Rename it, then restore this one.",
            name=program.name,
        )
    )
    if bring_back(program, {"uq_loyalty_programs_name": taken}):
        events.happened("program.restored", program, by=by, at=at)
    return program


def is_used(program_id: str) -> bool:
    """Whether customers hold a balance in the program, or bought something under it."""
    balance = exists().where(CustomerBalance.program_id == program_id)
    purchase = exists().where(Purchase.program_id == program_id)
    return bool(db.session.scalar(select(balance | purchase)))


_TURNED: dict[ProgramStatus, EventName] = {
    ProgramStatus.ACTIVE: "program.activated",
    ProgramStatus.PAUSED: "program.paused",
    ProgramStatus.ARCHIVED: "program.archived",
}


def _rewards_of(program_id: str) -> int:
    return (
        db.session.scalar(
            select(func.count(Reward.id)).where(
                Reward.program_id == program_id, Reward.deleted_at.is_(None)
            )
        )
        or 0
    )
