"""Letters to customers about their card.

They tell people about something they asked for, so they go to everybody who has an address;
the opt-ins are about offers.
"""

from typing import Any

from sqlalchemy import select

from nxloy_web import host
from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.events import Event
from nxloy_web.jobs import enqueue, task
from nxloy_web.mail import service as mail
from nxloy_web.tables.customers import Customer


def welcome(event: Event) -> None:
    """Queue the first letter to who joined by themselves; it goes only if the card is saved."""
    if event.name == "customer.enrolled" and event.by.kind == "customer":
        enqueue(greet, customer_id=event.subject.id)


@task("customers.greet")
def greet(customer_id: str) -> None:
    customer = db.session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is not None and is_reachable(customer):
        subject = f"Your card for {current_business().name}"
        write(customer, "welcome", subject=subject, link=link("portal.card"))


def is_reachable(customer: Customer) -> bool:
    return bool(customer.email) and not customer.is_deleted and customer.erased_at is None


def write(customer: Customer, kind: str, *, subject: str, **facts: Any) -> None:
    """Send `mail/<kind>.txt` with the business's name and colour to a customer with an address."""
    business = current_business()
    mail.send(
        kind,
        customer.email or "",
        subject=subject,
        text_template=f"mail/{kind}.txt",
        name=customer.first_name or customer.name,
        business_name=business.name,
        hue=business.settings.hue,
        **facts,
    )


def link(endpoint: str, **values: str) -> str:
    """The address of a page of the portal."""
    return host.address(endpoint, slug=current_business().slug, **values)
