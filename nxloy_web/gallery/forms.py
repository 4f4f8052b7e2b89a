"""A form with every kind of field, to look at."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    ColorField,
    DateField,
    DateTimeLocalField,
    EmailField,
    FileField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice as Choice
from wtforms.validators import InputRequired, Length


class SampleForm(FlaskForm):
    name = StringField(
        "Name",
        [InputRequired("Enter a name customers will recognise."), Length(max=80)],
        description="Shown to customers in the portal.",
    )
    points = IntegerField("Cost", [InputRequired("Enter a whole number of 1 or more.")])
    price = StringField("Price")
    email = EmailField("E-mail", [InputRequired("Enter an e-mail address like jo@example.com.")])
    secret = PasswordField("Password")
    tier = SelectField(
        "Available from tier",
        choices=[Choice("", "Everyone"), Choice("s", "Silver and above"), Choice("g", "Gold")],
    )
    kind = RadioField(
        "Kind of program",
        choices=[Choice("POINTS", "Points"), Choice("STAMPS", "Stamps"), Choice("TIERED", "Tiers")],
        default="POINTS",
    )
    when = RadioField(
        "Points can be spent", choices=[Choice("now", "At once"), Choice("later", "After a day")]
    )
    shops = SelectMultipleField(
        "Locations",
        choices=[Choice("q", "Quayside"), Choice("n", "Northgate"), Choice("m", "Market hall")],
    )
    starts_on = DateField("Starts")
    ends_at = DateTimeLocalField("Ends")
    about = TextAreaField("Description")
    picture = FileField("Picture", description="JPEG, PNG or WebP, up to 10 MB.")
    colour = ColorField("Colour", default="#6d4aff")
    approval = BooleanField(
        "Needs approval", description="Staff approve each request before hand-over.", default=True
    )
    terms = BooleanField("I have told the customer about the terms")
