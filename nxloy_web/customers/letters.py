"""Letters to customers about their card.

They tell people about something they asked for, so they go to everybody who has an address;
the opt-ins are about offers.
"""

from dataclasses import dataclass, replace

from sqlalchemy import select

from nxloy_web import host
from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.events import Event
from nxloy_web.jobs import enqueue, task
from nxloy_web.mail import service as mail
from nxloy_web.mail.letters import Words
from nxloy_web.tables.customers import Customer


@dataclass(frozen=True, kw_only=True)
class CustomerWords(Words):
    """A letter to a customer. Whose and from which business, `write` fills in."""

    name: str = ""


@dataclass(frozen=True, kw_only=True)
class WelcomeWords(CustomerWords):
    kind: str = "welcome"
    link: str


def welcome(event: Event) -> None:
    """Queue the first letter; it goes only if the card is saved. Whom an import brings gets none:
    they have had their card for a long time."""
    if event.name == "customer.enrolled":
        enqueue(greet, customer_id=event.subject.id)


@task("customers.greet")
def greet(customer_id: str) -> None:
    customer = db.session.scalar(select(Customer).where(Customer.id == customer_id))
    if customer is not None and is_reachable(customer):
        subject = f"Your card for {current_business().name}"
        write(customer, WelcomeWords(subject=subject, link=link("portal.card")))


def is_reachable(customer: Customer) -> bool:
    return bool(customer.email) and not customer.is_deleted and customer.erased_at is None


def write(customer: Customer, words: CustomerWords) -> None:
    """Send these words to a customer with an address, in the business's name and colour."""
    business = current_business()
    addressed = replace(
        words,
        name=customer.first_name or customer.name,
        business_name=business.name,
        hue=business.settings.hue,
        reply_to=business.settings.contact_email,
        footer=(
            f"{business.name} sends you this because you have a card there.\n"
            f"What it keeps about you, and how to leave: {link('portal.profile')}"
        ),
    )
    mail.send(customer.email or "", addressed)


def link(endpoint: str, **values: str) -> str:
    """The address of a page of the portal."""
    return host.address(endpoint, slug=current_business().slug, **values)
