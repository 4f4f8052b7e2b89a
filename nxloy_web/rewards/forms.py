"""What people type about rewards and their stock."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from nxloy_web.money import NotAnAmount, amount_text, parse_amount
from nxloy_web.rewards import pictures
from nxloy_web.rewards.stock import MOST
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.rewards import Reward, RewardType
from nxloy_web.web.forms import CreateForm, EditForm

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
YEARS = (2000, 2199)
CLOCK = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""As the browser's own field writes it; some add seconds."""


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
        choices={kind.value: words[0] for kind, words in TYPES.items()},
        default=RewardType.FREE_ITEM.value,
        invalid_choice_message="Choose one of these types.",
    )
    category = StringField(
        "Category", [Length(max=60, message="Keep the category to 60 characters.")]
    )
    tags = StringField("Tags", [Length(max=400, message="Keep the tags to 400 characters.")])
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
    money_cost = StringField("Money")
    start_date = DateTimeLocalField("From", [Optional()], format=CLOCK)
    end_date = DateTimeLocalField("Until", [Optional()], format=CLOCK)
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

    currency = "USD"
    zone = ZoneInfo("UTC")
    tiers: dict[str, LoyaltyTier] = {}

    def prepare(
        self,
        *,
        currency: str,
        timezone: str,
        programs: list[LoyaltyProgram],
        tiers: list[LoyaltyTier],
        segments: list[tuple[str, str]],
    ) -> None:
        named = {program.id: program.name for program in programs}
        self.currency, self.zone = currency, ZoneInfo(timezone)
        self.tiers = {tier.id: tier for tier in tiers if tier.program_id in named}
        self.program_id.choices = {"": "No points"} | named
        self.tier_id.choices = {"": "Everybody"} | {
            tier.id: f"{tier.name} ({named[tier.program_id]})" for tier in self.tiers.values()
        }
        self.segment_id.choices = {"": "Everybody"} | dict(segments)

    def take_picture(self) -> None:
        """Keep an uploaded picture at once: it survives a form that comes back for another
        reason. What is wrong with it stands at its field."""
        upload = self.picture.data
        if self.remove_picture.data:
            self._show("")
        if not upload or not upload.filename:
            return
        try:
            self._show(pictures.keep(upload.stream))
            self.remove_picture.data = False
        except (pictures.NotAPicture, pictures.PictureTooLarge) as error:
            self.picture.process_errors.append(error.message)

    def _show(self, sha256: str) -> None:
        self.image.data = sha256
        self.image.raw_data = [sha256]

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field, and then what concerns two of them."""
        valid: bool = super().validate(extra_validators)  # type: ignore[misc]
        if valid and not self.points_cost.data and not self._money():
            self.points_cost.errors.append("Ask for points, for money, or for both.")
            return False
        return valid

    def validate_tags(self, field: StringField) -> None:
        found = _tags(field.data)
        if len(found) > 12:
            raise ValidationError("Use at most 12 tags.")
        if any(len(tag) > 30 for tag in found):
            raise ValidationError("Keep each tag to 30 characters.")

    def validate_money_cost(self, field: StringField) -> None:
        if field.data:
            try:
                parse_amount(field.data, self.currency)
            except NotAnAmount as error:
                raise ValidationError(str(error)) from error

    def validate_program_id(self, field: SelectField) -> None:
        if self.points_cost.data and not field.data:
            raise ValidationError("Say which program's points pay for it.")

    def validate_tier_id(self, field: SelectField) -> None:
        tier = self.tiers.get(field.data or "")
        if tier is not None and self.program_id.data and tier.program_id != self.program_id.data:
            raise ValidationError(f"{tier.name} belongs to another program.")

    def validate_start_date(self, field: DateTimeLocalField) -> None:
        _sensible(field)

    def validate_end_date(self, field: DateTimeLocalField) -> None:
        _sensible(field)
        start = self.start_date.data
        if start is not None and field.data is not None and field.data <= start:
            raise ValidationError("The end comes after the start.")

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "description": self.description.data or "",
            "type": RewardType(self.type.data),
            "category": self.category.data or None,
            "tags": _tags(self.tags.data),
            "image": self.image.data or None,
            "icon": self.icon.data or None,
            "program_id": self.program_id.data or None,
            "points_cost": self.points_cost.data or 0,
            "money_cost": self._money(),
            "start_date": self._instant(self.start_date.data),
            "end_date": self._instant(self.end_date.data),
            "max_per_user": self.max_per_user.data,
            "tier_id": self.tier_id.data or None,
            "segment_id": self.segment_id.data or None,
            "needs_approval": self.needs_approval.data,
        }

    def _money(self) -> int | None:
        try:
            return parse_amount(self.money_cost.data, self.currency) or None
        except (NotAnAmount, TypeError):
            return None

    def _instant(self, typed: datetime | None) -> datetime | None:
        """What was typed is a time on the business's clock."""
        return None if typed is None else typed.replace(tzinfo=self.zone).astimezone(UTC)


class NewRewardForm(RewardFields, CreateForm):
    in_stock = IntegerField(
        "How many there are",
        [Optional(), NumberRange(0, MOST, "Enter a whole number, 0 or more.")],
    )
    offer = BooleanField("Offer it to customers right away", default=True)


class EditRewardForm(RewardFields, EditForm):
    @staticmethod
    def shown(reward: Reward, timezone: str) -> dict[str, Any]:
        zone = ZoneInfo(timezone)
        money = reward.money_cost
        return {
            "name": reward.name,
            "description": reward.description,
            "type": reward.type.value,
            "category": reward.category,
            "tags": ", ".join(reward.tags),
            "image": reward.image,
            "icon": reward.icon or "",
            "program_id": reward.program_id or "",
            "points_cost": reward.points_cost,
            "money_cost": amount_text(money, reward.currency) if money else "",
            "start_date": _on_clock(reward.start_date, zone),
            "end_date": _on_clock(reward.end_date, zone),
            "max_per_user": reward.max_per_user,
            "tier_id": reward.tier_id or "",
            "segment_id": reward.segment_id or "",
            "needs_approval": reward.needs_approval,
            "version": reward.version,
        }


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


def _tags(text: str | None) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in (text or "").split(",") if tag.strip()))


def _sensible(field: DateTimeLocalField) -> None:
    if field.data is not None and not YEARS[0] <= field.data.year <= YEARS[1]:
        raise ValidationError("Choose a date between 2000 and 2199.")


def _on_clock(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if instant is None else instant.astimezone(zone).replace(tzinfo=None)
