"""What people type to come in."""

from typing import Any

from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, ValidationError

from nxloy_web.businesses import choices, slugs
from nxloy_web.db import doors
from nxloy_web.identity import passwords
from nxloy_web.web.fields import NAME, at_most, is_email, needed, no_link, one_line, options_of
from nxloy_web.web.forms import BaseForm, CreateForm

_AS_NEW = {"autocomplete": "new-password"}
_AS_CURRENT = {"autocomplete": "current-password"}


def _email(label: str = "E-mail", autocomplete: str = "email") -> EmailField:
    return EmailField(label, [is_email], render_kw={"autocomplete": autocomplete})


def _name() -> StringField:
    return StringField(
        "Your name",
        [*needed("Enter your name."), no_link],
        filters=[one_line],
        render_kw={"autocomplete": "name", "maxlength": NAME},
    )


def _new_password(label: str = "Password") -> PasswordField:
    return PasswordField(
        label,
        [InputRequired("Choose a password.")],
        description=f"At least {passwords.SHORTEST} characters; a few words are good.",
        render_kw=_AS_NEW,
    )


def _check_password(field: PasswordField, *own_words: str) -> None:
    sentence = passwords.objection(field.data or "", *own_words)
    if sentence:
        raise ValidationError(sentence)


class SignInForm(BaseForm):
    email = EmailField(
        "E-mail", [InputRequired("Enter your e-mail address."), at_most(254)],
        render_kw={"autocomplete": "username"},
    )  # fmt: skip
    password = PasswordField(
        "Password", [InputRequired("Enter your password."), at_most(passwords.LONGEST)],
        render_kw=_AS_CURRENT,
    )  # fmt: skip
    next = HiddenField()


class BusinessForm(CreateForm):
    """A new business. `new_id` is its id: pressing twice makes one."""

    business_name = StringField(
        "Business",
        [*needed("Enter the name of your business."), no_link],
        filters=[one_line],
        description="What customers know you as.",
        render_kw={"autocomplete": "organization", "maxlength": NAME},
    )
    slug = StringField(
        "Web address",
        description="It is printed on posters, so it never changes.",
        render_kw={"autocapitalize": "none", "spellcheck": "false", "maxlength": slugs.LONGEST},
    )
    proposed = HiddenField()
    currency = SelectField("Currency", choices=options_of(choices.currencies))
    timezone = SelectField("Timezone", choices=options_of(choices.timezones))
    location_name = StringField(
        "First location",
        needed("Enter the name of a shop, like its street."),
        filters=[one_line],
        description="The shop, or its street. You can add more later.",
        render_kw={"maxlength": NAME},
    )

    def validate_slug(self, field: StringField) -> None:
        slug = (field.data or "").lower()
        if not slug or slug == self.proposed.data:
            slug = free_slug(self.business_name.data or "", self.new_id.data)
            if not slug:
                raise ValidationError("Choose a web address for your business.")
        field.data = slug
        sentence = slug_objection(slug, self.new_id.data)
        if sentence:
            raise ValidationError(sentence)


class SignUpForm(BusinessForm):
    name = _name()
    email = _email()
    password = _new_password()

    def validate_password(self, field: PasswordField) -> None:
        own = (self.email.data, self.name.data, self.business_name.data)
        _check_password(field, *(word or "" for word in own))


class VerifyForm(BaseForm):
    """Asked only in a browser that did not sign up itself."""

    password = PasswordField("Password", [at_most(passwords.LONGEST)], render_kw=_AS_CURRENT)


class ForgottenForm(BaseForm):
    email = _email(autocomplete="username")


class NewPasswordForm(BaseForm):
    password = _new_password("New password")

    def validate_password(self, field: PasswordField) -> None:
        _check_password(field)


class NameForm(BaseForm):
    name = _name()


class EmailForm(BaseForm):
    """`current` is asked of people who have a password."""

    email = _email("New e-mail")
    current = PasswordField(
        "Your password",
        [at_most(passwords.LONGEST)],
        id="email-current",
        render_kw=_AS_CURRENT,
    )


class PasswordForm(BaseForm):
    current = PasswordField(
        "Current password", [InputRequired("Enter your current password.")], render_kw=_AS_CURRENT
    )
    password = _new_password("New password")

    def validate_password(self, field: PasswordField) -> None:
        _check_password(field)


class JoinForm(BaseForm):
    """A person who comes through an invitation and has no account yet."""

    name = _name()
    password = _new_password()

    def validate_password(self, field: PasswordField) -> None:
        _check_password(field, self.name.data or "")


def free_slug(business_name: str, own_id: Any) -> str:
    """A web address made of the name that nobody has; empty when the name gives none."""
    wanted = slugs.proposal(business_name)
    if not wanted:
        return ""
    for slug in (wanted, *slugs.others(wanted)):
        if not _is_taken(slug, own_id):
            return slug
    return ""


def slug_objection(slug: str, own_id: Any) -> str | None:
    sentence = slugs.objection(slug)
    if sentence is None and _is_taken(slug, own_id):
        free = next((other for other in slugs.others(slug) if not _is_taken(other, own_id)), None)
        hint = f" {free} is free." if free else ""
        sentence = f"Another business has this web address.{hint}"
    return sentence


def _is_taken(slug: str, own_id: Any) -> bool:
    # A second press of the form finds the business the first one made.
    front = doors.front(slug)
    return front is not None and front.business_id != own_id
