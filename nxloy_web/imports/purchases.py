"""Lines that are purchases."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from nxloy_web import clock, contacts, member_codes
from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.imports import values
from nxloy_web.imports.known import Alike, SameFile, Values, alike, keys_there, orders_there
from nxloy_web.imports.lines import Line
from nxloy_web.imports.seen import Seen
from nxloy_web.imports.verdicts import FAILED, KNOWN, NEW, Judged, Row, places_of
from nxloy_web.ledger import limits
from nxloy_web.ledger.teammates import teammate
from nxloy_web.money import amount_text
from nxloy_web.purchases.batch import NewPurchase, points_of_many, record_many
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.imports import ImportRun, ImportTotals
from nxloy_web.texts import _
from nxloy_web.zones import country_of

LONGEST_ORDER = 100
OWN_CARD = (
    "This is the own card of who brings the file in: it gets no points. Another owner or manager"
    " can bring this line in."
)
_NAMES = {"customer_id": "customer number", "email": "e-mail", "phone": "phone"}


@dataclass(slots=True)
class _Read:
    """A line whose cells could be read."""

    row: Row
    who: dict[str, str]
    """Customer number, e-mail and phone, as compared; those the line has."""
    occurred_at: datetime
    amount_minor: int
    items: int | None
    order: str | None
    receipt_key: str
    """The order number as it is compared; empty without one."""

    @property
    def line(self) -> Line:
        return self.row.line

    @property
    def order_key(self) -> str:
        return f"order:{self.receipt_key}"


@dataclass(slots=True)
class _Buyer:
    id: str
    is_blocked: bool
    user_id: str | None
    email_norm: str | None
    phone_e164: str | None


@dataclass(slots=True)
class _There:
    """What is there already of a batch."""

    keys: set[str]
    orders: dict[str, int]
    alike: dict[Values, Alike]
    same_lines: set[int]


class PurchaseImport:
    def __init__(
        self,
        run: ImportRun,
        *,
        currency: str,
        locale: str,
        timezone: str,
        at: datetime,
    ) -> None:
        self.options = run.options
        self.currency = currency
        self.locale = locale
        self.timezone = timezone
        self.region = country_of(timezone)
        self.run_id = run.id
        self.by_user_id = run.by_user_id
        self.importer = None if run.by_user_id is None else teammate(run.by_user_id)
        self.at = at
        self.places = places_of(run.options)
        self.seen = Seen()
        self.same_file = SameFile(run)

    def judge(self, lines: list[Line]) -> list[Judged]:
        read = [self._read(line) for line in lines]
        good = [one for one in read if isinstance(one, _Read)]
        buyers = self._buyers(good)
        whose = {one.line.number: self._buyer_of(one, buyers) for one in good}
        there = _There(
            keys_there([one.order_key for one in good if one.order]),
            orders_there({one.receipt_key for one in good if one.order}),
            alike(
                _values(one, buyer)
                for one in good
                if isinstance(buyer := whose[one.line.number], _Buyer)
            ),
            self.same_file.lines(lines[0].number, lines[-1].number),
        )
        return [
            one if isinstance(one, Judged) else self._verdict(one, whose[one.line.number], there)
            for one in read
        ]

    def add_up(self, judged: list[Judged], totals: ImportTotals) -> None:
        new: list[NewPurchase] = [one.new for one in judged if one.verdict is NEW]
        totals.people += sum(self.seen.count(f"buyer:{one.customer_id}") == 1 for one in new)
        totals.amount_minor += sum(one.amount_minor for one in new)
        if self.options.program_id is not None:
            program_id, at = self.options.program_id, clock.now()
            totals.points += points_of_many(new, program_id=program_id, at=at)

    def write(self, judged: list[Judged]) -> int:
        new = [one for one in judged if one.verdict is NEW]
        if not new:
            return 0
        for one in new:
            one.created_id = one.new.id
        return record_many(
            [one.new for one in new],
            currency=self.currency,
            program_id=self.options.program_id,
            at=self.at,
            import_run_id=self.run_id,
            by_user_id=self.by_user_id,
        )

    def _read(self, line: Line) -> "_Read | Judged":
        if line.problem:
            return Judged(line, FAILED, line.problem)
        try:
            return self._values(Row(line, self.places))
        except values.Wrong as wrong:
            return Judged(line, FAILED, str(wrong))

    def _values(self, row: Row) -> _Read:
        who = self._who(row)
        date = row.of("date")
        occurred_at = values.instant(date, self.options.dates, self.timezone)
        if occurred_at > self.at:
            raise values.Wrong(_("“%(date)s” lies in the future.", date=date))
        amount_minor = values.amount(
            row.of("amount"), self.currency, self.locale, self.options.decimals
        )
        items = row.optional("items", values.whole_number, None)
        order = row.of("order_number") or None
        if order is not None and len(order) > LONGEST_ORDER:
            raise values.Wrong(
                _("An order number has at most %(most)s characters.", most=LONGEST_ORDER)
            )
        return _Read(
            row, who, occurred_at, amount_minor, items, order, receipt_key(order) if order else ""
        )

    def _who(self, row: Row) -> dict[str, str]:
        """One of the three is enough, so another may be unusable."""
        found = {
            "customer_id": row.of("customer_id"),
            "email": row.optional("email", contacts.email_norm, ""),
            "phone": row.optional("phone", lambda text: contacts.phone_e164(text, self.region), ""),
        }
        who = {field: text for field, text in found.items() if text}
        if not who:
            raise values.Wrong(next(iter(row.left_out.values()), _NOBODY))
        return who

    def _buyers(self, read: list[_Read]) -> dict[tuple[str, str], _Buyer]:
        """Living customers by what identifies them."""
        found: dict[tuple[str, str], _Buyer] = {}
        for field, column in (
            ("customer_id", Customer.member_code),
            ("customer_id", Customer.external_id),  # last: the merchant's own number wins
            ("email", Customer.email_norm),
            ("phone", Customer.phone_e164),
        ):
            wanted = {one.who[field] for one in read if field in one.who}
            if column is Customer.member_code:
                typed = {member_codes.typed(text): text for text in wanted}
                wanted = set(typed)
            for text, *facts in _rows(column, wanted):
                asked = typed[text] if column is Customer.member_code else text
                found[field, asked] = _Buyer(*facts)
        return found

    def _verdict(self, one: _Read, buyer: "_Buyer | Judged", there: _There) -> Judged:
        key = one.order_key if one.order else None
        if key and (earlier := self.seen.lines([key], one.line.number)):
            return Judged(one.line, FAILED, f"Line {earlier[key]} has this order number already.")
        amount = there.orders.get(one.receipt_key, one.amount_minor)
        if amount != one.amount_minor:
            said = amount_text(amount, self.currency)
            return Judged(
                one.line, FAILED, f"Order {one.order} is there already, with an amount of {said}."
            )
        if key in there.keys:
            return Judged(one.line, KNOWN, "Imported before")
        if one.receipt_key in there.orders:
            return Judged(one.line, KNOWN, "Known order")
        if isinstance(buyer, Judged):
            return buyer
        return self._for_buyer(one, buyer, there)

    def _for_buyer(self, one: _Read, buyer: _Buyer, there: _There) -> Judged:
        bought = _values(one, buyer)
        alike = there.alike[bought]
        # The n-th of such lines is the n-th of such purchases. Two equal lines are two purchases.
        number = self.seen.count("\0".join(map(str, bought)))
        if one.line.number in there.same_lines:
            return Judged(one.line, KNOWN, "Came in with this same file before")
        if number <= (alike.without_order if one.order else alike.count):
            return Judged(
                one.line,
                KNOWN,
                "Imported before, without its order number" if one.order else "Imported before",
            )
        if buyer.is_blocked:
            return Judged(one.line, FAILED, "The customer is blocked.")
        if self.options.program_id and self.importer and limits.is_refused(self.importer, buyer):
            return Judged(one.line, FAILED, OWN_CARD)
        new = NewPurchase(
            customer_id=buyer.id,
            amount_minor=one.amount_minor,
            occurred_at=one.occurred_at,
            items=one.items,
            order_ref=one.order,
            import_key=one.order_key if one.order else alike.free_key(bought),
        )
        return Judged(one.line, NEW, one.row.note, new=new)

    def _buyer_of(self, one: _Read, buyers: dict[tuple[str, str], _Buyer]) -> "_Buyer | Judged":
        found = {field: buyers.get((field, text)) for field, text in one.who.items()}
        unknown = next((field for field, buyer in found.items() if buyer is None), None)
        known = [buyer for buyer in found.values() if buyer is not None]
        if not known:
            field, text = next(iter(one.who.items()))
            return Judged(
                one.line, FAILED, f"There is no customer with the {_NAMES[field]} {text}."
            )
        if len({buyer.id for buyer in known}) > 1:
            return Judged(one.line, FAILED, f"The {_and(found)} belong to different customers.")
        if unknown == "customer_id":
            text = one.who["customer_id"]
            return Judged(
                one.line, FAILED, f"There is no customer with the customer number {text}."
            )
        return known[0]


def _values(one: _Read, buyer: _Buyer) -> Values:
    return buyer.id, one.occurred_at, one.amount_minor


_NOBODY = _("The line does not say whose purchase it is.")


def _rows(column: Any, wanted: Iterable[str]) -> Iterable[Any]:
    if not wanted:
        return []
    return db.session.execute(
        select(column, Customer.id, Customer.status == CustomerStatus.BLOCKED, Customer.user_id,
               Customer.email_norm, Customer.phone_e164)
        .where(among(column, wanted))
    ).all()  # fmt: skip


def _and(found: dict[str, Any]) -> str:
    return " and the ".join(_NAMES[field] for field, buyer in found.items() if buyer is not None)
