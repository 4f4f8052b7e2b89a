"""Earning rules of a business that changes its currency, before it has recorded any amount."""

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.events import Event
from nxloy_web.money import same_figure
from nxloy_web.programs.earning_rules import sentence
from nxloy_web.tables.loyalty import EarningRule, LoyaltyProgram


def follow(event: Event) -> None:
    """The figures stay: 1 point for every 1.00 EUR is one for every 1.00 USD.

    Nothing has earned by these rules yet, so their versions are written over.
    """
    if event.name != "business.changed" or "currency" not in (event.after or {}):
        return
    old, new = (event.before or {})["currency"], (event.after or {})["currency"]
    programs = {row.id: row for row in db.session.scalars(history(select(LoyaltyProgram)))}
    for rule in db.session.scalars(select(EarningRule)):
        terms = rule.terms
        rule.terms = terms.model_copy(
            update={
                "per_minor": same_figure(terms.per_minor, old, new),
                "minimum_minor": same_figure(terms.minimum_minor, old, new),
            }
        )
        program = programs[rule.program_id]
        db.session.refresh(program, ["currency"])
        rule.name = sentence(rule.terms, program)
    db.session.flush()
