"""Lines that are customers. Who is there already is left as they are."""

import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from nxloy_web import contacts, member_codes
from nxloy_web.customers.names import name_norm, name_words
from nxloy_web.customers.spelling import LONGEST_NAME, LONGEST_NUMBER
from nxloy_web.db import copying, db
from nxloy_web.db.ids import new_id
from nxloy_web.imports import values
from nxloy_web.imports.known import SameFile
from nxloy_web.imports.lines import Line
from nxloy_web.imports.seen import Seen
from nxloy_web.imports.verdicts import FAILED, KNOWN, NEW, Judged, Row, places_of
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportRun, ImportTotals
from nxloy_web.texts import _
from nxloy_web.zones import country_of

OLDEST_BIRTHDAY = date(1900, 1, 1)
Key = tuple[str, str]
_KEYS = {"external_id": "customer number", "email_norm": "e-mail", "phone_e164": "phone"}


class CustomerImport:
    def __init__(self, run: ImportRun, *, timezone: str, at: datetime) -> None:
        self.options = run.options
        self.region = country_of(timezone)
        self.at = at
        self.places = places_of(run.options)
        self.seen = Seen()
        self.same_file = SameFile(run)

    def judge(self, lines: list[Line]) -> list[Judged]:
        read = [self._read(line) for line in lines]
        there = self._there([one.new for one in read if one.new])
        same_lines = self.same_file.lines(lines[0].number, lines[-1].number)
        return [
            one
            if one.new is None
            else Judged(one.line, KNOWN, "Came in with this same file before")
            if one.line.number in same_lines
            else self._verdict(one, there)
            for one in read
        ]

    def write(self, judged: list[Judged]) -> int:
        new = [one for one in judged if one.verdict is NEW]
        for one in new:
            one.created_id = one.new["id"]
        rows = [one.new for one in new]
        copying.stage("nx_customers", _COLUMNS, (tuple(row.values()) for row in rows))
        copying.run(_INSERT)
        copying.stage("nx_words", "word text, customer_id text", _words(rows))
        copying.run(_INSERT_WORDS)
        return 0

    def add_up(self, judged: list[Judged], totals: ImportTotals) -> None:
        totals.people += sum(one.verdict is NEW for one in judged)

    def _read(self, line: Line) -> Judged:
        if line.problem:
            return Judged(line, FAILED, line.problem)
        row = Row(line, self.places)
        try:
            new = self._values(row)
        except values.Wrong as wrong:
            return Judged(line, FAILED, str(wrong))
        return Judged(line, NEW, row.note, new=new)

    def _values(self, row: Row) -> dict[str, Any]:
        reach = self._reach(row)
        number = row.of("customer_id") or None
        if number and len(number) > LONGEST_NUMBER:
            raise values.Wrong(
                _("A customer number has at most %(most)s characters.", most=LONGEST_NUMBER)
            )
        first, last = self._name(row)
        return {
            "id": new_id(),
            "member_code": member_codes.new_code(),
            "external_id": number,
            **reach,
            "first_name": first,
            "last_name": last,
            "name_norm": name_norm(first, last, reach["email"] or reach["phone_e164"]),
            "date_of_birth": row.optional("birthday", self._birthday, None),
            "tags": row.optional("tags", values.tags, list[str]()),
            "email_opt_in": row.optional("email_opt_in", values.yes_or_no, False),
            "sms_opt_in": row.optional("sms_opt_in", values.yes_or_no, False),
        }

    def _reach(self, row: Row) -> dict[str, str | None]:
        """One way to reach the customer is enough, so the other may be unusable."""
        email = row.optional("email", contacts.email_norm, None)
        phone = row.optional("phone", lambda text: contacts.phone_e164(text, self.region), None)
        if not email and not phone:
            raise values.Wrong(next(iter(row.left_out.values()), _UNREACHABLE))
        return {
            "email": row.of("email") if email else None,
            "email_norm": email,
            "phone_number": row.of("phone") if phone else None,
            "phone_e164": phone,
        }

    def _name(self, row: Row) -> tuple[str | None, str | None]:
        first, last, full = (
            row.optional(field, _name, "") for field in ("first_name", "last_name", "full_name")
        )
        if full and not first and not last:
            family, comma, given = full.partition(",")
            first, last = (given.strip(), family.strip()) if comma else _split(full)
        return first or None, last or None

    def _birthday(self, text: str) -> date:
        born = values.day(text, self.options.dates)
        if not OLDEST_BIRTHDAY <= born <= self.at.date():
            raise values.Wrong(_("“%(text)s” cannot be a birthday.", text=text))
        return born

    def _there(self, rows: list[dict[str, Any]]) -> dict[Key, str]:
        """Ids of living customers by what only one of them can have."""
        found: dict[Key, str] = {}
        for key, column in (
            ("external_id", Customer.external_id),
            ("email_norm", Customer.email_norm),
            ("phone_e164", Customer.phone_e164),
        ):
            wanted = {row[key] for row in rows if row[key]}
            if wanted:
                rows_there = db.session.execute(
                    select(column, Customer.id).where(copying.among(column, wanted))
                )
                found |= {(key, text): customer_id for text, customer_id in rows_there if text}
        return found

    def _verdict(self, one: Judged, there: dict[Key, str]) -> Judged:
        mine = [(key, one.new[key]) for key in _KEYS if one.new[key]]
        owners: dict[Key, object] = {key: there[key] for key in mine if key in there}
        if owners:
            return _against(one, mine, owners, "A customer already; left as they are")
        earlier = self.seen.lines(["\0".join(key) for key in mine], one.line.number)
        if not earlier:
            return one
        owners = {key: earlier[text] for key in mine if (text := "\0".join(key)) in earlier}
        return _against(one, mine, owners, f"The same customer as line {min(earlier.values())}")


