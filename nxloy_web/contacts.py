"""One spelling per address and number: what is compared, searched and kept unique."""

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from nxloy_web.errors import NotUsable
from nxloy_web.texts import _

LONGEST_EMAIL = 254
LONGEST_PHONE = 40


def email_norm(text: str) -> str:
    """The address as we compare it. Raises NotUsable.

    The part before the @ is folded to small letters too: no provider people use tells Ann@ from
    ann@, and a customer types it differently each time.
    """
    typed = unicodedata.normalize("NFC", text).strip()
    if not typed:
        raise NotUsable(_("Enter an e-mail address."))
    if len(typed) > LONGEST_EMAIL:
        raise NotUsable(_("This is too long for an e-mail address."))
    try:
        found = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        raise NotUsable(
            _("Enter an e-mail address with an @ and a full stop, like ann@example.com.")
        ) from None
    return found.normalized.lower()


def mailbox(email_norm: str) -> str:
    """Where mail to this address arrives: ann+shop@example.com is ann@example.com's."""
    name, at, domain = email_norm.rpartition("@")
    return name.split("+")[0] + at + domain


def phone_e164(text: str, region: str | None) -> str:
    """The number as +49301234567. `region` (DE) explains numbers typed without a country code."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        raise NotUsable(_("Enter a phone number."))
    if len(typed) > LONGEST_PHONE:
        raise NotUsable(_("This is too long for a phone number."))
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise NotUsable(_HOW_TO_TYPE) from None
    if not phonenumbers.is_valid_number(number):
        number = _as_dialled_today(number)
    if not phonenumbers.is_valid_number(number):
        raise NotUsable(_HOW_TO_TYPE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_MEXICO = 52
_OLD_MEXICAN = re.compile(r"(?:1|44|45)(\d{10})")


def _as_dialled_today(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """Mexican mobile numbers had a 1 behind +52, and 044 or 045 within the country, until 2019.
    They stand so in many address books."""
    old = _OLD_MEXICAN.fullmatch(str(number.national_number))
    if number.country_code != _MEXICO or old is None:
        return number
    return phonenumbers.PhoneNumber(country_code=_MEXICO, national_number=int(old[1]))


_HOW_TO_TYPE = _(
    "Enter a phone number, with its country code if it is from abroad: +44 20 7946 0958."
)
