"""Offers to join the team, sent by mail."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.contacts import email_norm
from nxloy_web.db import db
from nxloy_web.db.refusals import refusing
from nxloy_web.db.rows import already, find, insert_once
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import BusinessRule
from nxloy_web.mail import service as mail
from nxloy_web.mail.letters import Words
from nxloy_web.permissions import Permission, Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Business, Invitation, Membership
from nxloy_web.texts import _

LASTS = timedelta(days=7)

Link = Callable[[str], str]


class AlreadyOnTeam(BusinessRule):
    message = _("This person is on the team already. Change their role in the list.")


class AlreadyInvited(BusinessRule):
    message = _("This address is invited already. Send the invitation again from the list.")


class InvitationClosed(BusinessRule):
    message = _("This invitation was taken up or withdrawn in the meantime.")


class OtherAddress(BusinessRule):
    message = _("This invitation is for another e-mail address. Sign out, and in with that one.")


@dataclass(frozen=True)
class Offer:
    """What the page behind the link says."""

    business_id: str
    business_name: str
    slug: str
    hue: int
    inviter: str
    email: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class _InvitationWords(Words):
    kind: str = "invitation"
    inviter: str
    role: str
    email: str
    link: str
    days: int = LASTS.days


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def waiting() -> Sequence[Invitation]:
    return db.session.scalars(
        select(Invitation)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .order_by(Invitation.created_at.desc(), Invitation.id)
        .limit(200)
    ).all()


def invite(
    email: str, role: Role, *, id: str, inviter: str, link: Link, by: Actor, at: datetime
) -> Invitation:
    by.needs(Permission.TEAM_EDIT)
    norm = email_norm(email)
    made = already(Invitation, id, email_norm=norm, role=role)
    if made is not None:
        return made
    if _is_member(norm):
        raise AlreadyOnTeam
    token = secrets.token_urlsafe(32)
    with refusing({"uq_invitations_open": AlreadyInvited()}):
        invitation, is_new = insert_once(
            Invitation(
                id=id,
                email=email.strip(),
                email_norm=norm,
                role=role,
                token_hash=token_hash(token),
                invited_by_user_id=by.user_id,
                expires_at=at + LASTS,
            ),
            drawn=("email", "token_hash", "invited_by_user_id", "expires_at"),
        )
    if is_new:
        events.happened("invitation.sent", invitation, by=by, after={"role": role}, at=at)
        _send(invitation, inviter, link(token))
    return invitation


def resend(invitation_id: str, *, inviter: str, link: Link, by: Actor, at: datetime) -> Invitation:
    """A new link; the one sent before stops working."""
    by.needs(Permission.TEAM_EDIT)
    invitation = _open(invitation_id)
    token = secrets.token_urlsafe(32)
    invitation.token_hash, invitation.expires_at = token_hash(token), at + LASTS
    events.happened("invitation.sent_again", invitation, by=by, at=at)
    db.session.flush()
    _send(invitation, inviter, link(token))
    return invitation


def withdraw(invitation_id: str, *, by: Actor, at: datetime) -> Invitation:
    by.needs(Permission.TEAM_EDIT)
    invitation = _open(invitation_id)
    invitation.withdrawn_at = at
    events.happened("invitation.withdrawn", invitation, by=by, at=at)
    db.session.flush()
    return invitation


def offer(token: str, *, at: datetime) -> Offer | None:
    """What a link offers, while it is good. Runs in the scope of its business."""
    row = db.session.execute(
        select(Invitation, User.name, Business)
        .join(User, User.id == Invitation.invited_by_user_id)
        .join(Business, Business.id == Invitation.business_id)
        .where(*_is_good(token, at))
    ).first()
    if row is None:
        return None
    invitation, inviter, business = row
    return Offer(
        business_id=business.id,
        business_name=business.name,
        slug=business.slug,
        hue=business.settings.hue,
        inviter=inviter,
        email=invitation.email,
        role=invitation.role,
    )


def accept(token: str, user: User, *, at: datetime) -> None:
    """Join the team. Only for the person with the invited address; pressed twice joins once."""
    invitation = db.session.scalar(
        select(Invitation)
        .where(*_is_good(token, at))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if invitation is None:
        raise InvitationClosed
    if invitation.email_norm != user.email_norm:
        raise OtherAddress
    invitation.accepted_at = at
    if not _is_member(user.email_norm):
        membership = Membership(user_id=user.id, role=invitation.role)
        db.session.add(membership)
        db.session.flush()
        by = Actor(kind="team", user_id=user.id, role=invitation.role)
        events.happened(
            "membership.joined", membership, by=by, after={"role": invitation.role}, at=at
        )
    db.session.flush()


def _is_good(token: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Invitation.business_id == current_business_id(),
        Invitation.token_hash == token_hash(token),
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > at,
    )


def _is_member(norm: str) -> bool:
    found = db.session.scalar(
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(User.email_norm == norm)
    )
    return found is not None


def _open(invitation_id: str) -> Invitation:
    invitation = find(Invitation, invitation_id, lock=True)
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise InvitationClosed
    return invitation


def _send(invitation: Invitation, inviter: str, link: str) -> None:
    business = db.session.scalars(
        select(Business).where(Business.id == current_business_id())
    ).one()
    words = _InvitationWords(
        subject=f"{inviter} invites you to {business.name}",
        business_name=business.name,
        hue=business.settings.hue,
        inviter=inviter,
        role=invitation.role.value.lower(),
        email=invitation.email,
        link=link,
    )
    mail.send(invitation.email, words)
