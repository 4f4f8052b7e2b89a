"""The team: who is in it, who is invited, and what they may do."""

from flask import g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.businesses import invitations, team
from nxloy_web.businesses.forms import ROLE_CARDS, InvitationForm, RoleForm
from nxloy_web.errors import Stale
from nxloy_web.extensions import limiter
from nxloy_web.permissions import Permission, Role, requires
from nxloy_web.tables.businesses import Membership
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.links import absolute
from nxloy_web.web.places import desk

bp = desk("team", __name__, "/team")


@bp.get("/")
@requires(Permission.TEAM_EDIT)
def index() -> ResponseReturnValue:
    sort = arguments().ordered(team.SORTS, "role")
    return page(
        "team/index.html",
        members=team.members(arguments().page(), sort),
        only_owner=team.only_owner(),
        sort=sort,
        invitations=invitations.waiting(),
        now=clock.now(),
    )


@bp.get("/invitations/new")
@requires(Permission.TEAM_EDIT)
def invite() -> ResponseReturnValue:
    return _invite_page(InvitationForm.from_request())


@bp.post("/invitations/new")
@requires(Permission.TEAM_EDIT)
@limiter.limit("60/hour")
def send_invitation() -> ResponseReturnValue:
    form = InvitationForm.from_request()
    if not form.validate():
        return _invite_page(form, status=422)
    try:
        invitation = invitations.invite(
            form.email.data,
            Role(form.role.data),
            id=form.new_id.data,
            inviter=g.place.user_name,
            link=_link,
            by=g.actor,
            at=clock.now(),
        )
    except (invitations.AlreadyOnTeam, invitations.AlreadyInvited) as refusal:
        form.refuse("email", refusal.message)
        return _invite_page(form, status=409)
    return see_other(url_for(".index"), toast=f"An invitation is on its way to {invitation.email}")


@bp.post("/invitations/<id:invitation_id>/mail")
@requires(Permission.TEAM_EDIT)
@limiter.limit("60/hour")
def resend(invitation_id: str) -> ResponseReturnValue:
    invitation = invitations.resend(
        invitation_id, inviter=g.place.user_name, link=_link, by=g.actor, at=clock.now()
    )
    return see_other(url_for(".index"), toast=f"Sent to {invitation.email} again")


@bp.post("/invitations/<id:invitation_id>/withdrawal")
@requires(Permission.TEAM_EDIT)
def withdraw(invitation_id: str) -> ResponseReturnValue:
    invitation = invitations.withdraw(invitation_id, by=g.actor, at=clock.now())
    return see_other(url_for(".index"), toast=f"The invitation of {invitation.email} is withdrawn")


@bp.get("/<id:membership_id>/role")
@requires(Permission.TEAM_EDIT)
def edit(membership_id: str) -> ResponseReturnValue:
    member = team.member(membership_id)
    return _role_page(member, _role_form(member))


@bp.post("/<id:membership_id>/role")
@requires(Permission.TEAM_EDIT)
def change_role(membership_id: str) -> ResponseReturnValue:
    member = team.member(membership_id)
    name = member.user.name
    form = _role_form(member)
    if not form.validate():
        return _role_page(member, form, status=422)
    try:
        team.change_role(
            membership_id,
            Role(form.role.data),
            version=form.version.data,
            by=g.actor,
            at=clock.now(),
        )
        team.note_phone(membership_id, form.phone.data or "", by=g.actor, at=clock.now())
    except Stale:
        member = team.member(membership_id)
        keep_typed(form, member)
        return _role_page(member, form, status=409)
    except team.LastOwner as refusal:
        form.refuse("role", refusal.message)
        return _role_page(team.member(membership_id), form, status=409)
    return _after(member, f"{name} is {form.role.data.lower()} now")


@bp.post("/<id:membership_id>/deletion")
@requires(Permission.TEAM_EDIT)
def remove(membership_id: str) -> ResponseReturnValue:
    member = team.member(membership_id)
    name = member.user.name
    team.remove(membership_id, by=g.actor, at=clock.now())
    return _after(member, f"{name} is no longer on the team")


def _after(member: Membership, toast: str) -> ResponseReturnValue:
    """Back to the list; somebody who took their own right away cannot see it any more."""
    if member.user_id == g.place.user_id:
        return see_other(url_for("identity.front"), toast=toast)
    return see_other(url_for(".index"), toast=toast)


def _link(token: str) -> str:
    return absolute("invitations.show", token=token)


def _invite_page(form: InvitationForm, status: int = 200) -> ResponseReturnValue:
    return page("team/invite.html", status=status, form=form, cards=ROLE_CARDS)


def _role_form(member: Membership) -> RoleForm:
    facts = {"role": member.role.value, "phone": member.phone_e164, "version": member.version}
    return RoleForm.from_request(data=facts)


def _role_page(member: Membership, form: RoleForm, status: int = 200) -> ResponseReturnValue:
    return page("team/role.html", status=status, form=form, member=member, cards=ROLE_CARDS)
