"""What an owner types about the business, its shops and its team."""

from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, NumberRange, Optional

from nxloy_web import contacts
from nxloy_web.businesses import choices
from nxloy_web.current_business import home_region
from nxloy_web.errors import NotUsable
from nxloy_web.permissions import Role
from nxloy_web.web.fields import (
    NAME,
    at_most,
    is_email,
    needed,
    no_link,
    one_line,
    options,
    options_of,
)
from nxloy_web.web.forms import BaseForm, CreateForm, EditForm
from nxloy_web.zones import country_of, present_name

HUES = (
    ("285", "Violet"), ("255", "Blue"), ("215", "Sky"), ("185", "Teal"), ("150", "Green"),
    ("110", "Olive"), ("70", "Amber"), ("45", "Orange"), ("25", "Red"), ("345", "Pink"),
)  # fmt: skip

ROLE_CARDS = {
    Role.OWNER.value: {"icon": "crown", "text": "Everything, also settings and team."},
    Role.MANAGER.value: {"icon": "shield-check", "text": "Programs, rewards, customers, imports."},
    Role.STAFF.value: {"icon": "store", "text": "The counter: customers, points, redemptions."},
    Role.ANALYST.value: {"icon": "chart-line", "text": "Reads everything, changes nothing."},
}
_ROLES = [(role.value, role.value.capitalize()) for role in Role]


def _number(label: str, least: int, most: int, description: str) -> IntegerField:
    sentence = f"Enter a whole number from {least:,} to {most:,}."
    return _WholeNumberField(
        label, [InputRequired(sentence), NumberRange(least, most, sentence)],
        description=description, sentence=sentence,
    )  # fmt: skip


def _limit(label: str, description: str = "") -> IntegerField:
    """A number of points that may be left out: no limit."""
    sentence = "Enter a whole number from 0 to 1,000,000,000, or nothing for no limit."
    return _WholeNumberField(
        label, [Optional(), NumberRange(0, 1_000_000_000, sentence)],
        description=description, sentence=sentence,
    )  # fmt: skip


class _WholeNumberField(IntegerField):
    """Says what it wants when somebody types words."""

    def __init__(self, *args: Any, sentence: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sentence = sentence

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.sentence) from None


class SettingsForm(EditForm):
    name = StringField(
        "Name", [*needed("Enter the name of your business."), no_link], filters=[one_line],
        render_kw={"maxlength": NAME},
    )  # fmt: skip
    timezone = SelectField(
        "Timezone",
        choices=options_of(choices.timezones),
        filters=[lambda zone: zone and present_name(zone)],
        description="Days begin and end on this clock.",
    )
    locale = SelectField(
        "Figures and dates",
        choices=options_of(choices.locales),
        description="How they are written.",
    )
    currency = SelectField("Currency", choices=options_of(choices.currencies))
    hue = SelectField("Colour", choices=[], coerce=int)
    contact_email = EmailField(
        "E-mail for customers", [Optional(), is_email], filters=[lambda typed: typed or ""],
        description="Answers to your mails go there. Empty: mails cannot be answered.",
    )  # fmt: skip
    usual_points = _number(
        "Usual points", 1, 1_000_000,
        "The counter asks again before it gives more for one purchase.",
    )  # fmt: skip
    staff_adjust_limit = _number("By hand, at once", 0, 1_000_000, "Give, take or void.")
    staff_adjust_day_limit = _limit("By hand, a day")
    staff_purchase_limit = _limit("For one purchase")
    staff_customer_day_limit = _limit("To one customer, a day", "By purchases and by hand.")
    staff_day_limit = _limit("To all customers, a day", "By purchases and by hand.")
    manager_adjust_limit = _limit("By hand, at once", "Give, take or void.")
    manager_adjust_day_limit = _limit("By hand, a day")
    manager_purchase_limit = _limit("For one purchase")
    manager_customer_day_limit = _limit("To one customer, a day", "By purchases and by hand.")
    manager_day_limit = _limit("To all customers, a day", "By purchases and by hand.")
    alone_may_serve_self = BooleanField(
        "The only person of the team may serve themselves",
        description="Give points, decide and hand over for their own card. The audit log says so.",
    )
    balance_may_go_negative = BooleanField(
        "Balances may go below zero",
        description="When a purchase is voided whose points are spent already. Else it stops at 0.",
    )
    redemption_days = _number(
        "Days to collect a reward", 1, 365,
        "After that a request lapses and gives everything back.",
    )  # fmt: skip

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.hue.choices = options(_hues(self.hue.object_data))
        self._keep_timezone()

    def _keep_timezone(self) -> None:
        """A clock without a country, like UTC, is not offered, but nobody loses theirs."""
        mine = self.timezone.object_data
        if mine and country_of(mine) is None:
            self.timezone.choices = [*options([(mine, mine)]), *self.timezone.choices]


class LocationFields(BaseForm):
    name = StringField(
        "Name", needed("Enter a name, like the street."), filters=[one_line],
        render_kw={"maxlength": NAME},
    )  # fmt: skip
    address = TextAreaField("Address", [at_most(300)])


class NewLocationForm(LocationFields, CreateForm):
    pass


class EditLocationForm(LocationFields, EditForm):
    pass


class InvitationForm(CreateForm):
    email = EmailField("E-mail", [is_email], render_kw={"autocomplete": "off"})
    role = RadioField("Role", choices=options(_ROLES), default=Role.STAFF.value)


class RoleForm(EditForm):
    role = RadioField("Role", choices=options(_ROLES))
    phone = TelField(
        "Phone",
        [at_most(contacts.LONGEST_PHONE)],
        description="A card with this number is their own: somebody else gives points to it.",
        render_kw={"autocomplete": "off"},
    )

    def validate_phone(self, field: TelField) -> None:
        if field.data and field.data != field.object_data:
            try:
                contacts.phone_e164(field.data, home_region())
            except NotUsable as error:
                raise ValidationError(str(error)) from None


def _hues(present: Any) -> list[tuple[str, str]]:
    known = dict(HUES)
    if present is None or str(present) in known:
        return list(HUES)
    return [(str(present), f"Own colour ({present}°)"), *HUES]
