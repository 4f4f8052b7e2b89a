"""Finding customers by what somebody types: exactly, else by the beginning of words.

Everything is asked as equality or a range over normalised columns, which an index answers below
row-level security. What is found little of is fetched first: left to itself the planner walks the
whole list for it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SelectBase,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, aliased

from nxloy_web import contacts, member_codes
from nxloy_web.current_business import home_region
from nxloy_web.customers.names import LAST_CHARACTER, tag_word, words
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.tables.customers import Customer, CustomerNameWord

LONGEST_SEARCH = contacts.LONGEST_EMAIL
FEWEST_DIGITS = 5
"""Text with fewer digits is no phone number worth parsing."""
FETCHED = 1_500
"""Up to so many customers are fetched to become a list of ids; more stay queries."""


@dataclass(frozen=True)
class Match:
    """Whom a search means, as part of a larger query: few as their ids, many as queries."""

    ids: Sequence[str] = ()
    in_each: tuple[SelectBase, ...] = ()
    """For a search that finds many: whoever is in all of these is meant."""
    counting: Select[Any] | None = None
    """For a search that finds many: ids to count, in an order that lets the count stop early."""
    at_least: int = 0
    """For a search that finds many: so many are known without counting."""

    def among(self, customer_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        """The condition that a column names one of these customers."""
        if self.in_each:
            return and_(*(customer_id.in_(one) for one in self.in_each))
        # One parameter whatever their number.
        return customer_id == any_(literal(list(self.ids), ARRAY(Text)))


def search(typed: str, limit: int = 10) -> list[Customer]:
    """Whoever has exactly this code, e-mail or phone, else whose name has words beginning so.

    The work does not grow with the business: it stops at `limit`, in the order of the words.
    """
    found = exactly(typed)
    if found:
        return found[:limit]
    starts = _starts(typed)
    if not starts:
        return _by_email_start(typed, limit)
    driving, *others = sorted(starts, key=len, reverse=True)
    word = aliased(CustomerNameWord)
    # A name can have two such words, so a few more rows are read than are wanted.
    rows = db.session.scalars(
        select(Customer)
        .join(word, and_(word.business_id == Customer.business_id, word.customer_id == Customer.id))
        .where(*_range(word, driving), *(Customer.id.in_(_having(start)) for start in others))
        .order_by(word.word, word.customer_id)
        .limit(limit * 3)
    )
    return list(dict.fromkeys(rows))[:limit]


def exactly(typed: str) -> list[Customer]:
    """Living customers who have exactly this member code, number, e-mail or phone."""
    condition = _exact(typed)
    if condition is None:
        return []
    return list(db.session.scalars(select(Customer).where(condition).limit(5)))


def matching(typed: str, *, deleted_too: bool = False) -> Match:
    """The same search for lists that sort and page: of customers, or of what they did.

    Lists of what happened show deleted customers too: `deleted_too` finds them.
    """
    exact = _exact(typed)
    if exact is None:
        return Match()
    found = db.session.scalars(_having_facts(exact, deleted_too).limit(FETCHED)).all()
    if found:
        return Match(found)
    starts = _starts(typed)
    if starts:
        starts.sort(key=len, reverse=True)
        return _match([partial(_range, start=start) for start in starts])
    if "@" not in typed:
        return Match()
    beginning = _having_facts(_email_begins(typed), deleted_too)
    found = db.session.scalars(beginning.limit(FETCHED)).all()
    return Match(found) if len(found) < FETCHED else Match(in_each=(beginning,))


def tagged(tag: str) -> Match:
    """Has this tag, however it is spelled."""
    return _match([lambda word: (word.word == tag_word(tag),)])


def tags_in_use(limit: int = 60) -> list[str]:
    """Every tag, each found by one step in the index, however many customers have it."""
    rows = db.session.execute(
        sql_text("""
            WITH RECURSIVE tags AS (
                (SELECT word FROM customer_name_words
                 WHERE word >= '#' AND word < '$' ORDER BY word LIMIT 1)
                UNION ALL
                SELECT (SELECT w.word FROM customer_name_words w
                        WHERE w.word > tags.word AND w.word < '$' ORDER BY w.word LIMIT 1)
                FROM tags WHERE tags.word IS NOT NULL)
            SELECT word FROM tags WHERE word IS NOT NULL LIMIT :most"""),
        {"most": limit},
    )
    return [word.removeprefix("#") for (word,) in rows]


def _exact(typed: str) -> ColumnElement[bool] | None:
    typed = typed.strip()[:LONGEST_SEARCH]
    if not typed:
        return None
    conditions = [Customer.member_code == member_codes.typed(typed), Customer.external_id == typed]
    if "@" in typed:
        with suppress(ValueError):  # the beginning of an address, not yet one
            conditions.append(Customer.email_norm == contacts.email_norm(typed))
    if sum(c.isdecimal() for c in typed) >= FEWEST_DIGITS:
        with suppress(ValueError):  # a number of another kind
            conditions.append(Customer.phone_e164 == contacts.phone_e164(typed, home_region()))
    return or_(*conditions)


def _starts(typed: str) -> list[str]:
    """The beginnings of words that all have to be there. An address has none."""
    typed = typed.strip()[:LONGEST_SEARCH]
    if "@" in typed:
        return []
    if typed.startswith("#"):
        return [tag_word(typed[1:])] if typed.strip("# ") else []
    return list(dict.fromkeys(words(typed)))[:5]


def _range(word: Any, start: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return word.word >= start, word.word < start + LAST_CHARACTER


def _having(start: str) -> Any:
    return select(CustomerNameWord.customer_id).where(*_range(CustomerNameWord, start))


def _having_facts(condition: ColumnElement[bool], deleted_too: bool) -> Any:
    """Ids of customers by their own columns.

    The indexes of those hold the living alone, so the deleted are asked for on their own.
    """
    living = select(Customer.id).where(Customer.deleted_at.is_(None), condition)
    if not deleted_too:
        return living
    deleted = select(Customer.id).where(Customer.deleted_at.is_not(None), condition)
    return history(living.union_all(deleted))


def _match(wanted: list[Callable[[Any], Any]]) -> Match:
    """All of the words; the first, which is the longest, leads."""
    rows = [aliased(CustomerNameWord) for _ in wanted]
    having = [
        select(row.customer_id).where(*want(row)) for row, want in zip(rows, wanted, strict=True)
    ]
    leading = having[0]
    for other in having[1:]:
        leading = leading.where(rows[0].customer_id.in_(other))
    ids = db.session.scalars(leading.limit(FETCHED)).all()
    few = list(dict.fromkeys(ids))
    if len(ids) < FETCHED:
        return Match(few)
    counting = leading.join(Customer, Customer.id == rows[0].customer_id)
    return Match(
        in_each=tuple(having),
        counting=counting.where(Customer.deleted_at.is_(None)).order_by(rows[0].word),
        at_least=len(few) - _deleted_among(few),
    )


def _deleted_among(ids: list[str]) -> int:
    """There are few deleted customers as a rule, and an index of them alone."""
    deleted = select(func.count(Customer.id)).where(
        Customer.deleted_at.is_not(None), Match(ids).among(Customer.id)
    )
    return db.session.scalar(history(deleted)) or 0


def _by_email_start(typed: str, limit: int) -> list[Customer]:
    if "@" not in typed:
        return []
    statement = select(Customer).where(_email_begins(typed)).order_by(Customer.email_norm)
    return list(db.session.scalars(statement.limit(limit)))


def _email_begins(typed: str) -> ColumnElement[bool]:
    start = typed.strip()[:LONGEST_SEARCH].lower()
    return and_(Customer.email_norm >= start, Customer.email_norm < start + LAST_CHARACTER)
