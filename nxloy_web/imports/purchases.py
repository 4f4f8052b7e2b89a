"""Lines that are purchases."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from nxloy_web import contacts, member_codes
from nxloy_web.db import db
from nxloy_web.db.copying import among
from nxloy_web.errors import NotUsable
from nxloy_web.imports import values
from nxloy_web.imports.columns import REACH
from nxloy_web.imports.lines import Line
from nxloy_web.imports.seen import Seen
from nxloy_web.imports.verdicts import FAILED, KNOWN, NEW, Cells, Judged
from nxloy_web.money import amount_text
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.imports import ImportOptions
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from nxloy_web.texts import _
from nxloy_web.zones import country_of

LONGEST_ORDER = 100
_NAMES = {"customer_id": "customer number", "email": "e-mail", "phone": "phone"}


@dataclass(slots=True)
class _Read:
    """A line whose cells could be read."""

    line: Line
    who: dict[str, str]
    """Customer number, e-mail and phone, as compared; those the line has."""
    occurred_at: datetime
    amount_minor: int
    items: int | None
    order: str | None
    key: str

    @property
    def receipt_key(self) -> str | None:
        return receipt_key(self.order) if self.order else None


@dataclass(slots=True)
class _Buyer:
    id: str
    is_blocked: bool
    user_id: str | None


class PurchaseImport:
    def __init__(
        self,
        options: ImportOptions,
        *,
        currency: str,
        timezone: str,
        run_id: str,
        by_user_id: str | None,
        at: datetime,
    ) -> None:
        self.options = options
        self.currency = currency
        self.timezone = timezone
        self.region = country_of(timezone)
        self.run_id = run_id
        self.by_user_id = by_user_id
        self.at = at
        self.cells = Cells(options)
        self.seen = Seen()

    def judge(self, lines: list[Line]) -> list[Judged]:
        read = [self._read(line) for line in lines]
        good = [one for one in read if isinstance(one, _Read)]
        buyers = self._buyers(good)
        keys = self._known_keys(good)
        orders = self._known_orders(good)
        return [
            one if isinstance(one, Judged) else self._verdict(one, buyers, keys, orders)
            for one in read
        ]

    def write(self, judged: list[Judged]) -> int:
        new = [one.new for one in judged if one.verdict is NEW]
        if not new:
            return 0
        return record_many(
            new,
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
            return self._values(line)
        except values.Wrong as wrong:
            return Judged(line, FAILED, str(wrong))

    def _values(self, line: Line) -> _Read:
        who = self._who(line)
        date = self.cells.of(line, "date")
        occurred_at = values.instant(date, self.options.dates, self.timezone)
        if occurred_at > self.at:
            raise values.Wrong(_("“%(date)s” lies in the future.", date=date))
        amount = self.cells.of(line, "amount")
        amount_minor = values.amount(amount, self.currency, self.options.decimals)
        items = values.whole_number(self.cells.of(line, "items"))
        order = self.cells.of(line, "order_number") or None
        if order is not None and len(order) > LONGEST_ORDER:
            raise values.Wrong(
                _("An order number has at most %(most)s characters.", most=LONGEST_ORDER)
            )
        key = (
            f"order:{receipt_key(order)}"
            if order
            else self._key(who, occurred_at, amount_minor, items)
        )
        return _Read(line, who, occurred_at, amount_minor, items, order, key)

    def _who(self, line: Line) -> dict[str, str]:
        who = {field: text for field in REACH if (text := self.cells.of(line, field))}
        if not who:
            raise values.Wrong(_("The line does not say whose purchase it is."))
        try:
            if "email" in who:
                who["email"] = contacts.email_norm(who["email"])
            if "phone" in who:
                who["phone"] = contacts.phone_e164(who["phone"], self.region)
        except NotUsable as error:
            raise values.Wrong(error.message) from error
        return who

    def _key(
        self, who: dict[str, str], occurred_at: datetime, amount_minor: int, items: int | None
    ) -> str:
        """A hash of the line's values and how many such lines came before: two equal lines are
        two purchases, and the same file again brings the same keys."""
        field, text = next(iter(who.items()))
        facts = f"{field}\0{text}\0{occurred_at.isoformat()}\0{amount_minor}\0{items}"
        digest = hashlib.sha256(facts.encode()).hexdigest()[:32]
        return f"line:{digest}:{self.seen.count(digest)}"

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

    def _known_keys(self, read: list[_Read]) -> set[str]:
        keys = [one.key for one in read]
        return set(
            db.session.scalars(
                select(Purchase.import_key).where(
                    among(Purchase.import_key, keys), Purchase.undone_at.is_(None)
                )
            )
        )

    def _known_orders(self, read: list[_Read]) -> dict[str, int]:
        """Amounts by the key of the order number: those entered at the counter too."""
        orders = {one.receipt_key for one in read if one.receipt_key}
        if not orders:
            return {}
        rows = db.session.execute(
            select(Purchase.receipt_key, Purchase.amount_minor).where(
                among(Purchase.receipt_key, orders), Purchase.status == PurchaseStatus.RECORDED
            )
        )
        return {order: amount for order, amount in rows if order is not None}

    def _verdict(
        self,
        one: _Read,
        buyers: dict[tuple[str, str], _Buyer],
        keys: set[str],
        orders: dict[str, int],
    ) -> Judged:
        if one.order and (earlier := self.seen.lines([one.key], one.line.number)):
            return Judged(
                one.line, FAILED, f"Line {earlier[one.key]} has this order number already."
            )
        known = orders.get(one.receipt_key or "")
        if known is not None and known != one.amount_minor:
            there = amount_text(known, self.currency)
            return Judged(
                one.line, FAILED, f"Order {one.order} is there already, with an amount of {there}."
            )
        if one.key in keys or known is not None:
            return Judged(one.line, KNOWN, "Imported before" if one.key in keys else "Known order")
        return self._for_buyer(one, buyers)

    def _for_buyer(self, one: _Read, buyers: dict[tuple[str, str], _Buyer]) -> Judged:
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
        buyer = known[0]
        if unknown == "customer_id":
            text = one.who["customer_id"]
            return Judged(
                one.line, FAILED, f"There is no customer with the customer number {text}."
            )
        if buyer.is_blocked:
            return Judged(one.line, FAILED, "The customer is blocked.")
        if self.options.program_id and buyer.user_id and buyer.user_id == self.by_user_id:
            return Judged(one.line, FAILED, "This is your own card: somebody else has to do it.")
        new = NewPurchase(
            customer_id=buyer.id,
            amount_minor=one.amount_minor,
            occurred_at=one.occurred_at,
            items=one.items,
            order_ref=one.order,
            import_key=one.key,
        )
        return Judged(one.line, NEW, new=new)


def _rows(column: Any, wanted: Iterable[str]) -> Iterable[Any]:
    if not wanted:
        return []
    return db.session.execute(
        select(column, Customer.id, Customer.status == CustomerStatus.BLOCKED, Customer.user_id)
        .where(among(column, wanted))
    ).all()  # fmt: skip


def _and(found: dict[str, Any]) -> str:
    return " and the ".join(_NAMES[field] for field, buyer in found.items() if buyer is not None)
