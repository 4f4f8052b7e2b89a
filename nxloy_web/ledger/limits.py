"""Who may move how many points by hand, and never their own."""

from nxloy_web.actors import Actor
from nxloy_web.current_business import current_business
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger.account import Person
from nxloy_web.permissions import Permission
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import _


class OwnPoints(BusinessRule):
    message = _("This is your own card. Somebody else of the team has to do this for you.")


class OverLimit(BusinessRule):
    message = _("This is more than you may correct by hand. Ask a manager.")


class CustomerBlocked(BusinessRule):
    message = _("This customer is blocked. A manager can lift the block on the customer's page.")


def refuse_own(customer: Customer | Person, by: Actor) -> None:
    """Nobody gives points to themselves."""
    if by.user_id is not None and by.user_id == customer.user_id:
        raise OwnPoints


def refuse_blocked(customer: Customer | Person) -> None:
    if customer.is_blocked:
        raise CustomerBlocked


def refuse_over_limit(points: int, by: Actor) -> None:
    """Staff correct up to the business's limit; managers and the system without one."""
    if by.may(Permission.POINTS_CORRECT_ANY):
        return
    limit = current_business().settings.staff_adjust_limit
    if abs(points) > limit:
        raise OverLimit(
            _(
                "You may correct up to %(limit)s points at once; this is %(points)s."
                " Ask a manager.",
                limit=limit,
                points=abs(points),
            )
        )
