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
from nxloy_web.current_business import home_region
from nxloy_web.customers import spelling
from nxloy_web.errors import NotUsable
from nxloy_web.web.fields import options
from nxloy_web.web.forms import AskingForm, BaseForm, CreateForm, EditForm
from nxloy_web.web.list_fields import TagsField

MOST_POINTS = 1_000_000
FIRST_BIRTH_YEAR = 1900
LAST_YEAR = 2099


def _at_most(length: int, what: str) -> Length:
    return Length(max=length, message=f"{what} has at most {length:,} characters.")


class _Details(BaseForm):
    first_name = StringField(
        "First name", validators=[MayBeEmpty(), _at_most(spelling.LONGEST_NAME, "A name")]
    )
    last_name = StringField(
        "Last name", validators=[MayBeEmpty(), _at_most(spelling.LONGEST_NAME, "A name")]
    )
    email = EmailField("E-mail")
    phone = TelField("Phone")
    date_of_birth = DateField("Date of birth", validators=[MayBeEmpty()])
    external_id = StringField(
        "Customer number",
        validators=[MayBeEmpty(), _at_most(spelling.LONGEST_NUMBER, "A customer number")],
    )
    tags = TagsField("Tags")
    notes = TextAreaField(
        "Notes",
        validators=[
            MayBeEmpty(),
            Length(
                max=spelling.LONGEST_NOTES,
                message=f"Notes have at most {spelling.LONGEST_NOTES:,} characters.",
            ),
        ],
    )
    email_opt_in = BooleanField("Offers by e-mail")
    sms_opt_in = BooleanField("Offers by text message")
    referrer = StringField("Referred by", validators=[MayBeEmpty(), _at_most(120, "This")])
    referred_by = RadioField(validate_choice=False)
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

    def validate_tags(self, field: TagsField) -> None:
        try:
            spelling.clean_tags(field.data)
        except spelling.NotPossible as error:
            raise ValidationError(str(error)) from error

    def validate(self, extra_validators: object = None) -> bool:
        valid = bool(super().validate(extra_validators))
        if not self.email.data and not self.phone.data:
            self.refuse("email", "Enter an e-mail address or a phone number. One is needed.")
            return False
        return valid


class NewCustomerForm(CreateForm, _Details):
    pass


class EditCustomerForm(EditForm, _Details):
    pass


class AdjustForm(AskingForm, CreateForm):
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


class _LastDayField(DateField):
    """The last day of what may also have no end: the form's `ends` says which."""

    data: date | None

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if form.ends.data != "day":
            self.data = None
            self.errors = ()
        elif self.data is None and not self.errors:
            raise ValidationError("Say which day is the last one.")
        elif self.data is not None and self.data.year > LAST_YEAR:
            raise ValidationError(f"Choose a day before {LAST_YEAR + 1}.")


class TierByHandForm(CreateForm):
    tier_id = SelectField("At least")
    ends = RadioField(
        "Until",
        choices=options([("day", "A day"), ("changed", "Somebody changes it")]),
        default="day",
    )
    last_day = _LastDayField("Last day", validators=[MayBeEmpty()])
    reason = StringField("Reason", validators=[DataRequired("Say why."), _at_most(200, "A reason")])
    instead_of = HiddenField()
    """What the page has shown: the form that set it, if anything was set."""


class TakeTierForm(BaseForm):
    shown = HiddenField()
    """The same."""


class VoidForm(AskingForm):
    reason = StringField("Reason", validators=[DataRequired("Say why."), _at_most(200, "A reason")])


def _checked(field: Any, read: Any) -> None:
    if not field.data:
        return
    try:
        read(field.data)
    except NotUsable as error:
        raise ValidationError(str(error)) from error
