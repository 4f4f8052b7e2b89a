"""Every verb asks for the right in its first line, and says what happened."""

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from inspect import signature
from typing import Any

import pytest
from flask import Flask

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.errors import NotAllowed, NotFound
from nxloy_web.permissions import ROLES, Permission, Role, needed_by
from tests.factories import Shop, inside, make_shop
from tests.verbs.source import PACKAGE, Function, functions, storey_of

FUNCTIONS = functions()
CHANGING = [
    one
    for one in FUNCTIONS.values()
    if one.is_public_function and one.changes and storey_of(one.module) in ("verbs", "ledger")
]
VERBS = [one for one in CHANGING if one.question is not None]

WITHOUT_A_QUESTION = {
    "approvals.notices": "Letters follow a request that has been asked for.",
    "audit.service": "Writes down what a verb says, which has asked.",
    "businesses.opening": "Anybody may open a business, and is its owner by that.",
    "businesses.invitations.accept": "The mailed link and the invited address are the right.",
    "customers.identifiers.taking": "A part of what a verb does, which has asked.",
    "customers.letters": "Letters follow a change that has been asked for.",
    "demo": "Fills a new business; those who act in it are asked by the verbs.",
    "earning": "Reads what is set up, and computes.",
    "identity": "Works on one's own account: a password, a mailed link or code is the right.",
    "imports.leaving": "A file goes when it is discarded, which asked, or when its time is over.",
    "imports.undo": "The system's part of an undo that somebody has started.",
    "ledger": "Below the verbs, which have asked.",
    "mail.service": "Below the verbs, which have asked.",
    "portal.service.send_code": "Anybody may ask for a code; only the owner of the address has it.",
    "purchases.batch": "The system's part of an import that somebody has started.",
    "purchases.counting": "A part of recording and voiding, which have asked.",
    "purchases.giving.earn_in": "Computes.",
    "purchases.returning.take_back": "The points of a void or an undone import, which asked.",
    "programs.moving": "Parts of a change of tiers, which has asked.",
    "programs.placing.carry_out": "A part of a change of tiers, which has asked.",
    "programs.placing.go_on": "A part of a change of tiers, which has asked.",
    "programs.tiers.put_thresholds": "A part of a change of tiers, which has asked.",
    "programs.currency.follow": "Follows a change of the currency, which has been asked for.",
    "segments.currency.follow": "Follows a change of the currency, which has been asked for.",
    "purchases.recording.quote": "Changes nothing: without a lock a missing balance is not made.",
    "redemptions.notices": "Letters follow a change that has been asked for.",
    "redemptions.steps.move": "A part of what a verb does, which has asked.",
    "redemptions.steps.undo_handover": "A part of undoing one, which has asked.",
    "redemptions.steps.remember": "A part of what a verb does, which has asked.",
    "redemptions.taking_back.expire": "Time decides this one: the system alone lets it lapse.",
    "rewards.stock.take": "A part of asking for a reward, which has asked.",
    "rewards.stock.put_back": "A part of ending a redemption, which has asked.",
    "schema": "Of the installation, not of a business: its pages and commands are the operator's.",
    "segments.draft": "What somebody is typing; nothing of it is saved.",
    "segments.refreshing": "Counts anew who fits a rule; the rule was asked for.",
}
"""A function, a module or a folder, each with its reason. What takes `by` must be named itself."""

SILENT = {
    "background.retrying.work_again": "Goes on with what was said when somebody asked for it.",
    "background.retrying.mail_again": "The letter was said with the change that it tells of.",
    "imports.service.match": "A choice on the way; the start of the import is said.",
    "imports.service.go_on": "The import goes on as it was started.",
    "views.service.delete": "A person's own habit: nothing of the business changes.",
    "views.service.save": "The same.",
    "rewards.pictures.keep": "A picture is nothing until a reward shows it; that is said.",
}


class Anything:
    """An argument that no verb may get as far as using."""

    def __getattr__(self, name: str) -> str:
        return "somebody else"


def is_below(key: str, names: dict[str, str]) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)


def is_a_job(one: Function) -> bool:
    """Run by the worker, for the system."""
    return any(each.split("(")[0].split(".")[-1].endswith("task") for each in one.decorators)


def takes_by(one: Function) -> bool:
    assert isinstance(one.node, ast.FunctionDef)
    return any(each.arg == "by" for each in one.node.args.args + one.node.args.kwonlyargs)


