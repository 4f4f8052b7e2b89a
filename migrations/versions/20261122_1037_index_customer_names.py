"""The words of the names that are there, after the code that writes them is deployed.

The rule is a copy of the one in force when this was written; the application's own may change.
"""

import re
import unicodedata

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "index_customer_names"
down_revision = "add_customer_name_norm"
branch_labels = None
depends_on = None
phase = "data"
group = "customer_name_search"
min_app = "0.1.0"


UNSORTED = """
    SELECT business_id, id, concat_ws(' ', first_name, last_name), email, tags FROM customers
    WHERE {span} AND name_norm = '' ORDER BY business_id, id FOR NO KEY UPDATE"""
SORTED = "UPDATE customers SET name_norm = %s WHERE business_id = %s AND id = %s"
WORD = """
    INSERT INTO customer_name_words (business_id, customer_id, word) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING"""
APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
LETTERS = str.maketrans("øłđðħ\u0131", "olddhi")


def index(connection: Connection, span: Span) -> None:
    rows = connection.execute(UNSORTED.replace("{span}", span.where), span.parameters).fetchall()
    if not rows:
        return
    cursor = connection.cursor()
    cursor.executemany(
        SORTED, [(fold(name or email or ""), b, id_) for b, id_, name, email, _ in rows]
    )
    found = [(b, id_, word) for b, id_, name, _, tags in rows for word in words(name, tags)]
    if found:
        cursor.executemany(WORD, found)


def fold(text: str) -> str:
    """Small letters without Latin, Greek or Cyrillic accents; other scripts keep their marks."""
    small = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", small) if not "\u0300" <= c <= "\u036f"
    )
    plain = plain.replace("æ", "ae").replace("œ", "oe").replace("þ", "th")
    return " ".join(unicodedata.normalize("NFC", plain).translate(LETTERS).split())


def words(name: str, tags: list[str]) -> set[str]:
    """O'Brien is found by obrien and by brien; the tag VIP stands among the words as #vip."""
    joined, apart = (split(fold(APOSTROPHES.sub(mark, name))) for mark in ("", " "))
    found = joined[:16] + [piece for piece in apart if len(piece) > 1]
    different = list(dict.fromkeys(word[:60] for word in found))
    return {*different[:16], *("#" + fold(tag)[:60] for tag in tags)}


def split(folded: str) -> list[str]:
    # Not \w of a regular expression: it leaves out the vowel marks of Indic scripts.
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return kept.split()


MIGRATION = DataMigration(name="index_customer_names", table="customers", step=index)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
