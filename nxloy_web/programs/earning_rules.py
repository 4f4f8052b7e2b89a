"""What turns a purchase into points. A rule is never changed: its next version follows it, so
that old entries keep the rule they were made under."""

from datetime import datetime

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.refusals import check_version
from nxloy_web.db.rows import already, find
from nxloy_web.earning.rules import rule_of
from nxloy_web.errors import BusinessRule, Stale
from nxloy_web.money import coded_amount
from nxloy_web.permissions import Permission
from nxloy_web.tables.loyalty import EarningRule, EarningTerms, LoyaltyProgram
from nxloy_web.texts import _


class RuleIsThere(BusinessRule):
    message = _("This program has an earning rule already. Change that one.")


class NoRule(BusinessRule):
    message = _("This program's rule has ended. Add a new one.")


def create(
    id: str, terms: EarningTerms, *, program_id: str, by: Actor, at: datetime
) -> EarningRule:
    """Say what purchases earn from now on. A program has one rule at a time."""
    by.needs(Permission.PROGRAMS_EDIT)
    found = already(EarningRule, id, program_id=program_id, terms=terms)
    if found is not None:
        return found
    program = _locked(program_id)
    if rule_of(program_id) is not None:
        raise RuleIsThere
    return _add(program, id=id, rule_id=new_id(), version=1, terms=terms, by=by, at=at)


def edit(
    program_id: str,
    terms: EarningTerms,
    *,
    rule_id: str | None,
    version: int | None,
    by: Actor,
    at: datetime,
) -> EarningRule:
    """End the version in force and put the next one in its place.

    `rule_id` and `version` say what the page has shown: another rule may have followed since.
    """
    by.needs(Permission.PROGRAMS_EDIT)
    program = _locked(program_id)
    rule = rule_of(program_id)
    if rule is None:
        raise NoRule
    if rule.terms == terms:
        return rule
    if rule.rule_id != rule_id:
        raise Stale
    check_version(rule, version)
    rule.ended_at = at
    db.session.flush()
    return _add(
        program,
        id=new_id(),
        rule_id=rule.rule_id,
        version=rule.version + 1,
        terms=terms,
        by=by,
        at=at,
        before=rule.terms,
    )


def end(
    program_id: str, *, rule_id: str | None, version: int | None, by: Actor, at: datetime
) -> None:
    """From now on purchases in the program earn nothing. Pressed twice, the second changes
    nothing."""
    by.needs(Permission.PROGRAMS_EDIT)
    _locked(program_id)
    rule = rule_of(program_id)
    if rule is None:
        return
    if (rule.rule_id, rule.version) != (rule_id, version):
        raise Stale(_("The rule was changed in the meantime. Look at it again before you end it."))
    rule.ended_at = at
    db.session.flush()
    events.happened("earning_rule.ended", rule, by=by, before={"terms": rule.terms}, at=at)


def sentence(terms: EarningTerms, program: LoyaltyProgram) -> str:
    """The rule as people say it: '1 point for every 1.00 EUR'."""
    amount = coded_amount(terms.per_minor, program.currency)
    return f"{terms.points:,} {program.unit(terms.points)} for every {amount}"


def _locked(program_id: str) -> LoyaltyProgram:
    # Two people changing the rule at once take turns on the program's row.
    return find(LoyaltyProgram, program_id, lock=True)


def _add(
    program: LoyaltyProgram,
    *,
    id: str,
    rule_id: str,
    version: int,
    terms: EarningTerms,
    by: Actor,
    at: datetime,
    before: EarningTerms | None = None,
) -> EarningRule:
    rule = EarningRule(
        id=id,
        program_id=program.id,
        rule_id=rule_id,
        version=version,
        name=sentence(terms, program),
        terms=terms,
    )
    db.session.add(rule)
    db.session.flush()
    events.happened(
        "earning_rule.created" if version == 1 else "earning_rule.edited",
        rule,
        by=by,
        before=None if before is None else {"terms": before},
        after={"terms": terms},
        at=at,
    )
    return rule