def call(one: Function, by: Actor) -> None:
    verb = getattr(import_module(f"{PACKAGE}.{one.module}"), one.name)
    given = {
        each.name: by if each.name == "by" else Anything()
        for each in signature(verb).parameters.values()
        if each.kind is not each.VAR_KEYWORD
    }
    positional = [
        given.pop(each.name)
        for each in signature(verb).parameters.values()
        if each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    verb(*positional, **given)


def test_everything_that_changes_something_asks_or_has_a_reason() -> None:
    unasked = [
        one.key
        for one in CHANGING
        if one.question is None
        and not is_a_job(one)
        and one.key not in WITHOUT_A_QUESTION
        and (takes_by(one) or not is_below(one.key, WITHOUT_A_QUESTION))
    ]
    assert unasked == []
    assert len(VERBS) > 55


def test_no_reason_outlives_its_function() -> None:
    unasked = [one.key for one in CHANGING if one.question is None]
    for name in WITHOUT_A_QUESTION:
        assert any(is_below(key, {name: ""}) for key in unasked), name
    for name in SILENT:
        assert name in {one.key for one in VERBS}, name


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.mark.parametrize("one", VERBS, ids=lambda one: one.key)
def test_a_verb_refuses_who_has_no_right_before_anything_else(
    app: Flask,
    shop: Shop,
    one: Function,
    statements: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    stranger = Actor("customer", "stranger", customer_id="strangers-card")
    refused: list[tuple[Actor, type[Exception]]] = [
        (Actor("team", "nobody"), NotAllowed),
        (stranger, NotFound if one.is_for_customers else NotAllowed),
    ]
    for role in Role:
        if one.permission is None or Permission[one.permission] not in ROLES[role]:
            refused.append((shop.actor(role), NotAllowed))
    with statements() as seen:
        for by, refusal in refused:
            with inside(app, shop), pytest.raises(refusal):
                call(one, by)
    assert seen == []


@pytest.mark.parametrize("permission", list(Permission))
def test_an_actor_may_what_their_role_may(permission: Permission) -> None:
    for role in Role:
        by = Actor("team", "somebody", role)
        if permission in ROLES[role]:
            by.needs(permission)
        else:
            with pytest.raises(NotAllowed):
                by.needs(permission)
    SYSTEM.needs(permission)
    with pytest.raises(NotAllowed):
        Actor("customer", "somebody", role=Role.OWNER, customer_id="card").needs(permission)


def test_customers_may_do_what_is_their_own() -> None:
    by = Actor("customer", "person", customer_id="card")
    for mine in ("card", "person"):
        by.needs(Permission.CUSTOMERS_EDIT, own=mine)
        by.needs_to_be(mine)
    with pytest.raises(NotFound):
        by.needs(Permission.CUSTOMERS_EDIT, own="another")
    with pytest.raises(NotAllowed):
        by.needs(Permission.CUSTOMERS_EDIT, own=None)
    for other in (SYSTEM, Actor("team", "person", Role.OWNER)):
        with pytest.raises(NotAllowed):
            other.needs_to_be("person")


def test_a_route_asks_for_the_right_that_its_verb_asks_for(app: Flask) -> None:
    verbs = {one.key: one for one in VERBS}
    compared, wrong = 0, []
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        key = f"{view.__module__.removeprefix(f'{PACKAGE}.')}.{view.__name__}"
        if "POST" not in (rule.methods or ()) or key not in FUNCTIONS:
            continue
        for verb in _verbs_of(FUNCTIONS[key], verbs):
            compared += 1
            if rule.rule.startswith("/p/"):
                fits = verb.is_for_customers
            else:
                right = needed_by(view)
                fits = right is not None and verb.permission == right.name
            if not fits:
                wrong.append((rule.endpoint, verb.key))
    assert wrong == []
    assert compared > 60


def _verbs_of(view: Function, verbs: dict[str, Function]) -> list[Function]:
    """The verbs a view refers to, itself or through the functions of the screens."""
    found, waiting, known = [], [view], {view.key}
    while waiting:
        for key in waiting.pop().refers_to - known:
            known.add(key)
            if key in verbs:
                found.append(verbs[key])
            elif key in FUNCTIONS and storey_of(FUNCTIONS[key].module) in ("routes", "forms"):
                waiting.append(FUNCTIONS[key])
    return found


def test_every_verb_says_what_happened() -> None:
    silent = {one.key for one in VERBS if not _says(one, set())}
    assert silent == set(SILENT)


def _says(one: Function, known: set[str]) -> bool:
    if "events.happened" in one.refers_to:
        return True
    known |= {one.key}
    # What the books say by the way is not what the verb has done.
    below = [
        FUNCTIONS[key]
        for key in one.refers_to - known
        if key in FUNCTIONS and FUNCTIONS[key].module != "ledger.news"
    ]
    return any(_says(each, known) for each in below if not is_a_job(each))
