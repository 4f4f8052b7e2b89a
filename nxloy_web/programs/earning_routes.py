"""The earning rule of a program: say it, change it, end it, try it out."""

from typing import Any

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.amounts import NotAnAmount, WhichAmount, amount_meant
from nxloy_web.audit.late_forms import keep_typed
from nxloy_web.earning.rules import rule_of
from nxloy_web.errors import Stale
from nxloy_web.money import typed_amount
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs import earning_rules, examples
from nxloy_web.programs.blueprint import bp, find_program
from nxloy_web.programs.forms import EarningFields, EditEarningForm, EndRuleForm, NewEarningForm
from nxloy_web.tables.loyalty import EarningRule, EarningTerms, LoyaltyProgram
from nxloy_web.web.answers import is_fragment, page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.facts import typed
from nxloy_web.web.forms import BaseForm


class _TryForm(EarningFields, BaseForm):
    """What stands in the rule's form while somebody types; nothing is saved."""

    class Meta(BaseForm.Meta):
        csrf = False


@bp.get("/<id:program_id>/earning")
@requires(Permission.PROGRAMS_EDIT)
def earning(program_id: str) -> ResponseReturnValue:
    program = find_program(program_id)
    rule = rule_of(program_id)
    return _form_page(program, rule, _form(program, rule))


@bp.post("/<id:program_id>/earning")
@requires(Permission.PROGRAMS_EDIT)
def save_earning(program_id: str) -> ResponseReturnValue:
    """The new form carries an id, the edit form the rule and version it was drawn from."""
    program = find_program(program_id)
    rule = rule_of(program_id)
    editing = "version" in request.form
    form = _edit_form(rule) if editing else _new_form(program)
    if not form.validate():
        return _form_page(program, rule, form, status=422)
    try:
        if editing:
            earning_rules.edit(
                program_id,
                typed(form, EarningTerms),
                rule_id=form.rule_id.data,
                version=form.version.data,
                by=g.actor,
                at=clock.now(),
            )
        else:
            earning_rules.create(
                form.new_id.data,
                typed(form, EarningTerms),
                program_id=program_id,
                by=g.actor,
                at=clock.now(),
            )
    except Stale:
        rule = rule_of(program_id)
        assert rule is not None  # without one the verb says that it has ended
        keep_typed(form, rule)
        form.rule_id.data = rule.rule_id
        return _form_page(program, rule, form, status=409)
    return _back(program_id, "Purchases from now on earn by this rule")


@bp.post("/<id:program_id>/earning/end")
@requires(Permission.PROGRAMS_EDIT)
def end_earning(program_id: str) -> ResponseReturnValue:
    form = EndRuleForm.from_request()
    earning_rules.end(
        program_id,
        rule_id=form.rule_id.data,
        version=form.version.data,
        by=g.actor,
        at=clock.now(),
    )
    return _back(program_id, "The rule has ended; purchases earn nothing now")


@bp.get("/<id:program_id>/earning/example")
@requires(Permission.PROGRAMS_EDIT)
def example(program_id: str) -> ResponseReturnValue:
    """What the rule would give as it stands in the form: a part of that page only."""
    program = find_program(program_id)
    if not is_fragment():
        return see_other(url_for(".earning", program_id=program_id))
    form = _TryForm(formdata=arguments())
    return page("programs/_example.html", program=program, **_worked_out(program, form))


def _worked_out(program: LoyaltyProgram, form: EarningFields) -> dict[str, Any]:
    given = arguments().text("amount")
    if not form.validate():  # type: ignore[attr-defined]
        return {"example": None, "amount": given, "problem": None}
    terms = typed(form, EarningTerms)
    try:
        amount = _tried(given, program.currency) if given else examples.typical_amount(terms)
    except NotAnAmount as error:
        return {"example": None, "amount": given, "problem": str(error)}
    worked = examples.of(amount, examples.not_yet_saved(program, terms), program)
    return {
        "example": worked,
        "amount": given or typed_amount(amount, program.currency, g.place.locale),
        "problem": None,
    }


def _tried(text: str, currency: str) -> int:
    """Of two readings the likelier one: the example says which amount it is about."""
    try:
        return amount_meant(text, currency, g.place.locale)
    except WhichAmount as question:
        return question.minors[0]


def _form(program: LoyaltyProgram, rule: EarningRule | None) -> NewEarningForm | EditEarningForm:
    return _new_form(program) if rule is None else _edit_form(rule)


def _new_form(program: LoyaltyProgram) -> NewEarningForm:
    one = amount_meant("1", program.currency, g.place.locale)
    return NewEarningForm.from_request(data={"per_minor": one})


def _edit_form(rule: EarningRule | None) -> EditEarningForm:
    """Sent when the rule has ended meanwhile, it is as typed; the verb refuses it."""
    if rule is None:
        return EditEarningForm.from_request()
    return EditEarningForm.of(rule.terms, version=rule.version, beside={"rule_id": rule.rule_id})


def _form_page(
    program: LoyaltyProgram,
    rule: EarningRule | None,
    form: NewEarningForm | EditEarningForm,
    status: int = 200,
) -> ResponseReturnValue:
    amount = program_example = None
    if not form.errors:
        trial = examples.not_yet_saved(program, typed(form, EarningTerms))
        program_example = examples.of_rule(trial, program, [])[0]
        amount = typed_amount(program_example.amount_minor, program.currency, g.place.locale)
    return page(
        "programs/earning.html",
        fragment="programs/_earning.html",
        status=status,
        program=program,
        rule=rule,
        form=form,
        example=program_example,
        amount=amount,
        problem=None,
    )


def _back(program_id: str, toast: str) -> ResponseReturnValue:
    return see_other(url_for(".show", program_id=program_id), toast=toast)
