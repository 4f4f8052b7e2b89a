"""The ways to reach a customer: as typed, and as compared."""

from nxloy_web import contacts
from nxloy_web.current_business import home_region
from nxloy_web.errors import BusinessRule, NotUsable
from nxloy_web.texts import Text, _


class NotReachable(BusinessRule):
    message = _("Enter an e-mail address or a phone number. One of them is needed.")

    def __init__(self, message: Text | None = None, field: str = "email") -> None:
        super().__init__(message)
        self.field = field


def email_columns(typed: str | None) -> dict[str, str | None]:
    """What an address fills: as it is shown, and as it is compared."""
    if not typed or not typed.strip():
        return {"email": None, "email_norm": None}
    try:
        return {"email": typed.strip(), "email_norm": contacts.email_norm(typed)}
    except NotUsable as error:
        raise NotReachable(error.message, "email") from error


def phone_columns(typed: str | None) -> dict[str, str | None]:
    """What a number fills: as it is shown, and as it is compared."""
    if not typed or not typed.strip():
        return {"phone_number": None, "phone_e164": None}
    try:
        number = contacts.phone_e164(typed, home_region())
    except NotUsable as error:
        raise NotReachable(error.message, "phone") from error
    return {"phone_number": " ".join(typed.split()), "phone_e164": number}
