"""Who works in a business: invited by mail, given a role, removed; never without an owner."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask

from nxloy_web.db.ids import new_id
from nxloy_web.identity import passwords
from nxloy_web.permissions import Role
from tests.factories import Shop, as_role, make_shop, make_user, sign_in
from tests.identity.letters import last_mail, link_in, mails_to
from tests.pressing import Page, browser_as, browser_of, hostile_post, press

Admin = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "seven grey herons"
_numbers = count(1)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def address() -> str:
    return f"guest{next(_numbers)}@example.com"


def invite(app: Flask, shop: Shop, email: str, role: str = "STAFF") -> Page:
    page = browser_as(app, shop).get(shop.url("/team/invitations/new"))
    return press(page, "Send the invitation", email=email, role=role)


def name_of(shop: Shop, role: Role) -> str:
    return f"{role.value.title()} of {shop.slug}"


def invitation_link(app: Flask, email: str) -> str:
    return link_in(last_mail(app, email), "/invitations/")


def membership(admin: Admin, shop: Shop, user_id: str) -> tuple[str, str, int, bool]:
    row = admin.execute(
        "SELECT id, role, version, deleted_at IS NULL FROM memberships "
        "WHERE business_id = %s AND user_id = %s ORDER BY created_at DESC LIMIT 1",
        [shop.business_id, user_id],
    ).fetchone()
    assert row is not None
    return row  # type: ignore[return-value]


def add_owner(admin: Admin, shop: Shop, user_id: str) -> str:
    membership_id = new_id()
    admin.execute(
        "INSERT INTO memberships (business_id, id, user_id, role) VALUES (%s, %s, %s, 'OWNER')",
        [shop.business_id, membership_id, user_id],
    )
    return membership_id


def actions(admin: Admin, shop: Shop) -> list[str]:
    rows = admin.execute(
        "SELECT action FROM audit_entries WHERE business_id = %s ORDER BY occurred_at",
        [shop.business_id],
    ).fetchall()
    return [row[0] for row in rows]


def test_a_guest_without_an_account_makes_one_and_is_in(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    assert invite(app, shop, address).status_code == 200
    mail = last_mail(app, address)
    assert "Owner of" in mail["Subject"]
    guest = browser_of(app)
    link = link_in(mail, "/invitations/")
    invitation = guest.get(link)
    assert address in invitation.text
    inside = press(invitation, "Join the team", name="Guest", password=PASSWORD)
    assert inside.request.path == shop.url("/")
    guest.get(link, status=410)
    assert actions(as_admin, shop) == ["invitation.sent", "membership.joined"]


def test_a_guest_with_an_account_joins_after_signing_in(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    user_id = make_user(app, "Known", address, password_hash=passwords.hashed(PASSWORD))
    invite(app, shop, address, role="ANALYST")
    link = invitation_link(app, address)
    guest = browser_of(app)
    invitation = guest.get(link)
    assert "Sign in to join" in invitation.text
    forged = {"name": "X", "password": "taken over now"}
    took_over = hostile_post(guest, "no such state", f"{link}/account", forged)
    assert urlsplit(took_over.location).path == "/sign-in"
    door = invitation.click("Sign in to join")
    answer = press(door, "Sign in", email=address, password=PASSWORD)
    assert answer.request.path == link
    press(answer, "Join the team")
    assert membership(as_admin, shop, user_id)[1] == "ANALYST"
    assert guest.get(shop.url("/")).status_code == 200


def test_somebody_else_cannot_take_the_invitation_up(app: Flask, shop: Shop, address: str) -> None:
    invite(app, shop, address)
    link = invitation_link(app, address)
    other = browser_of(app, make_user(app, "Other", f"not-{address}"))
    assert "invitation is for" in other.get(link).text
    assert hostile_post(other, "a stranger", link).status_code == 409
    other.get(shop.url("/"), status=404)


def test_pressing_twice_sends_one_invitation(app: Flask, shop: Shop, address: str) -> None:
    page = browser_as(app, shop).get(shop.url("/team/invitations/new"))
    for _ in range(2):
        assert press(page, "Send the invitation", email=address, role="STAFF").status_code == 200
    assert len(mails_to(app, address)) == 1


def test_joining_twice_at_once_joins_once(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    invite(app, shop, address)
    link = invitation_link(app, address)

    def join(_: int) -> int:
        guest = app.test_client()
        return guest.post(
            link + "/account", data={"name": "Guest", "password": PASSWORD}
        ).status_code

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(join, range(3)))
    assert answers[0] == 303
    row = as_admin.execute(
        "SELECT count(*) FROM memberships WHERE business_id = %s", [shop.business_id]
    ).fetchone()
    assert row == (5,)


def test_a_second_invitation_to_one_address_is_refused(
    app: Flask, shop: Shop, address: str
) -> None:
    invite(app, shop, address)
    again = invite(app, shop, address.upper())
    assert again.status_code == 409
    assert "invited already" in again.text


def test_a_member_needs_no_invitation(app: Flask, shop: Shop, as_admin: Admin) -> None:
    row = as_admin.execute(
        "SELECT email FROM users WHERE id = %s", [shop.users[Role.STAFF]]
    ).fetchone()
    assert row is not None
    answer = invite(app, shop, row[0])
    assert answer.status_code == 409
    assert "on the team already" in answer.text


def test_resending_replaces_the_link_and_withdrawing_ends_it(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    invite(app, shop, address)
    first = invitation_link(app, address)
    guest = browser_of(app)
    team = browser_as(app, shop).get(shop.url("/team/"))
    press(team, f"Send again to {address}")
    second = invitation_link(app, address)
    guest.get(first, status=410)
    guest.get(second, status=200)
    press(team, f"Withdraw the invitation of {address}")
    guest.get(second, status=410)
    assert press(team, f"Send again to {address}").status_code == 409


def role_form(app: Flask, shop: Shop, member_id: str) -> Page:
    return browser_as(app, shop).get(shop.url(f"/team/{member_id}/role"))


def test_a_role_is_changed_and_holds_at_once(app: Flask, shop: Shop, as_admin: Admin) -> None:
    member_id = membership(as_admin, shop, shop.users[Role.STAFF])[0]
    staff = browser_as(app, shop, Role.STAFF)
    staff.get(shop.url("/team/"), status=403)
    press(role_form(app, shop, member_id), "Save", role="OWNER")
    staff.get(shop.url("/team/"), status=200)
    assert actions(as_admin, shop) == ["membership.role_changed"]


def test_a_stale_role_form_says_who_was_first(app: Flask, shop: Shop, as_admin: Admin) -> None:
    member_id = membership(as_admin, shop, shop.users[Role.STAFF])[0]
    before = role_form(app, shop, member_id)
    press(role_form(app, shop, member_id), "Save", role="ANALYST")
    late = press(before, "Save", role="MANAGER")
    assert late.status_code == 409
    assert f"Owner of {shop.slug} changed this" in late.text
    assert membership(as_admin, shop, shop.users[Role.STAFF])[1] == "ANALYST"


def test_the_last_owner_stays(app: Flask, shop: Shop, as_admin: Admin) -> None:
    member_id, _, version, _ = membership(as_admin, shop, shop.owner_id)
    demoted = press(role_form(app, shop, member_id), "Save", role="STAFF")
    assert demoted.status_code == 409
    assert "needs an owner" in demoted.text
    owner, there = browser_as(app, shop), shop.url(f"/team/{member_id}/deletion")
    assert hostile_post(owner, "no such state", there).status_code == 409
    assert membership(as_admin, shop, shop.owner_id)[1:] == ("OWNER", version, True)


def test_two_owners_who_demote_each_other_at_once_leave_one(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    other_user = make_user(app, "Second owner")
    other_member = add_owner(as_admin, shop, other_user)
    first_member = membership(as_admin, shop, shop.owner_id)[0]
    first, second = as_role(app, shop), app.test_client()
    sign_in(second, other_user)
    demote = {"role": "STAFF", "version": 1}

    with ThreadPoolExecutor(2) as pool:
        answers = [
            pool.submit(first.post, shop.url(f"/team/{other_member}/role"), data=demote),
            pool.submit(second.post, shop.url(f"/team/{first_member}/role"), data=demote),
        ]
        codes = sorted(answer.result().status_code for answer in answers)
    assert codes[0] == 303
    assert codes[1] in (403, 409), "the second has lost the right, or is told why"
    row = as_admin.execute(
        "SELECT count(*) FROM memberships "
        "WHERE business_id = %s AND role = 'OWNER' AND deleted_at IS NULL",
        [shop.business_id],
    ).fetchone()
    assert row == (1,)


def test_a_removed_member_is_out_with_the_next_request_and_can_come_back(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    staff_id = shop.users[Role.STAFF]
    owner, staff = browser_as(app, shop), browser_as(app, shop, Role.STAFF)
    staff.get(shop.url("/"), status=200)
    press(owner.get(shop.url("/team/")), f"Remove {name_of(shop, Role.STAFF)}")
    staff.get(shop.url("/"), status=404)
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", [staff_id]).fetchone()
    assert row is not None
    invite(app, shop, row[0])
    press(staff.get(invitation_link(app, row[0])), "Join the team")
    staff.get(shop.url("/"), status=200)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF, Role.ANALYST])
def test_only_owners_see_the_team(app: Flask, shop: Shop, role: Role) -> None:
    browser = browser_as(app, shop, role)
    for path in ("/team/", "/settings/", "/locations/"):
        browser.get(shop.url(path), status=403)
    forged = {"new_id": new_id(), "email": "friend@example.com", "role": "OWNER"}
    answer = hostile_post(browser, "no right", shop.url("/team/invitations/new"), forged)
    assert answer.status_code == 403


def test_members_of_another_business_are_not_found(app: Flask, shop: Shop, as_admin: Admin) -> None:
    other = make_shop(app)
    theirs = membership(as_admin, other, other.users[Role.STAFF])[0]
    owner = browser_as(app, shop)
    owner.get(shop.url(f"/team/{theirs}/role"), status=404)
    removed = hostile_post(owner, "a stranger", shop.url(f"/team/{theirs}/deletion"))
    assert removed.status_code == 404
    owner.get(other.url("/team/"), status=404)


@pytest.mark.parametrize("email", ["", "<script>@x", "a@example.com, b@example.com"])
def test_a_bad_invitation_says_what_is_wrong(app: Flask, shop: Shop, email: str) -> None:
    answer = invite(app, shop, email)
    assert answer.status_code == 422
    assert "Enter an e-mail address" in answer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"role": "KING"}, "Not a valid choice"), ({"new_id": "1"}, "Open the form again")],
)
def test_a_forged_invitation_is_refused(
    app: Flask, shop: Shop, changes: dict[str, str], sentence: str
) -> None:
    forged = {"new_id": new_id(), "email": "fine@example.com", "role": "STAFF"} | changes
    url = shop.url("/team/invitations/new")
    answer = hostile_post(browser_as(app, shop), "a forged field", url, forged)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_made_up_invitation_is_closed(app: Flask) -> None:
    nobody = browser_of(app)
    nobody.get("/invitations/nothing", status=410)
    for path in ("/invitations/nothing", "/invitations/nothing/account"):
        assert hostile_post(nobody, "a wrong id", path).status_code == 410