def _against(one: Judged, mine: list[Key], owners: dict[Key, object], same: str) -> Judged:
    """The verdict on a line when some of what is its own is somebody's already.

    A number of the merchant's that is new, on an address that is not, is somebody else's address:
    two customers who share one must not become one without a word.
    """
    shared = " and the ".join(_KEYS[name] for name, _text in owners)
    if len(set(owners.values())) > 1:
        return Judged(one.line, FAILED, f"The {shared} belong to different customers.")
    if any(name == "external_id" and (name, text) not in owners for name, text in mine):
        return Judged(one.line, FAILED, f"Another customer has this {shared} already.")
    return Judged(one.line, KNOWN, same)


_UNREACHABLE = _("The line has neither an e-mail address nor a phone number.")


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    name = " ".join("".join(c for c in plain if unicodedata.category(c) != "Cc").split())
    if len(name) > LONGEST_NAME:
        raise values.Wrong(_("A name has at most %(most)s characters.", most=LONGEST_NAME))
    return name


def _split(full: str) -> tuple[str, str]:
    first, _space, last = full.rpartition(" ")
    return (first, last) if first else (last, "")


def _words(rows: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for word in name_words(row["first_name"], row["last_name"], row["tags"]):
            yield word, row["id"]


_COLUMNS = (
    "id text, member_code text, external_id text, email text, email_norm text, phone_number text, "
    "phone_e164 text, first_name text, last_name text, name_norm text, date_of_birth date, "
    "tags text[], email_opt_in bool, sms_opt_in bool"
)
_NAMES = ", ".join(column.split()[0] for column in _COLUMNS.split(", "))
_INSERT = f"""
    INSERT INTO customers (business_id, status, {_NAMES})
    SELECT :business_id, 'ACTIVE', {_NAMES} FROM nx_customers
"""  # noqa: S608 - our own names
_INSERT_WORDS = """
    INSERT INTO customer_name_words (business_id, word, customer_id)
    SELECT DISTINCT :business_id, word, customer_id FROM nx_words
"""
