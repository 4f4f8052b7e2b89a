"""What entries say: the arithmetic of moves in lines that people read."""

from dataclasses import replace

from nxloy_web.actors import SYSTEM
from nxloy_web.ledger.account import Lot
from nxloy_web.ledger.causes import Cause
from nxloy_web.ledger.moves import EXTRA_DAYS, Reversal
from nxloy_web.tables.points import TransactionType, Why


def of_expiry(lot: Lot) -> Cause:
    """Dated when the lot ended, however late this is written."""
    assert lot.ends_at is not None
    steps = [f"{lot.remaining:,} of the {lot.amount:,} points were left when they expired"]
    return Cause(
        type=TransactionType.EXPIRED,
        source_kind="lot",
        source_id=lot.id,
        by=SYSTEM,
        at=max(lot.ends_at, lot.available_at),
        why=Why(inputs={"lot": lot.id}, steps=steps),
        description="Expired",
    )


def of_line_again(cause: Cause, paid: int) -> Cause:
    """A voided purchase was recorded again, and a reward had eaten its points meanwhile."""
    steps = [f"{paid:,} had gone into a reward before the purchase was voided: 0 of them are new"]
    return replace(
        cause,
        type=TransactionType.ADJUSTED,
        why=Why(inputs={"paid": paid}, steps=steps),
        description="Recorded again",
    )


def of_return(why: Why, reversal: Reversal) -> Why:
    """What a purchase that comes back takes, in the order in which it takes it."""
    steps = [f"{reversal.wanted:,} to take back"]
    if reversal.expired:
        steps.append(f"{reversal.expired:,} of them had expired: nothing moves for these")
    if reversal.let_off > 0:
        steps.append(f"{reversal.let_off:,} of them were spent on a reward: they are let off")
    if reversal.owed > 0:
        steps.append(f"{reversal.owed:,} of them were spent on a reward: they are owed")
    steps.append(f"taken back: {reversal.moved:,}")
    return why.model_copy(update={"steps": [*why.steps, *steps]})


def of_reward_back(why: Why, reversal: Reversal) -> Why:
    """What comes back of a reward, and why the rest does not."""
    steps = [f"{reversal.moved:,} of {reversal.wanted:,} points come back with the dates they had"]
    if reversal.let_off:
        steps.append(f"{reversal.let_off:,} belonged to a purchase that was taken back")
    if reversal.paid_for_others:
        steps.append(
            f"{reversal.paid_for_others:,} pay for an earlier reward whose purchase was taken back"
        )
    if reversal.revived:
        steps.append(
            f"{reversal.revived:,} of them had expired and are good for {EXTRA_DAYS} days more"
        )
    if reversal.ended:
        steps.append(f"{reversal.ended:,} had expired for good")
    return why.model_copy(update={"steps": [*why.steps, *steps]})
