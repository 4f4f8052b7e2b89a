"""A letter to those who may decide: one while requests wait, however many come meanwhile."""

from dataclasses import dataclass

from sqlalchemy import func, select

from nxloy_web import host
from nxloy_web.approvals.asking import WAITS
from nxloy_web.current_business import current_business, current_wording
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.events import Event
from nxloy_web.jobs import enqueue, task
from nxloy_web.mail import service as mail
from nxloy_web.mail.letters import Words
from nxloy_web.permissions import Permission, Role, allows
from nxloy_web.tables.approvals import Approval, ApprovalState
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Membership

DECIDERS = [role for role in Role if allows(role, Permission.APPROVALS_DECIDE)]


@dataclass(frozen=True, kw_only=True)
class ApprovalWords(Words):
    kind: str = "approval_waits"
    name: str
    asked_by: str
    points: str
    link: str
    last_day: str


def write_about(event: Event) -> None:
    """Queue the letter; it goes only if the request is saved."""
    if event.name == "approval.asked":
        enqueue(tell, approval_id=event.subject.id)


@task("approvals.tell")
def tell(approval_id: str) -> None:
    """Write about a request that still waits, unless another waited already and was told of."""
    request = db.session.scalar(select(Approval).where(Approval.id == approval_id))
    if request is None or request.state is not ApprovalState.WAITING or _others_wait(request):
        return
    business, say = current_business(), current_wording()
    asker = db.session.get(User, request.asked_by_user_id)
    asked_by = asker.name if asker else ""
    for person in _deciders(request.asked_by_user_id):
        words = ApprovalWords(
            subject=f"{asked_by} asks you to agree to {say.signed(request.points)}",
            business_name=business.name,
            hue=business.settings.hue,
            name=person.name,
            asked_by=asked_by,
            points=say.signed(request.points),
            link=host.address("approvals.index", slug=business.slug),
            last_day=say.last_day(request.expires_at),
            footer=f"{business.name} sends you this because you may agree to such requests.",
        )
        mail.send(person.email, words)


def _others_wait(request: Approval) -> bool:
    """Whether one that was asked for before this one waits as well: its letter is out."""
    earlier = select(func.count()).where(
        Approval.state == ApprovalState.WAITING,
        Approval.id < request.id,
        Approval.asked_at > request.asked_at - WAITS,
    )
    return bool(db.session.scalar(history(earlier)))


def _deciders(asked_by: str) -> list[User]:
    found = db.session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.role.in_(DECIDERS),
            Membership.deleted_at.is_(None),
            User.email_verified,
            User.id != asked_by,
        )
        .order_by(User.id)
    )
    return list(found)
