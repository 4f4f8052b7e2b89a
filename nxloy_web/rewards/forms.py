"""What people type about rewards and their stock."""

from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from nxloy_web.actors import Actor
from nxloy_web.rewards import pictures
from nxloy_web.rewards.stock import MOST
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.rewards import RewardType
from nxloy_web.web.forms import CreateForm, EditForm
from nxloy_web.web.instant_field import InstantField
from nxloy_web.web.list_fields import TagsField
from nxloy_web.web.money_field import MoneyField

MOST_POINTS = 2_000_000_000
TYPES = {
    RewardType.FREE_ITEM: ("Free item", "gift", "Something off the shelf or the menu."),
    RewardType.DISCOUNT_PERCENTAGE: ("Percentage off", "percent", "Such as 10 % off a purchase."),
    RewardType.DISCOUNT_FIXED: ("Amount off", "ticket", "Such as 5.00 off a purchase."),
    RewardType.FREE_SHIPPING: ("Free shipping", "package", "Delivery at no cost."),
    RewardType.GIFT_CARD: ("Gift card", "credit-card", "To spend later or to give away."),
    RewardType.EXPERIENCE: ("Experience", "party-popper", "A tasting, a class, a tour."),
    RewardType.NFT: ("Digital collectible", "gem", "A token you hand out yourself."),
}
OFFERED = (RewardType.FREE_ITEM, RewardType.FREE_SHIPPING, RewardType.NFT)
"""Types that say everything with a name. An amount off, a gift card or an evening out need figures
and days of their own, which come later."""
ICONS = {
    "": "By type",
    "coffee": "Coffee",
    "cup-soda": "Drink",
    "croissant": "Croissant",
    "cake": "Cake",
    "utensils": "Meal",
    "gift": "Gift",
    "shirt": "Shirt",
    "shopping-bag": "Bag",
    "ticket": "Ticket",
    "percent": "Percent",
    "scissors": "Haircut",
    "dumbbell": "Training",
    "book-open": "Book",
    "flower-2": "Flower",
    "star": "Star",
    "heart": "Heart",
}


