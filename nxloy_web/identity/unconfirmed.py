"""Sign-ups whose address nobody has proved: what was typed there goes after a week.

Anybody can type anybody's address, and any name. The rows stay, because the audit log is only ever
added to; the names, the web address and the mail address leave them.
"""

from datetime import timedelta

from sqlalchemy import delete, exists, literal, or_, select

from nxloy_web import clock, events
from nxloy_web.actors import SYSTEM
from nxloy_web.businesses.locks import locked_business
from nxloy_web.db import db, doors
from nxloy_web.db.base import Base, TenantMixin
from nxloy_web.db.session import history
from nxloy_web.identity import people
from nxloy_web.jobs import every, task
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User, VerificationCode
from nxloy_web.tables.businesses import Business, Location, Membership
from nxloy_web.tables.jobs import JobRun

KEPT = timedelta(days=7)
"""From the sign-up on; its pages and docs/deploy.md say it."""
REMOVED = "Removed"
_OF_THE_SIGN_UP = (Location, Membership, AuditEntry, JobRun)
"""A line about a job that failed is nothing that somebody has done there."""
_OPENED: events.EventName = "business.opened"


@every("53 3 * * *")
@task("identity.forget_unconfirmed")
def forget_unconfirmed() -> None:
    """Forget this business, if it is one that nobody has come back to: one business a job."""
    at = clock.now()
    business = locked_business()
    if business.created_at > at - KEPT or business.slug == _slug_of_a_removed(business):
        return
    team = db.session.scalars(history(select(Membership))).all()
    persons = [people.by_id(membership.user_id, lock=True) for membership in team]
    if any(person.email_verified for person in persons) or _holds_anything():
        return
    for membership in team:
        membership.deleted_at = at
    for location in db.session.scalars(history(select(Location))):
        location.name, location.address = REMOVED, ""
    for person in persons:
        _forget_person(person)
    business.name, business.slug = REMOVED, _slug_of_a_removed(business)
    events.happened("business.removed", business, by=SYSTEM, at=at)
    db.session.flush()


def _slug_of_a_removed(business: Business) -> str:
    """No name that a form takes: it is longer."""
    return f"removed-because-unconfirmed-{business.id}"


def _holds_anything() -> bool:
    """Whether there is more than what signing up has made."""
    tables = [
        mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantMixin) and mapper.class_ not in _OF_THE_SIGN_UP
    ]
    rows = [exists(select(literal(1)).select_from(table)) for table in tables]
    done = exists(select(literal(1)).where(AuditEntry.action != _OPENED))
    return bool(db.session.scalar(history(select(or_(*rows, done)))))


def _forget_person(person: User) -> None:
    """Unless they have a part in another business: then the address was proved for that one."""
    if len(doors.places_of(person.id)) > 1:
        return
    db.session.execute(delete(VerificationCode).where(VerificationCode.user_id == person.id))
    person.name = REMOVED
    person.email = person.email_norm = f"{person.id}@removed.invalid"
    person.password_hash = None
    person.session_epoch += 1
