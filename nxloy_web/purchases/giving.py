"""What purchases give in one program, one purchase as well as thousands of an import."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from nxloy_web.actors import Actor
from nxloy_web.earning.points import ONE, Earned, best_of
from nxloy_web.earning.set_up import Program
from nxloy_web.earning.tiers import Tier
from nxloy_web.ledger import expiry
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import TransactionType


class Giving:
    """A program's rules beside locked balances of some customers."""

    def __init__(self, program: Program, books: Books) -> None:
        self.program = program
        self.books = books
        # The same amount in the same tier gives the same points for the same reason.
        self._earned = cache(self._earn)
        self._ends_at = cache(self._end)

    def know_again(self, purchase_ids: Iterable[str]) -> None:
        """These voided purchases have come again."""
        ids = list(purchase_ids)
        if ids:
            self.books.know_lines("purchase", ids)

    def quote(self, customer_id: str, amount_minor: int, occurred_at: datetime) -> Earned:
        """What a purchase gives, in the tier that is held by now."""
        standing, ladder = self.books.standing(customer_id), self.books.ladder
        ladder.reach(standing, occurred_at)  # a tier that was added meanwhile
        return self._earned(amount_minor, ladder.held_by(standing, self.books.at))

    def give(
        self,
        purchase_id: str,
        customer_id: str,
        earned: Earned,
        occurred_at: datetime,
        *,
        by: Actor,
        again_of: str | None = None,
    ) -> None:
        """Credit what a purchase has earned; nothing happens when that is nothing."""
        if not earned.points:
            return
        cause = Cause(
            type=TransactionType.EARNED,
            source_kind="purchase",
            source_id=purchase_id,
            by=by,
            at=self.books.at,
            occurred_at=occurred_at,
            why=earned.why,
            order_id=purchase_id,
        )
        ends_at = self._ends_at(occurred_at)
        self.books.credit(customer_id, earned.points, cause, ends_at=ends_at, again_of=again_of)

    def _earn(self, amount_minor: int, tier: Tier | None) -> Earned:
        return earn_in(self.program, tier, amount_minor)

    def _end(self, occurred_at: datetime) -> datetime | None:
        return expiry.expires_at(self.program.settings, occurred_at, self.books.set_up.zone)


def earn_in(program: Program, tier: Tier | None, amount_minor: int) -> Earned:
    """What an amount earns in a program, held in this tier."""
    return best_of(
        amount_minor,
        program.currency,
        rules=program.rules,
        multiplier=ONE if tier is None else tier.multiplier,
        tier_name=None if tier is None else tier.name,
    )
