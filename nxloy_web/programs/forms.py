"""What people type about programs, tiers and earning rules."""

from decimal import Decimal
from typing import Any

from wtforms import (
    ColorField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from nxloy_web.money import NotAnAmount, amount_text, parse_amount
from nxloy_web.programs.tiers import NO_TIER
from nxloy_web.tables.loyalty import (
    EarningRule,
    EarningTerms,
    LoyaltyProgram,
    LoyaltyTier,
    ProgramSettings,
    ProgramType,
)
from nxloy_web.web.forms import BaseForm, CreateForm, EditForm

MOST_POINTS = 2_000_000_000
TYPES = {
    ProgramType.POINTS: ("Points", "coins", "Purchases earn points, points buy rewards."),
    ProgramType.STAMPS: ("Stamp card", "stamp", "A few stamps fill a card that pays a reward."),
    ProgramType.TIERED: ("Tiers", "crown", "Points also lift customers into tiers with benefits."),
    ProgramType.SUBSCRIPTION: ("Membership", "ticket", "A paid period with benefits of its own."),
}
OFFERED = (ProgramType.POINTS, ProgramType.STAMPS, ProgramType.TIERED)
"""Types that can be started. Paid memberships need payments, which come later."""
EXPIRY = {
    "never": "Never",
    "days": "A number of days after they were earned",
    "months": "A number of months after they were earned",
    "end_of_month": "At the end of the month",
    "end_of_year": "At the end of the year",
}
TIER_ICONS = {
    "medal": "Medal",
    "award": "Award",
    "crown": "Crown",
    "gem": "Gem",
    "trophy": "Trophy",
    "star": "Star",
    "sparkles": "Sparkles",
    "heart": "Heart",
    "flower-2": "Flower",
    "zap": "Lightning",
    "coffee": "Coffee",
    "croissant": "Croissant",
}
NAME_TOO_LONG = "Keep the name to 80 characters."


class ProgramFields:
    """Shared by the new and the edit form."""

    name = StringField(
        "Name", [DataRequired("Give the program a name."), Length(max=80, message=NAME_TOO_LONG)]
    )
    type = RadioField(
        "Type",
        [InputRequired("Choose a type.")],
        invalid_choice_message="Choose one of these types.",
        default=ProgramType.POINTS.value,
    )
    points_name = StringField(
        "What customers collect",
        [
            DataRequired("Say what customers collect, for example Points or Beans."),
            Length(max=30, message="Keep this to 30 characters."),
        ],
        default="Points",
    )
    description = TextAreaField(
        "Description", [Length(max=2000, message="Keep the description to 2,000 characters.")]
    )
    expiry = SelectField("Points stop being good", choices=EXPIRY, default="never")
    expiry_after = IntegerField(
        "Number of days or months",
        [Optional(), NumberRange(1, 3650, "Enter a number from 1 to 3,650.")],
        default=12,
    )

    def allow(self, *also: ProgramType) -> None:
        """Offer the types that can be started, and the one the program has."""
        kinds = dict.fromkeys((*OFFERED, *also))
        self.type.choices = {kind.value: TYPES[kind][0] for kind in kinds}

    def validate_expiry(self, field: SelectField) -> None:
        if field.data in ("days", "months") and self.expiry_after.data is None:
            raise ValidationError("Say after how many.")

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "type": ProgramType(self.type.data),
            "points_name": self.points_name.data,
            "description": self.description.data or None,
            "settings": ProgramSettings(
                expiry=self.expiry.data, expiry_after=self.expiry_after.data or 12
            ),
        }


class NewProgramForm(ProgramFields, CreateForm):
    pass


class EditProgramForm(ProgramFields, EditForm):
    @staticmethod
    def shown(program: LoyaltyProgram) -> dict[str, Any]:
        return {
            "name": program.name,
            "type": program.type.value,
            "points_name": program.points_name,
            "description": program.description,
            "expiry": program.settings.expiry,
            "expiry_after": program.settings.expiry_after,
            "version": program.version,
        }


