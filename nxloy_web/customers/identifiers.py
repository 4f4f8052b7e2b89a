"""What belongs to one living customer of a business: e-mail, phone, customer number, sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from nxloy_web.db import db
from nxloy_web.errors import BusinessRule
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import _

_KEYS = ("id", "email_norm", "phone_e164", "external_id", "user_id")
_FIELDS = {
    "email_norm": "email",
    "phone_e164": "phone",
    "external_id": "external_id",
    "user_id": "user_id",
}


class AlreadyCustomer(BusinessRule):
    message = _("Another customer has this already.")

    def __init__(self, customer: Customer, field: str) -> None:
        name = customer.name
        super().__init__(
            {
                "email": _("%(customer)s has this e-mail address already.", customer=name),
                "phone": _("%(customer)s has this phone number already.", customer=name),
                "external_id": _("%(customer)s has this customer number already.", customer=name),
                "user_id": _("%(customer)s has this sign-in already.", customer=name),
            }[field]
        )
        self.customer = customer
        self.field = field


def of(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in _KEYS}


def among(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in _KEYS}


@contextmanager
def taking(keys: dict[str, Any]) -> Iterator[None]:
    """Save the block's changes. Raises AlreadyCustomer when a living customer has one of `keys`,
    also when somebody else took it in the same moment."""
    _refuse_taken(keys)
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except IntegrityError:
        _refuse_taken(keys)
        raise


def _refuse_taken(keys: dict[str, Any]) -> None:
    asked = {name: keys[name] for name in _FIELDS if keys[name]}
    if not asked:
        return
    with db.session.no_autoflush:
        other = db.session.scalar(
            select(Customer)
            .where(
                or_(*(getattr(Customer, name) == value for name, value in asked.items())),
                Customer.id != keys["id"],
            )
            .limit(1)
        )
    if other is not None:
        taken = next(name for name, value in asked.items() if getattr(other, name) == value)
        raise AlreadyCustomer(other, _FIELDS[taken])
