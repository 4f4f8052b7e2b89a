"""What somebody of the team may do with points: never for themselves, and up to a limit.

An owner has no limit. Above a limit somebody else agrees: `approvals`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from nxloy_web.actors import Actor
from nxloy_web.current_business import current_business, current_zone
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger.account import Person
from nxloy_web.ledger.teammates import Card, Moved, Teammate, teammate, teammate_today
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.customers import Customer
from nxloy_web.texts import Text, _

UNDO_WITHIN = timedelta(minutes=2)
"""A slip, of points given or a reward handed over, is taken back by who made it, for so long."""


class OwnPoints(BusinessRule):
    message = _("This is your own card. Somebody else of the team has to do this for you.")


class OverLimit(BusinessRule):
    """Somebody else may agree to it."""

    message = _("This is more than you may give. Ask somebody else to agree.")


class CustomerBlocked(BusinessRule):
    message = _("This customer is blocked. A manager can lift the block on the customer's page.")


@dataclass(frozen=True)
class Limits:
    """The most points of a role; None is no limit."""

    by_hand: int | None = None
    """Added, taken or voided at once."""
    by_hand_a_day: int | None = None
    purchase: int | None = None
    customer_a_day: int | None = None
    a_day: int | None = None


NONE = Limits()
NOTHING = Moved()


def limits_of(role: Role | None, settings: BusinessSettings) -> Limits:
    match role:
        case Role.STAFF:
            return Limits(
                settings.staff_adjust_limit,
                settings.staff_adjust_day_limit,
                settings.staff_purchase_limit,
                settings.staff_customer_day_limit,
                settings.staff_day_limit,
            )
        case Role.MANAGER:
            return Limits(
                settings.manager_adjust_limit,
                settings.manager_adjust_day_limit,
                settings.manager_purchase_limit,
                settings.manager_customer_day_limit,
                settings.manager_day_limit,
            )
    return NONE


def has_any(by: Actor) -> bool:
    """Whether they have a limit in this business."""
    return limits_of(by.role, current_business().settings) != NONE


@dataclass(frozen=True)
class Giver:
    """Somebody who is about to move points of a customer."""

    by: Actor
    """Marked when it is their own card, so that the audit log says so."""
    limits: Limits = NONE
    moved: Moved = NOTHING

    def refuse_by_hand(self, amount: int) -> None:
        points = abs(amount)
        _refuse(self.limits.by_hand, points, _at_once)
        _refuse(self.limits.by_hand_a_day, self.moved.by_hand + points, _by_hand_a_day)
        if amount > 0:
            self._refuse_a_day(amount)

    def refuse_purchase(self, points: int) -> None:
        _refuse(self.limits.purchase, points, _of_purchase)
        self._refuse_a_day(points)

    def _refuse_a_day(self, points: int) -> None:
        _refuse(self.limits.customer_a_day, self.moved.of_customer + points, _customer_a_day)
        _refuse(self.limits.a_day, self.moved.given + points, _a_day)


def _at_once(limit: int, points: int) -> Text:
    return _(
        "You may correct up to %(limit)s points at once; this is %(points)s.",
        limit=limit,
        points=points,
    )


def _by_hand_a_day(limit: int, points: int) -> Text:
    return _(
        "You may correct up to %(limit)s points a day by hand; with this it would be %(points)s.",
        limit=limit,
        points=points,
    )


def _of_purchase(limit: int, points: int) -> Text:
    return _(
        "You may give up to %(limit)s points for one purchase; this gives %(points)s.",
        limit=limit,
        points=points,
    )


def _customer_a_day(limit: int, points: int) -> Text:
    return _(
        "You may give one customer up to %(limit)s points a day; with this it would be %(points)s.",
        limit=limit,
        points=points,
    )


def _a_day(limit: int, points: int) -> Text:
    return _(
        "You may give up to %(limit)s points a day; with this it would be %(points)s.",
        limit=limit,
        points=points,
    )


def giver(
    by: Actor, customer_id: str, card: Card, *, at: datetime, may_be_own: bool = False
) -> Giver:
    """Who moves points of this customer. Raises OwnPoints for their own card."""
    if by.kind != "team" or by.user_id is None:
        return Giver(by)
    mate, moved = teammate_today(by.user_id, customer_id, _start_of_day(at))
    if not may_be_own:
        by = _not_own(mate, by, card)
    return Giver(by, limits_of(by.role, current_business().settings), moved)


def not_for_themselves(by: Actor, card: Card) -> Actor:
    """Nobody decides or hands over for themselves. Raises OwnPoints; where it is allowed, the
    actor is marked."""
    if by.kind != "team" or by.user_id is None:
        return by
    return _not_own(teammate(by.user_id), by, card)


def is_refused(mate: Teammate, card: Card) -> bool:
    """Whether the card is theirs, and they may not serve themselves."""
    return mate.owns(card) and not mate.may_serve_themselves


def refuse_void(points: int, by: Actor) -> None:
    """A void takes points by hand; it gives none, so that one's own purchase may be voided."""
    _refuse(limits_of(by.role, current_business().settings).by_hand, points, _at_once)


def refuse_blocked(customer: Customer | Person) -> None:
    if customer.is_blocked:
        raise CustomerBlocked


def _refuse(limit: int | None, points: int, sentence: Callable[[int, int], Text]) -> None:
    if limit is not None and points > limit:
        raise OverLimit(sentence(limit, points))


def _not_own(mate: Teammate, by: Actor, card: Card) -> Actor:
    if not mate.owns(card):
        return by
    if is_refused(mate, card):
        raise OwnPoints
    return replace(by, on_own_card=True)


def _start_of_day(at: datetime) -> datetime:
    zone = current_zone()
    return datetime.combine(at.astimezone(zone).date(), time.min, tzinfo=zone)