class TierFields:
    name = StringField(
        "Name", [DataRequired("Give the tier a name."), Length(max=80, message=NAME_TOO_LONG)]
    )
    description = StringField(
        "Description", [Length(max=200, message="Keep the description to 200 characters.")]
    )
    required_points = IntegerField(
        "Starts at",
        [
            InputRequired("Say how many points it takes; 0 is for everybody."),
            NumberRange(0, MOST_POINTS, "Enter a whole number of points, 0 or more."),
        ],
    )
    multiplier = DecimalField(
        "Points multiplier",
        [
            InputRequired("Enter a multiplier; 1 changes nothing."),
            NumberRange(Decimal("0.01"), Decimal("99.99"), "Enter a number from 0.01 to 99.99."),
        ],
        default=Decimal("1"),
        render_kw={"step": "0.01"},
    )
    color = ColorField(
        "Colour",
        [Regexp(r"^#[0-9a-fA-F]{6}$", message="Choose a colour like #a16207.")],
        default="#a16207",
    )
    icon = RadioField(
        "Icon",
        choices=TIER_ICONS,
        default="medal",
        invalid_choice_message="Choose one of these icons.",
    )
    benefits = TextAreaField(
        "Benefits", [Length(max=2000, message="Keep the benefits to 2,000 characters.")]
    )

    def validate_multiplier(self, field: DecimalField) -> None:
        if not field.errors and round(field.data, 2) != field.data:
            raise ValidationError("Use at most two decimals, like 1.25.")

    def validate_benefits(self, field: TextAreaField) -> None:
        lines = _lines(field.data)
        if len(lines) > 12:
            raise ValidationError("List at most 12 benefits.")
        if any(len(line) > 120 for line in lines):
            raise ValidationError("Keep each benefit to 120 characters.")

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "description": self.description.data or None,
            "required_points": self.required_points.data,
            "multiplier": self.multiplier.data,
            "color": self.color.data.lower(),
            "icon": self.icon.data,
            "benefits": _lines(self.benefits.data),
        }


class NewTierForm(TierFields, CreateForm):
    pass


class EditTierForm(TierFields, EditForm):
    @staticmethod
    def shown(tier: LoyaltyTier) -> dict[str, Any]:
        return {
            "name": tier.name,
            "description": tier.description,
            "required_points": tier.required_points,
            "multiplier": tier.multiplier,
            "color": tier.color,
            "icon": tier.icon or "medal",
            "benefits": "\n".join(tier.benefits),
            "version": tier.version,
        }


class DeleteTierForm(BaseForm):
    members_to = RadioField("Where they go", validate_choice=False)

    def offer(self, siblings: list[LoyaltyTier]) -> None:
        self.members_to.choices = {tier.id: tier.name for tier in siblings} | {NO_TIER: "No tier"}

    def validate_members_to(self, field: RadioField) -> None:
        if field.data and field.data not in field.choices:
            raise ValidationError("Choose one of these.")


class EarningFields:
    points = IntegerField(
        "Customers get",
        [
            InputRequired("Say how many."),
            NumberRange(1, 10_000, "Enter a whole number from 1 to 10,000."),
        ],
        default=1,
    )
    per = StringField("For every", [DataRequired("Say for how much money.")])
    minimum = StringField("Only for purchases from")
    most_points = IntegerField(
        "At most for one purchase",
        [Optional(), NumberRange(1, MOST_POINTS, "Enter a whole number, 1 or more.")],
    )

    currency = "USD"

    def validate_per(self, field: StringField) -> None:
        if _amount(field.data, self.currency) < 1:
            raise ValidationError("Enter more than nothing.")

    def validate_minimum(self, field: StringField) -> None:
        if field.data:
            _amount(field.data, self.currency)

    def terms(self) -> EarningTerms:
        return EarningTerms(
            points=self.points.data,
            per_minor=parse_amount(self.per.data, self.currency),
            minimum_minor=(
                parse_amount(self.minimum.data, self.currency) if self.minimum.data else 0
            ),
            most_points=self.most_points.data,
        )


class NewEarningForm(EarningFields, CreateForm):
    pass


class EditEarningForm(EarningFields, EditForm):
    @staticmethod
    def shown(rule: EarningRule, currency: str) -> dict[str, Any]:
        terms = rule.terms
        return {
            "points": terms.points,
            "per": amount_text(terms.per_minor, currency),
            "minimum": amount_text(terms.minimum_minor, currency) if terms.minimum_minor else "",
            "most_points": terms.most_points,
            "version": rule.version,
        }


class EndRuleForm(EditForm):
    pass


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _amount(text: str, currency: str) -> int:
    try:
        return parse_amount(text, currency)
    except NotAnAmount as error:
        raise ValidationError(str(error)) from error
