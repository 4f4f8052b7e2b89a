"""What a cashier types. Amounts are read in the business's currency, with a comma or a point."""

from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    StringField,
    TelField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from nxloy_web.web.forms import AskingForm, CreateForm
from nxloy_web.web.money_field import MoneyField


class PurchaseForm(AskingForm, CreateForm):
    amount = MoneyField("Amount paid", validators=[InputRequired("Enter what the customer paid.")])
    order_ref = StringField(
        "Receipt number",
        validators=[
            MayBeEmpty(),
            Length(max=60, message="A receipt number has at most 60 characters."),
        ],
    )
    again_of = HiddenField()
    """The voided purchase that this one puts right."""
    confirmed = HiddenField()
    """The points somebody has confirmed as more than usual; empty before that."""

    def validate_amount(self, field: MoneyField) -> None:
        if field.data == 0:
            raise ValidationError("A purchase of 0 earns nothing. Enter what the customer paid.")

    @property
    def confirmed_points(self) -> int:
        typed = self.confirmed.data or ""
        return int(typed) if typed.isdecimal() and len(typed) < 12 else 0

    def ask_to_confirm(self, points: int) -> None:
        """Draw the form so that its next press says yes to these points, and to no more."""
        self.confirmed.data = str(points)


class EnrolForm(CreateForm):
    first_name = StringField(
        "First name", validators=[MayBeEmpty(), Length(max=80, message="At most 80 characters.")]
    )
    last_name = StringField(
        "Last name", validators=[MayBeEmpty(), Length(max=80, message="At most 80 characters.")]
    )
    phone = TelField("Phone", validators=[MayBeEmpty(), Length(max=30)])
    email = EmailField("E-mail", validators=[MayBeEmpty(), Length(max=254)])
    email_opt_in = BooleanField("May we write to them about offers?")

    def validate(self, extra_validators: object = None) -> bool:
        valid = super().validate(extra_validators)
        if not self.phone.data and not self.email.data:
            self.refuse("phone", "Enter a phone number or an e-mail address.")
            return False
        return bool(valid)


class RewardForm(CreateForm):
    """Ask for a reward on behalf of the customer who stands at the counter."""

    reward_id = HiddenField(validators=[DataRequired()])
