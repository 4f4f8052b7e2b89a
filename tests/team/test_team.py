"""Who works in a business: invited by mail, given a role, removed; never without an owner."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.db.ids import new_id
from nxloy_web.identity import passwords
from nxloy_web.permissions import Role
from tests.factories import Shop, as_role, make_shop, make_user, sign_in
from tests.identity.letters import last_mail, link_in, mails_to

Admin = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "seven grey herons"
_numbers = count(1)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def address() -> str:
    return f"guest{next(_numbers)}@example.com"


def invite(app: Flask, shop: Shop, email: str, **changes: str) -> Any:
    form = {"new_id": new_id(), "email": email, "role": "STAFF"} | changes
    return as_role(app, shop).post(shop.url("/team/invitations/new"), data=form)


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
    assert invite(app, shop, address).status_code == 303
    mail = last_mail(app, address)
    assert "Owner of" in mail["Subject"]
    guest = app.test_client()
    link = link_in(mail, "/invitations/")
    text = guest.get(link).text
    assert address in text
    answer = guest.post(link + "/account", data={"name": "Guest", "password": PASSWORD})
    assert answer.location == shop.url("/")
    assert guest.get(shop.url("/")).status_code == 200
    assert guest.get(link).status_code == 410
    assert actions(as_admin, shop) == ["invitation.sent", "membership.joined"]


def test_a_guest_with_an_account_joins_after_signing_in(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    user_id = make_user(app, "Known", address, password_hash=passwords.hashed(PASSWORD))
    invite(app, shop, address, role="ANALYST")
    link = invitation_link(app, address)
    guest = app.test_client()
    assert "Sign in to join" in guest.get(link).text
    took_over = guest.post(link + "/account", data={"name": "X", "password": "taken over now"})
    assert took_over.location.startswith("/sign-in")
    answer = guest.post("/sign-in", data={"email": address, "password": PASSWORD, "next": link})
    assert answer.location == link
    assert guest.post(link).status_code == 303
    assert membership(as_admin, shop, user_id)[1] == "ANALYST"
    assert guest.get(shop.url("/")).status_code == 200


def test_somebody_else_cannot_take_the_invitation_up(app: Flask, shop: Shop, address: str) -> None:
    invite(app, shop, address)
    link = invitation_link(app, address)
    other = app.test_client()
    sign_in(other, make_user(app, "Other", f"not-{address}"))
    assert "invitation is for" in other.get(link).text
    assert other.post(link).status_code == 409
    assert other.get(shop.url("/")).status_code == 404


def test_pressing_twice_sends_one_invitation(app: Flask, shop: Shop, address: str) -> None:
    form_id = new_id()
    for _ in range(2):
        assert invite(app, shop, address, new_id=form_id).status_code == 303
    assert len(mails_to(app, address)) == 1


def test_joining_twice_at_once_joins_once(
    app: Flask, shop: Shop, address: str, as_admin: Admin
) -> None:
    invite(app, shop, address)
    link = invitation_link(app, address)

    def press(_: int) -> int:
        guest = app.test_client()
        return guest.post(
            link + "/account", data={"name": "Guest", "password": PASSWORD}
        ).status_code

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(press, range(3)))
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
    row = as_admin.execute("SELECT id FROM invitations WHERE email = %s", [address]).fetchone()
    assert row is not None
    owner, guest = as_role(app, shop), app.test_client()
    assert owner.post(shop.url(f"/team/invitations/{row[0]}/mail")).status_code == 303
    second = invitation_link(app, address)
    assert guest.get(first).status_code == 410
    assert guest.get(second).status_code == 200
    assert owner.post(shop.url(f"/team/invitations/{row[0]}/withdrawal")).status_code == 303
    assert guest.get(second).status_code == 410
    assert owner.post(shop.url(f"/team/invitations/{row[0]}/mail")).status_code == 409


def test_a_role_is_changed_and_holds_at_once(app: Flask, shop: Shop, as_admin: Admin) -> None:
    staff_id = shop.users[Role.STAFF]
    member_id, _, version, _ = membership(as_admin, shop, staff_id)
    owner, staff = as_role(app, shop), as_role(app, shop, Role.STAFF)
    assert staff.get(shop.url("/team/")).status_code == 403
    answer = owner.post(
        shop.url(f"/team/{member_id}/role"), data={"role": "OWNER", "version": version}
    )
    assert answer.status_code == 303
    assert staff.get(shop.url("/team/")).status_code == 200
    assert actions(as_admin, shop) == ["membership.role_changed"]


def test_a_stale_role_form_says_who_was_first(app: Flask, shop: Shop, as_admin: Admin) -> None:
    member_id, _, version, _ = membership(as_admin, shop, shop.users[Role.STAFF])
    owner, url = as_role(app, shop), shop.url(f"/team/{member_id}/role")
    owner.post(url, data={"role": "ANALYST", "version": version})
    late = owner.post(url, data={"role": "MANAGER", "version": version})
    assert late.status_code == 409
    assert f"Owner of {shop.slug} changed this" in late.text
    assert membership(as_admin, shop, shop.users[Role.STAFF])[1] == "ANALYST"


def test_the_last_owner_stays(app: Flask, shop: Shop, as_admin: Admin) -> None:
    member_id, _, version, _ = membership(as_admin, shop, shop.owner_id)
    owner = as_role(app, shop)
    demoted = owner.post(
        shop.url(f"/team/{member_id}/role"), data={"role": "STAFF", "version": version}
    )
    assert demoted.status_code == 409
    assert "needs an owner" in demoted.text
    assert owner.post(shop.url(f"/team/{member_id}/deletion")).status_code == 409
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
    member_id = membership(as_admin, shop, staff_id)[0]
    owner, staff = as_role(app, shop), as_role(app, shop, Role.STAFF)
    assert staff.get(shop.url("/")).status_code == 200
    assert owner.post(shop.url(f"/team/{member_id}/deletion")).status_code == 303
    assert staff.get(shop.url("/")).status_code == 404
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", [staff_id]).fetchone()
    assert row is not None
    assert invite(app, shop, row[0]).status_code == 303
    assert staff.post(invitation_link(app, row[0])).status_code == 303
    assert staff.get(shop.url("/")).status_code == 200


@pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF, Role.ANALYST])
def test_only_owners_see_the_team(app: Flask, shop: Shop, role: Role) -> None:
    client = as_role(app, shop, role)
    assert client.get(shop.url("/team/")).status_code == 403
    assert client.get(shop.url("/settings/")).status_code == 403
    assert client.get(shop.url("/locations/")).status_code == 403
    answer = client.post(
        shop.url("/team/invitations/new"),
        data={"new_id": new_id(), "email": "friend@example.com", "role": "OWNER"},
    )
    assert answer.status_code == 403


def test_members_of_another_business_are_not_found(app: Flask, shop: Shop, as_admin: Admin) -> None:
    other = make_shop(app)
    theirs = membership(as_admin, other, other.users[Role.STAFF])[0]
    owner = as_role(app, shop)
    assert owner.get(shop.url(f"/team/{theirs}/role")).status_code == 404
    assert owner.post(shop.url(f"/team/{theirs}/deletion")).status_code == 404
    assert owner.get(other.url("/team/")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Enter an e-mail address"),
        ({"email": "<script>@x"}, "Enter an e-mail address"),
        ({"email": "a@example.com, b@example.com"}, "Enter an e-mail address"),
        ({"role": "KING"}, "Not a valid choice"),
        ({"new_id": "1"}, "Open the form again"),
    ],
)
def test_a_bad_invitation_says_what_is_wrong(
    app: Flask, shop: Shop, changes: dict[str, str], sentence: str
) -> None:
    answer = invite(app, shop, changes.pop("email", "fine@example.com"), **changes)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_made_up_invitation_is_closed(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/invitations/nothing").status_code == 410
    assert client.post("/invitations/nothing").status_code == 410
    assert client.post("/invitations/nothing/account").status_code == 410
