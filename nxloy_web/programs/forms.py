"""What people type about programs, tiers and earning rules."""

from decimal import Decimal

from wtforms import (
    ColorField,
    DecimalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from nxloy_web.programs.tiers import NO_TIER
from nxloy_web.tables.loyalty import LoyaltyTier, ProgramType
from nxloy_web.web.forms import BaseForm, CreateForm, EditForm
from nxloy_web.web.list_fields import LinesField
from nxloy_web.web.money_field import MoneyField

MOST_POINTS = 2_000_000_000
TYPES = {
    ProgramType.POINTS: ("Points", "coins", "Purchases earn points, points buy rewards."),
    ProgramType.STAMPS: ("Stamp card", "stamp", "A few stamps fill a card that pays a reward."),
    ProgramType.TIERED: ("Tiers", "crown", "Points also lift customers into tiers with benefits."),
    ProgramType.SUBSCRIPTION: ("Membership", "ticket", "A paid period with benefits of its own."),
}
OFFERED = (ProgramType.POINTS, ProgramType.TIERED)
"""Types that can be started. Cards with stamps and paid memberships come later."""
EXPIRY = {
    "never": "Never",
    "days": "A number of days after they were earned",
    "months": "A number of months after they were earned",
    "end_of_month": "At the end of the month",
    "end_of_year": "At the end of the year",
}
TIER_ICONS = {
    "": "None",
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
    point_name = StringField("One of them", [Length(max=30, message="Keep this to 30 characters.")])
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


class NewProgramForm(ProgramFields, CreateForm):
    pass


class EditProgramForm(ProgramFields, EditForm):
    pass


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
        filters=[lambda colour: colour and colour.lower()],
    )
    icon = RadioField(
        "Icon",
        choices=TIER_ICONS,
        default="medal",
        invalid_choice_message="Choose one of these icons.",
    )
    benefits = LinesField("Benefits")

    def validate_multiplier(self, field: DecimalField) -> None:
        if not field.errors and round(field.data, 2) != field.data:
            raise ValidationError("Use at most two decimals, like 1.25.")

    def validate_benefits(self, field: LinesField) -> None:
        if len(field.data) > 12:
            raise ValidationError("List at most 12 benefits.")
        if any(len(line) > 120 for line in field.data):
            raise ValidationError("Keep each benefit to 120 characters.")


class NewTierForm(TierFields, CreateForm):
    pass


class EditTierForm(TierFields, EditForm):
    pass


class DeleteTierForm(BaseForm):
    members_to = RadioField("Where they go", validate_choice=False)

    def offer(self, siblings: list[LoyaltyTier]) -> None:
        self.members_to.choices = {tier.id: tier.name for tier in siblings} | {NO_TIER: "No tier"}

    def validate_members_to(self, field: RadioField) -> None:
        if field.data and field.data not in field.choices:
            raise ValidationError("Choose one of these.")


class ShownForm(BaseForm):
    """What the page of who moves has shown, and which button of it was pressed."""

    shown = HiddenField(default="")
    below = HiddenField(default="keep")
    again = HiddenField(default="")

    @property
    def takes_down(self) -> bool:
        return bool(self.below.data == "down")


class EarningFields:
    points = IntegerField(
        "Customers get",
        [
            InputRequired("Say how many."),
            NumberRange(1, 10_000, "Enter a whole number from 1 to 10,000."),
        ],
        default=1,
    )
    per_minor = MoneyField("For every", [InputRequired("Say for how much money.")])
    minimum_minor = MoneyField("Only for purchases from", filters=[lambda minor: minor or None])
    most_points = IntegerField(
        "At most for one purchase",
        [Optional(), NumberRange(1, MOST_POINTS, "Enter a whole number, 1 or more.")],
    )

    def validate_per_minor(self, field: MoneyField) -> None:
        if field.data == 0:
            raise ValidationError("Enter more than nothing.")


class NewEarningForm(EarningFields, CreateForm):
    pass


class _OfOneRule(EditForm):
    """Each rule counts its versions from 1, so the version alone does not say which was shown."""

    rule_id = HiddenField()


class EditEarningForm(EarningFields, _OfOneRule):
    pass


class EndRuleForm(_OfOneRule):
    pass
