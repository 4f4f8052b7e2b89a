"""Taking back what purchases gave, one by a person or thousands of an import."""

from collections.abc import Mapping

from nxloy_web.actors import Actor
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import TransactionType, Why
from nxloy_web.tables.purchases import Purchase


def take_back(
    books: Books,
    whys: Mapping[str, Why],
    *,
    by: Actor,
    reason: str,
    import_undone: bool = False,
) -> None:
    """Take back what purchases gave in the program of the books. `whys` has what each entry says
    before its own arithmetic, by the purchase's id."""
    if not whys:
        return

    def cause_of(purchase_id: str) -> Cause:
        return Cause(
            type=TransactionType.ADJUSTED if import_undone else TransactionType.REFUNDED,
            source_kind="import_undone" if import_undone else "purchase_voided",
            source_id=purchase_id,
            by=by,
            at=books.at,
            why=whys[purchase_id],
            description=reason,
            order_id=purchase_id,
        )

    books.take_back("purchase", list(whys), cause_of)


def why_of(purchase: Purchase) -> Why:
    """How the points came about that are taken back."""
    earned = purchase.why
    return Why(
        rule=earned.rule,
        rule_version=earned.rule_version,
        inputs={"purchase": purchase.id, "earned": purchase.points},
        steps=earned.steps,
    )
