"""Names as people write them: Müller, Mueller and Muller are one.

The rule is a copy of the one in force when this was written; the application's own may change.
What old code writes after this has run is found by its old spellings, until it is written anew or
the migration runs once more: `flask schema data retry fold_customer_names`.
"""

import re
import unicodedata

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "fold_customer_names"
down_revision = "require_purchase_receipt_key"
branch_labels = None
depends_on = None
phase = "data"
min_app = "0.1.0"

ROWS = """
    SELECT business_id, id, concat_ws(' ', first_name, last_name), coalesce(email, phone_e164, ''),
           tags, name_norm
    FROM customers WHERE {span} ORDER BY business_id, id FOR NO KEY UPDATE"""
SORTED = "UPDATE customers SET name_norm = %s WHERE business_id = %s AND id = %s"
STALE = """
    DELETE FROM customer_name_words
    WHERE business_id = %s AND customer_id = %s AND word <> ALL (%s)"""
WORD = """
    INSERT INTO customer_name_words (business_id, customer_id, word) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING"""
APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
LETTERS = str.maketrans(
    "øłđðħ\u0131\u0671\u0629\u0649\u06cc\u06a9",
    "olddhi\u0627\u0647\u064a\u064a\u0643",
    "\u0621\u0640",
)
LONG = {"æ": "ae", "œ": "oe", "þ": "th"}
LEFT_OUT = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")
TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
ONE_SOUND = re.compile("(a)[ea](?=[b-df-hj-np-tv-z])|([ou])e(?=[b-df-hj-np-tv-z])")


def fold_again(connection: Connection, span: Span) -> None:
    rows = connection.execute(ROWS.replace("{span}", span.where), span.parameters).fetchall()
    cursor = connection.cursor()
    for business_id, id_, name, otherwise, tags, name_norm in rows:
        norm, found = fold(name or otherwise), words(name, tags)
        if norm != name_norm:
            cursor.execute(SORTED, (norm, business_id, id_))
        cursor.execute(STALE, (business_id, id_, found))
        if found:
            cursor.executemany(WORD, [(business_id, id_, word) for word in found])


def fold(text: str) -> str:
    small = unicodedata.normalize("NFKD", text).casefold()
    plain = LEFT_OUT.sub("", unicodedata.normalize("NFKD", small))
    spelled = "".join(LONG.get(sign, sign) for sign in unicodedata.normalize("NFC", plain))
    return " ".join(spelled.translate(LETTERS).split())


def words(name: str, tags: list[str]) -> list[str]:
    pieces = split(fold(APOSTROPHES.sub(" ", name)))
    found = dict.fromkeys(folded_words(name))
    found |= dict.fromkeys(piece[:60] for piece in pieces if len(piece) > 1)
    plain = list(found)[:16]
    small = unicodedata.normalize("NFC", name).casefold()
    in_two = "".join(TWO_LETTERS.get(sign, sign) for sign in small)
    short = [ONE_SOUND.sub(r"\1\2", word) for word in plain]
    marks = ["#" + fold(tag)[:60] for tag in tags]
    return list(dict.fromkeys([*plain, *folded_words(in_two), *short, *marks]))


def folded_words(text: str) -> list[str]:
    return [word[:60] for word in split(fold(APOSTROPHES.sub("", text)))][:16]


def split(folded: str) -> list[str]:
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return kept.split()


MIGRATION = DataMigration(name="fold_customer_names", table="customers", step=fold_again)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
