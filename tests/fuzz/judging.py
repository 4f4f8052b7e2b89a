"""What is wrong with an answer, and with what it left in the database."""

import re
from typing import Any

import psycopg
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from tests.fuzz.values import COMPUTED, MARKUP

_A_SENTENCE = re.compile(r"\w+ \w+.*[.!?]", re.DOTALL)
COUNTED = {"sign_in_tries", "verification_codes", "users"}
"""A wrong password or code is refused, and counted: in no row of a business."""

Admin = psycopg.Connection[Any]
Seen = dict[str, tuple[int, int | None]]


def faults_of(answer: TestResponse, is_htmx: bool) -> list[str]:
    """What no answer may be, whatever was sent."""
    found = []
    if answer.status_code >= 500:
        found.append(f"status {answer.status_code}")
    if answer.mimetype != "text/html":
        answer.close()
        return found
    html = answer.get_data(as_text=True)
    if f"<{MARKUP}" in html:
        found.append("what was typed is an element of the page")
    if COMPUTED in html:
        found.append("what was typed is computed")
    if "Traceback (most" in html:
        found.append("a traceback")
    if answer.status_code >= 400:
        found += _faults_of_refusal(html, answer.status_code, is_htmx)
    return found


def _faults_of_refusal(html: str, status: int, is_htmx: bool) -> list[str]:
    page = BeautifulSoup(html, "html.parser")
    found = []
    if is_htmx and not page.h1:
        return found  # a part of a page, or a toast
    heading = page.h1.get_text(" ", strip=True) if page.h1 else ""
    if not heading or heading.startswith(str(status)):
        found.append(f"the headline is {heading!r}")
    if not _A_SENTENCE.search(page.body.get_text(" ", strip=True) if page.body else ""):
        found.append("a refusal without a sentence")
    if page.body is None or page.body.find("a", href=True) is None:
        found.append("a refusal without a way on")
    return found


class Watch:
    """Notices what an act left behind. That nothing was written is one cheap question; only when
    a transaction had a number of its own are the tables looked at."""

    def __init__(self, admin: Admin) -> None:
        self.admin = admin
        self.tables = [
            row[0]
            for row in admin.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'nx' ORDER BY 1"
            )
        ]
        self.transaction = self._next_transaction()
        self.seen = self._rows()

    def changed(self) -> set[str]:
        """The tables with a row that is new, changed or gone since the last look."""
        now = self._next_transaction()
        if now == self.transaction:
            return set()
        self.transaction, before = now, self.seen
        self.seen = self._rows()
        return {table for table in self.tables if before[table] != self.seen[table]}

    def _next_transaction(self) -> int:
        row = self.admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()
        assert row is not None
        return int(row[0])

    def _rows(self) -> Seen:
        one = "SELECT '{0}', count(*), max(xmin::text::bigint) FROM nx.{0}"
        every = " UNION ALL ".join(one.format(table) for table in self.tables)
        return {row[0]: (row[1], row[2]) for row in self.admin.execute(every)}
