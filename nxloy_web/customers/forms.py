"""What people type about a customer."""

from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from nxloy_web import clock, contacts
from nxloy_web.customers import service
from nxloy_web.customers.reach import home_region
from nxloy_web.errors import NotUsable
from nxloy_web.tables.customers import Customer
from nxloy_web.web.fields import options
from nxloy_web.web.forms import BaseForm, CreateForm, EditForm

MOST_POINTS = 1_000_000
FIRST_BIRTH_YEAR = 1900


def _at_most(length: int, what: str) -> Length:
    return Length(max=length, message=f"{what} has at most {length:,} characters.")


class _Details(BaseForm):
    first_name = StringField(
        "First name", validators=[MayBeEmpty(), _at_most(service.LONGEST_NAME, "A name")]
    )
    last_name = StringField(
        "Last name", validators=[MayBeEmpty(), _at_most(service.LONGEST_NAME, "A name")]
    )
    email = EmailField("E-mail")
    phone = TelField("Phone")
    date_of_birth = DateField("Date of birth", validators=[MayBeEmpty()])
    external_id = StringField(
        "Customer number", validators=[MayBeEmpty(), _at_most(60, "A customer number")]
    )
    tags = StringField("Tags", validators=[MayBeEmpty(), _at_most(600, "The list of tags")])
    notes = TextAreaField(
        "Notes",
        validators=[
            MayBeEmpty(),
            Length(
                max=service.LONGEST_NOTES,
                message=f"Notes have at most {service.LONGEST_NOTES:,} characters.",
            ),
        ],
    )
    email_opt_in = BooleanField("Offers by e-mail")
    sms_opt_in = BooleanField("Offers by text message")
    referrer = StringField("Referred by", validators=[MayBeEmpty(), _at_most(120, "This")])
    referred_by = HiddenField()
    """Whom of several with that name; chosen from the list under the field."""

    def validate_email(self, field: EmailField) -> None:
        _checked(field, lambda text: contacts.email_norm(text))

    def validate_phone(self, field: TelField) -> None:
        _checked(field, lambda text: contacts.phone_e164(text, home_region()))

    def validate_date_of_birth(self, field: DateField) -> None:
        if field.data is None:
            return
        if field.data > clock.now().date():
            raise ValidationError("This day is still to come.")
        if field.data < date(FIRST_BIRTH_YEAR, 1, 1):
            raise ValidationError(f"Enter a day after {FIRST_BIRTH_YEAR}.")

    def validate_tags(self, field: StringField) -> None:
        try:
            service.clean_tags(tags_of(field.data))
        except service.NotPossible as error:
            raise ValidationError(str(error)) from error

    def validate(self, extra_validators: object = None) -> bool:
        valid = bool(super().validate(extra_validators))
        if not self.email.data and not self.phone.data:
            self.refuse("email", "Enter an e-mail address or a phone number. One is needed.")
            return False
        return valid

    def details(self) -> dict[str, Any]:
        """What the form says, as the service takes it; without the referrer."""
        return {
            "first_name": self.first_name.data,
            "last_name": self.last_name.data,
            "email": self.email.data,
            "phone": self.phone.data,
            "date_of_birth": self.date_of_birth.data,
            "external_id": self.external_id.data,
            "tags": tags_of(self.tags.data),
            "notes": self.notes.data or "",
            "email_opt_in": self.email_opt_in.data,
            "sms_opt_in": self.sms_opt_in.data,
        }


class NewCustomerForm(CreateForm, _Details):
    pass


class EditCustomerForm(EditForm, _Details):
    @staticmethod
    def shown(customer: Customer, referrer: Customer | None) -> dict[str, Any]:
        """A customer as the form shows it."""
        return {
            "version": customer.version,
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "email": customer.email,
            "phone": customer.phone_number or customer.phone_e164,
            "date_of_birth": customer.date_of_birth,
            "external_id": customer.external_id,
            "tags": ", ".join(customer.tags),
            "notes": customer.preferences.notes,
            "email_opt_in": customer.email_opt_in,
            "sms_opt_in": customer.sms_opt_in,
            "referrer": referrer.card_code if referrer else "",
        }


class AdjustForm(CreateForm):
    program_id = SelectField("Program")
    direction = RadioField(
        "What to do",
        choices=options([("add", "Add points"), ("take", "Take points")]),
        default="add",
    )
    points = IntegerField(
        "Points",
        validators=[
            InputRequired("Enter how many points."),
            NumberRange(1, MOST_POINTS, f"Enter a number from 1 to {MOST_POINTS:,}."),
        ],
    )
    reason = StringField("Reason", validators=[DataRequired("Say why."), _at_most(200, "A reason")])

    @property
    def amount(self) -> int:
        points: int = self.points.data
        return points if self.direction.data == "add" else -points


class VoidForm(BaseForm):
    reason = StringField("Reason", validators=[DataRequired("Say why."), _at_most(200, "A reason")])


def tags_of(typed: str | None) -> list[str]:
    """Tags as typed: with commas between them."""
    return (typed or "").replace("#", " ").replace(";", ",").split(",")


def _checked(field: Any, read: Any) -> None:
    if not field.data:
        return
    try:
        read(field.data)
    except NotUsable as error:
        raise ValidationError(str(error)) from error
