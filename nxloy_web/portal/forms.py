"""What a customer types on the phone."""

from wtforms import BooleanField, EmailField, Field, StringField, TelField, ValidationError
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from nxloy_web.contacts import LONGEST_EMAIL, LONGEST_PHONE, email_norm
from nxloy_web.customers.reach import NotReachable, phone_columns
from nxloy_web.errors import NotUsable
from nxloy_web.web.fields import no_link
from nxloy_web.web.forms import BaseForm, CreateForm, EditForm

LONGEST_NAME = 80
OFFERS = "Send me offers and news by e-mail"
TEXTS = "Send me offers by text message"


def real_email(form: BaseForm, field: Field) -> None:
    try:
        email_norm(field.data or "")
    except NotUsable as error:
        raise ValidationError(str(error)) from error


def real_phone(form: BaseForm, field: Field) -> None:
    try:
        phone_columns(field.data)
    except NotReachable as error:
        raise ValidationError(str(error)) from error


_NAME = Length(max=LONGEST_NAME, message=f"A name has at most {LONGEST_NAME} characters.")
_EMAIL = [
    DataRequired("Enter your e-mail address."),
    Length(max=LONGEST_EMAIL, message="This is too long for an e-mail address."),
    real_email,
]
_PHONE = [
    MayBeEmpty(),
    Length(max=LONGEST_PHONE, message="This is too long for a phone number."),
    real_phone,
]


class JoinForm(CreateForm):
    first_name = StringField(
        "First name", validators=[DataRequired("Enter your name."), _NAME, no_link]
    )
    last_name = StringField("Last name", validators=[MayBeEmpty(), _NAME, no_link])
    email = EmailField("E-mail", validators=_EMAIL)
    phone = TelField("Phone", validators=_PHONE)
    email_opt_in = BooleanField(OFFERS)
    sms_opt_in = BooleanField(TEXTS)


class SignInForm(BaseForm):
    email = EmailField("E-mail", validators=_EMAIL)


class CodeForm(BaseForm):
    code = StringField(
        "Code",
        validators=[
            DataRequired("Enter the six-digit code from the e-mail."),
            Length(max=40, message="The code has six digits."),
        ],
    )


class ProfileForm(EditForm):
    first_name = StringField(
        "First name", validators=[DataRequired("Enter your name."), _NAME, no_link]
    )
    last_name = StringField("Last name", validators=[MayBeEmpty(), _NAME, no_link])
    phone = TelField("Phone", validators=_PHONE)
    email_opt_in = BooleanField(OFFERS)
    sms_opt_in = BooleanField(TEXTS)


class AskForm(CreateForm):
    """Ask for a reward: the id of the redemption is drawn with the page."""
