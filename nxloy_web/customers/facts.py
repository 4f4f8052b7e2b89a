"""What people write down about a customer."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class CustomerFacts:
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    date_of_birth: date | None
    external_id: str | None
    tags: list[str]
    notes: str
    email_opt_in: bool
    sms_opt_in: bool
    referred_by: str | None


NEWCOMER = CustomerFacts(
    first_name=None,
    last_name=None,
    email=None,
    phone=None,
    date_of_birth=None,
    external_id=None,
    tags=[],
    notes="",
    email_opt_in=True,
    sms_opt_in=False,
    referred_by=None,
)
"""What holds of a new customer until somebody says otherwise, as in the table. For
`dataclasses.replace`: an edit begins with the facts of its row instead."""


@dataclass(frozen=True)
class ProfileFacts:
    """What customers may change of their own card."""

    first_name: str | None
    last_name: str | None
    phone: str | None
    email_opt_in: bool
    sms_opt_in: bool
