"""Balances under their locks: moves happen in memory, and are written with a statement a table.

The one writer of the ledger. A purchase at the counter is a batch of one, an import a batch of
thousands; both go through here.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.earning.set_up import read_set_up
from nxloy_web.earning.tiers import Ladder
from nxloy_web.ledger import expiry, known, locked, moves, news, rows, sentences
from nxloy_web.ledger.account import Account, Lot, Person, Standing
from nxloy_web.ledger.causes import Cause
from nxloy_web.ledger.moves import Reversal, Step
from nxloy_web.ledger.news import News, TierMove
from nxloy_web.ledger.rows import Entry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import CustomerBalance, TransactionType
from nxloy_web.units import unit_of

MOST = 2_000_000_000
"""A balance holds at most this many points: the column's range, with room for one more credit."""


class Books:
    """The locked balances of some customers, of which those in one program move.

    Without a `program_id` all balances of the customers are locked, and `choose` says which.
    """

    def __init__(
        self,
        program_id: str | None,
        customer_ids: Collection[str],
        *,
        at: datetime,
        giver: Actor | None = None,
    ) -> None:
        """Lock the balances in id order; write off what has ended meanwhile.

        One `giver` gives at a time, so that what they gave today can be summed up.
        """
        self.at = at
        self.program_id = program_id or ""
        self._customer_ids = sorted(customer_ids)
        self._people: dict[str, Person] = {}
        self._lines: dict[tuple[str, str], str] = {}
        self._entries: list[Entry] = []
        self._reversals: list[rows.MadeReversal] = []
        self._expired: Counter[str] = Counter()
        self._accounts: dict[str, Account] = {}
        balances = locked.read(self._customer_ids, program_id)
        self.set_up = read_set_up(giver=giver)
        self._locked = {(row.customer_id, row.program_id): self._account(row) for row in balances}
        if program_id is not None:
            self.choose(program_id)

    def choose(self, program_id: str) -> bool:
        """Points move in this program. Whether balances had to be made: until then nobody held
        a lock, so what was read before may be old."""
        self.program_id = program_id
        missing = [one for one in self._customer_ids if (one, program_id) not in self._locked]
        if missing:
            locked.make(missing, program_id)
            for row in locked.read(missing, program_id):
                self._locked[row.customer_id, program_id] = self._account(row)
        self._accounts = {
            customer_id: self._locked[customer_id, program_id] for customer_id in self._customer_ids
        }
        self._settle()
        return bool(missing)

    @property
    def ladder(self) -> Ladder:
        """The tiers of the program, also when the program is deleted by now."""
        return next(
            (one.ladder for one in self.set_up.programs if one.id == self.program_id), _NO_TIERS
        )

    def unit(self, count: int) -> str:
        """What the program calls so many points."""
        mine = (one for one in self.set_up.programs if one.id == self.program_id)
        return unit_of(next(mine, None), count)

    def person(self, customer_id: str) -> Person:
        """The customer, read with the lock. Raises NotFound for a deleted or unknown one."""
        if customer_id not in self._people:
            customer = find(Customer, customer_id)
            self._people[customer_id] = Person(
                customer.id,
                customer.is_blocked,
                customer.user_id,
                customer.email_norm,
                customer.phone_e164,
            )
        return self._people[customer_id]

    def account(self, customer_id: str) -> Account:
        return self._accounts[customer_id]

    def standing(self, customer_id: str) -> Standing:
        return self._accounts[customer_id].standing

    def has_room(self, customer_id: str, amount: int) -> bool:
        standing = self.standing(customer_id)
        return max(standing.balance, standing.lifetime_points) + amount <= MOST

    def credit(
        self,
        customer_id: str,
        amount: int,
        cause: Cause,
        *,
        available_at: datetime | None = None,
        ends_at: datetime | None = None,
        again_of: str | None = None,
    ) -> Entry:
        """Add points as a lot of their own, which pays first what is owed.

        `ends_at` None never ends. `again_of` is the source of the voided purchase that has come
        again, after `know_lines`: what it left unpaid is paid.
        """
        account = self.account(customer_id)
        line = self._lines.get((account.standing.id, again_of)) if again_of else None
        lot_id = new_id()
        lot = Lot(
            id=lot_id,
            line_id=line or lot_id,
            entry_id=new_id(),
            source_id=cause.source_id,
            seq=0,
            amount=amount,
            worth=amount,
            remaining=amount,
            expired=0,
            available_at=available_at or cause.occurred_at or cause.at,
            ends_at=ends_at,
        )
        step, *paid_for_line = moves.credit(account, lot)
        entry = self._note(account, step, cause, lot.entry_id)
        for step in paid_for_line:
            self._note(account, step, sentences.of_line_again(cause, -step.amount), part=1)
        if lot.remaining and lot.has_ended(self.at):
            # An old purchase that was brought in late: its points are written, and written off.
            self._expire(account, lot)
        if cause.type is TransactionType.EARNED:
            account.standing.lifetime_points += amount
            self.ladder.reach(account.standing, cause.occurred_at or cause.at)
        return entry

    def know_lines(self, source_kind: str, source_ids: Collection[str]) -> None:
        """Read, for all at once, what voided purchases that have come again left unpaid."""
        accounts = self._accounts.values()
        self._lines |= known.lines_of(accounts, source_kind, source_ids)
        if self._lines:
            known.what_can_move(accounts)

    def debit(self, customer_id: str, amount: int, cause: Cause) -> Entry:
        """Take points out of the lots that end first. Raises moves.TooFew."""
        account = self.account(customer_id)
        known.open_lots([account])
        entry_id = new_id()
        return self._note(account, moves.debit(account, amount, entry_id), cause, entry_id)

    def take_back(
        self,
        source_kind: str,
        source_ids: Collection[str],
        cause_of: Callable[[str], Cause],
    ) -> None:
        """Purchases come back: what these sources gave is worth nothing from now on.

        The newest first, so that a tier is left in the order it was reached. What was earned
        counts no longer for tiers, whatever was left to take: a tier is not kept by spending
        quickly.
        """
        accounts = self._accounts.values()
        given = known.lots_of(accounts, source_kind, source_ids)
        known.what_can_move(accounts, homes=_eaten(accounts))
        for account in accounts:
            lots = [lot for lot in account.lots.values() if lot.id in given]
            for lot in sorted(lots, key=lambda one: one.seq, reverse=True):
                self._lower(account, lot, cause_of(lot.source_id))

    def _lower(self, account: Account, lot: Lot, cause: Cause) -> None:
        reversal = moves.lower(account, lot)
        account.standing.lifetime_points -= reversal.wanted
        self.ladder.fall_back(account.standing, self.at)
        cause = replace(cause, why=sentences.of_return(cause.why, reversal))
        self._note_reversal(account, reversal, cause)

    def give_back(self, customer_id: str, debit_id: str, cause: Cause) -> Reversal:
        """A reward comes back, as far as it was paid for."""
        account = self.account(customer_id)
        known.what_can_move([account], debits=[debit_id])
        reversal = moves.come_back(account, debit_id)
        cause = replace(cause, why=sentences.of_reward_back(cause.why, reversal))
        self._note_reversal(account, reversal, cause)
        return reversal

    def write(self, *, by: Actor) -> None:
        """Write everything that has moved, and say what it has brought about besides; the books
        can go on afterwards."""
        news.tell(self._write(), by=by, at=self.at)

    def write_batch(self, *, by: Actor) -> None:
        """The same for many customers: what it has brought about is said once for all."""
        news.tell_together(self._write(), by=by, at=self.at)

    def _write(self) -> News:
        """From the sum to its parts: the database compares each part, when its statement ends,
        with what was written before it."""
        accounts = self._accounts.values()
        rows.write_standings(accounts)
        rows.write_entries(self._entries)
        rows.write_reversals(self._reversals)
        rows.write_new_lots(accounts)
        rows.write_changed_lots(accounts)
        rows.write_uses(accounts)
        brought = News(self.program_id, list(self._tier_moves()), self._expired)
        self._entries, self._reversals, self._expired = [], [], Counter()
        for account in accounts:
            account.is_written()
        _forget_copies()
        return brought

    def _tier_moves(self) -> Iterator[TierMove]:
        for customer_id, account in self._accounts.items():
            before, after = account.tier_id_read, account.standing.tier_id
            if before == after:
                continue
            was, now = (
                self.ladder.not_below_hand(self.ladder.named(tier_id), account.standing, self.at)
                for tier_id in (before, after)
            )
            if was is None or was is not now:  # nobody notices what happens below a tier by hand
                yield TierMove(customer_id, was, now)

    def _account(self, row: Any) -> Account:
        *figures, is_blocked, user_id, email_norm, phone_e164, deleted_at = row
        if deleted_at is None:
            self._people[row.customer_id] = Person(
                row.customer_id, is_blocked, user_id, email_norm, phone_e164
            )
        return Account(
            Standing(*figures),
            self.at,
            expiry.days_on(self.at, moves.EXTRA_DAYS, self.set_up.zone),
            self.set_up.business.settings.balance_may_go_negative,
        )

    def _settle(self) -> None:
        marked = [one for one in self._accounts.values() if _remembers(one.standing)]
        if marked:
            known.what_can_move(marked)
        due = [account for account in self._accounts.values() if moves.must_settle(account)]
        if not due:
            return
        known.open_lots(due)
        for account in due:
            for lot in account.open_lots():
                if lot.has_ended(self.at):
                    self._expire(account, lot)
            moves.recount(account)

    def _expire(self, account: Account, lot: Lot) -> None:
        cause = sentences.of_expiry(lot)
        step = moves.expire(account, lot)
        self._expired[account.standing.customer_id] -= step.amount
        self._note(account, step, cause, part=0 if lot.revived_at is None else 1)

    def _note(
        self, account: Account, step: Step, cause: Cause, entry_id: str = "", part: int = 0
    ) -> Entry:
        standing = account.standing
        entry = Entry(
            entry_id or new_id(),
            standing.customer_id,
            standing.program_id,
            standing.id,
            step.seq,
            step.amount,
            step.balance,
            cause,
            part,
        )
        self._entries.append(entry)
        return entry

    def _note_reversal(self, account: Account, reversal: Reversal, cause: Cause) -> None:
        entry = None if reversal.step is None else self._note(account, reversal.step, cause)
        entry_id = None if entry is None else entry.id
        self._reversals.append((account.standing.id, reversal, cause, entry_id))


_NO_TIERS = Ladder(())


def _remembers(standing: Standing) -> bool:
    """Whether the next credit has to look at what rewards have eaten."""
    return bool(standing.owed or standing.let_off or standing.has_marks)


def _eaten(accounts: Iterable[Account]) -> set[str]:
    """Known lots that rewards have eaten of."""
    return {
        lot.id
        for account in accounts
        for lot in account.lots.values()
        if lot.worth > lot.remaining + lot.expired
    }


def _forget_copies() -> None:
    """The session must not answer with figures from before."""
    for row in list(db.session.identity_map.values()):
        if isinstance(row, CustomerBalance):
            db.session.expire(row)