class RewardFields:
    """Shared by the new and the edit form; `prepare` gives it the business's choices."""

    name = StringField(
        "Name",
        [
            DataRequired("Give the reward a name."),
            Length(max=120, message="Keep the name to 120 characters."),
        ],
    )
    description = TextAreaField(
        "Description", [Length(max=4000, message="Keep the description to 4,000 characters.")]
    )
    type = RadioField(
        "Type",
        [InputRequired("Choose a type.")],
        default=RewardType.FREE_ITEM.value,
        invalid_choice_message="Choose one of these types.",
    )
    category = StringField(
        "Category", [Length(max=60, message="Keep the category to 60 characters.")]
    )
    tags = TagsField("Tags")
    picture = FileField("Picture")
    image = HiddenField(
        validators=[Optional(), Regexp(r"^[0-9a-f]{64}$", message="Choose the picture again.")]
    )
    remove_picture = BooleanField("Remove the picture")
    icon = RadioField(
        "Icon without a picture",
        choices=ICONS,
        default="",
        invalid_choice_message="Choose one of these icons.",
    )
    program_id = SelectField(
        "Paid with points of", default="", invalid_choice_message="Choose a program."
    )
    points_cost = IntegerField(
        "Points",
        [Optional(), NumberRange(0, MOST_POINTS, "Enter a whole number of points, 0 or more.")],
    )
    money_cost = MoneyField("Money", filters=[lambda minor: minor or None])
    start_date = InstantField("From", [Optional()])
    end_date = InstantField("Until", [Optional()])
    max_per_user = IntegerField(
        "Most for one customer",
        [Optional(), NumberRange(1, 1_000_000, "Enter a whole number, 1 or more.")],
    )
    tier_id = SelectField(
        "Only from this tier on", default="", invalid_choice_message="Choose a tier."
    )
    segment_id = SelectField(
        "Only for this segment", default="", invalid_choice_message="Choose a segment."
    )
    needs_approval = BooleanField("Somebody has to approve each request", default=True)

    tiers: dict[str, LoyaltyTier] = {}

    def prepare(
        self,
        *,
        programs: list[LoyaltyProgram],
        tiers: list[LoyaltyTier],
        segments: list[tuple[str, str]],
        kept: RewardType | None = None,
    ) -> None:
        """`kept` is the type that a reward has: nobody loses one that is no longer offered."""
        kinds = [kind for kind in TYPES if kind in OFFERED or kind is kept]
        self.type.choices = {kind.value: TYPES[kind][0] for kind in kinds}
        named = {program.id: program.name for program in programs}
        self.tiers = {tier.id: tier for tier in tiers if tier.program_id in named}
        self.program_id.choices = {"": "No points"} | named
        self.tier_id.choices = {"": "Everybody"} | {
            tier.id: f"{tier.name} ({named[tier.program_id]})" for tier in self.tiers.values()
        }
        self.segment_id.choices = {"": "Everybody"} | dict(segments)

    def take_picture(self, by: Actor) -> None:
        """Keep an uploaded picture at once: it survives a form that comes back for another
        reason. What is wrong with it stands at its field."""
        upload = self.picture.data
        if self.remove_picture.data:
            self._show("")
        if not upload or not upload.filename:
            return
        try:
            self._show(pictures.keep(upload.stream, by=by))
            self.remove_picture.data = False
        except (pictures.NotAPicture, pictures.PictureTooLarge) as error:
            self.picture.process_errors.append(str(error))

    def _show(self, sha256: str) -> None:
        self.image.data = sha256
        self.image.raw_data = [sha256]

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field, and then what concerns two of them."""
        valid: bool = super().validate(extra_validators)  # type: ignore[misc]
        if valid and not self.points_cost.data and not self.money_cost.data:
            self.points_cost.errors.append("Ask for points, for money, or for both.")
            return False
        return valid

    def validate_tags(self, field: TagsField) -> None:
        if len(field.data) > 12:
            raise ValidationError("Use at most 12 tags.")
        if any(len(tag) > 30 for tag in field.data):
            raise ValidationError("Keep each tag to 30 characters.")

    def validate_program_id(self, field: SelectField) -> None:
        if self.points_cost.data and not field.data:
            raise ValidationError("Say which program's points pay for it.")

    def validate_tier_id(self, field: SelectField) -> None:
        tier = self.tiers.get(field.data or "")
        if tier is not None and self.program_id.data and tier.program_id != self.program_id.data:
            raise ValidationError(f"{tier.name} belongs to another program.")

    def validate_end_date(self, field: InstantField) -> None:
        start = self.start_date.data
        if start is not None and field.data is not None and field.data <= start:
            raise ValidationError("The end comes after the start.")


class NewRewardForm(RewardFields, CreateForm):
    in_stock = IntegerField(
        "How many there are",
        [Optional(), NumberRange(0, MOST, "Enter a whole number, 0 or more.")],
    )
    offer = BooleanField("Offer it to customers right away", default=True)


class EditRewardForm(RewardFields, EditForm):
    pass


class CopyForm(CreateForm):
    pass


class StockFields:
    reason = StringField(
        "Reason",
        [
            DataRequired("Say why, for whoever wonders later."),
            Length(max=200, message="Keep the reason to 200 characters."),
        ],
    )


class AddStockForm(StockFields, CreateForm):
    amount = IntegerField(
        "How many came in",
        [
            InputRequired("Say how many."),
            NumberRange(1, MOST, "Enter a whole number, 1 or more."),
        ],
    )


class CorrectStockForm(StockFields, CreateForm):
    to = IntegerField(
        "How many there really are",
        [
            InputRequired("Say how many."),
            NumberRange(0, MOST, "Enter a whole number, 0 or more."),
        ],
    )
