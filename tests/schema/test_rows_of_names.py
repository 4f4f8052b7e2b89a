"""One name becomes a first and a last name, and is found by its words."""

from typing import Any

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nxloy_web.customers import names
from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.walking import Walk, revision_module

# The one name; what its first and last are; and the one name that the way back makes of them.
SPLIT: dict[str, tuple[str | None, tuple[str | None, str | None], str | None]] = {
    "two words": ("Ada Lovelace", ("Ada", "Lovelace"), "Ada Lovelace"),
    "one word": ("Cher", ("Cher", None), "Cher"),
    "many words": ("Ada King of Lovelace", ("Ada", "King of Lovelace"), "Ada King of Lovelace"),
    "letters s": ("Jesus Sastre", ("Jesus", "Sastre"), "Jesus Sastre"),
    "many spaces": ("  Ada   King   Lovelace ", ("Ada", "King Lovelace"), "Ada King Lovelace"),
    "tabs and lines": ("Ada\tKing\nLovelace", ("Ada", "King Lovelace"), "Ada King Lovelace"),
    "ideographic space": ("山田\u3000太郎", ("山田", "太郎"), "山田 太郎"),
    "no-break space": ("Ada\u00a0Lovelace", ("Ada", "Lovelace"), "Ada Lovelace"),
    "thin spaces": ("Ada\u2009\u202fLovelace", ("Ada", "Lovelace"), "Ada Lovelace"),
    "no space": ("毛泽东", ("毛泽东", None), "毛泽东"),
    "Arabic": ("فاطمة الزهراء", ("فاطمة", "الزهراء"), "فاطمة الزهراء"),
    "Cyrillic": ("Лев Николаевич Толстой", ("Лев", "Николаевич Толстой"), "Лев Николаевич Толстой"),
    "Thai": ("สมชาย ใจดี", ("สมชาย", "ใจดี"), "สมชาย ใจดี"),
    "zero width": ("Ada\u200bLovelace", ("Ada\u200bLovelace", None), "Ada\u200bLovelace"),
    "empty": ("", (None, None), None),
    "blank": (" \t\u3000 ", (None, None), None),
    "null": (None, (None, None), None),
}


def people(walk: Walk, rows: dict[str, str | None]) -> None:
    walk.business("bakery")
    for number, (id_, name) in enumerate(rows.items()):
        email = f"{number}@example.com"
        more = {"email": email, "email_norm": email, "member_code": f"M{number}"}
        walk.insert("customers", business_id="bakery", id=id_, name=name, **more)


def test_names_are_split_and_put_together_again(on_both: At) -> None:
    walk = on_both("require_customer_profile")
    people(walk, {id_: name for id_, (name, _, _) in SPLIT.items()})
    before = walk.table("customers", "name")
    walk.up("split_customer_names")
    halves = {id_: pair for id_, (_, pair, _) in SPLIT.items()}
    assert walk.table("customers", "first_name", "last_name") == halves
    assert walk.table("customers", "name") == before  # nothing of it is lost yet
    walk.down("require_customer_profile")
    assert walk.table("customers", "name") == before
    walk.up("remove_name")
    assert walk.table("customers", "first_name", "last_name") == halves

    walk.down("split_customer_names")
    assert walk.table("customers", "name") == {id_: back for id_, (_, _, back) in SPLIT.items()}
    assert walk.table("customers", "first_name", "last_name") == halves
    walk.down("require_customer_profile")
    walk.up("remove_name")
    assert walk.table("customers", "first_name", "last_name") == halves


def test_old_and_new_code_write_names_between_all_steps(at: At) -> None:
    walk = at("require_customer_profile")
    people(walk, {id_: id_ for id_ in ("Ada Lovelace", "Grace Hopper", "Kay")} | {"blank": "  "})

    def write(statement: str, *values: Any) -> None:
        with walk.inside("bakery") as bakery:
            bakery.execute(statement, values)  # type: ignore[arg-type]

    def joins(id_: str, **columns: str) -> None:
        row = {"email": id_, "email_norm": id_, "member_code": id_} | columns
        marks = ", ".join(["%s"] * (len(row) + 2))
        write(
            f"INSERT INTO customers (business_id, id, {', '.join(row)}) VALUES ({marks})",
            "bakery",
            id_,
            *row.values(),
        )

    whole = ("name", "first_name", "last_name")
    walk.up("add_first_and_last_name")
    joins("old code", name="Mary  Shelley")
    joins("new code", first_name="Mary Ann", last_name="Evans")
    write("UPDATE customers SET name = 'Ada King' WHERE id = 'Ada Lovelace'")
    write("UPDATE customers SET last_name = 'Murray' WHERE id = 'Grace Hopper'")
    write("UPDATE customers SET first_name = 'Zoë' WHERE id = 'blank'")
    write("UPDATE customers SET tags = '{vip}' WHERE id = 'Kay'")
    written = {
        "Ada Lovelace": ("Ada King", "Ada", "King"),
        "Grace Hopper": ("Grace Murray", "Grace", "Murray"),  # new code saw no first name yet
        "Kay": ("Kay", None, None),
        "blank": ("Zoë", "Zoë", None),
        "new code": ("Mary Ann Evans", "Mary Ann", "Evans"),
        "old code": ("Mary  Shelley", "Mary", "Shelley"),
    }
    assert walk.table("customers", *whole) == written

    walk.up("split_customer_names")
    write("UPDATE customers SET first_name = 'Bea' WHERE id = 'Grace Hopper'")
    write("UPDATE customers SET name = NULL WHERE id = 'Ada Lovelace'")
    write("UPDATE customers SET first_name = NULL WHERE id = 'blank'")
    final = written | {
        "Ada Lovelace": (None, None, None),
        "Grace Hopper": ("Bea Murray", "Bea", "Murray"),
        "Kay": ("Kay", "Kay", None),
        "blank": (None, None, None),
    }
    assert walk.table("customers", *whole) == final

    walk.up("remove_name")
    joins("after", first_name="Jean Luc", last_name="Picard")
    walk.down("split_customer_names")
    # Two words in a first name are not taken apart on the way back.
    final |= {"after": ("Jean Luc Picard", "Jean Luc", "Picard")}
    final["old code"] = ("Mary Shelley", "Mary", "Shelley")
    assert walk.table("customers", *whole) == final
    write("UPDATE customers SET name = 'Jean-Luc Picard' WHERE id = 'after'")
    assert walk.table("customers", *whole)["after"] == ("Jean-Luc Picard", "Jean-Luc", "Picard")


PEOPLE = [
    ("Zoë", "O'Brien"),
    ("ZOE", "D’Arcy-O`Neil"),
    ("Łukasz", "Żółć"),
    ("Ægir", "Þórsson"),
    ("İsmail", "I\u015f\u0131k"),
    ("Straße", "Weiß"),
    ("สมชาย", "ใจดี"),
    ("अनिल", "कुमार"),
    ("山田", "太郎"),
    ("Лёв", "Толстой"),
    ("Ἀριστοτέλης", None),
    ("Mary Ann", "Evans-Cross (née Evans)"),
    ("Anne-Marie d'Été l'An Œuf", "a b c d e f g h i j k l m n o'p q'r s't"),
    ("a" * 70, "b'" + "c" * 80),
    ("...", None),
    (None, None),
]


@settings(max_examples=150, deadline=None)
@given(
    first=st.none() | st.text(min_size=1, max_size=60),
    last=st.none() | st.text(min_size=1, max_size=60),
    tags=st.lists(st.text(min_size=1, max_size=20), max_size=3),
)
@example("O'Brien " * 9, "d'Arcy l'Été", [])
@example("a b c d e f g h i j k l m n o p", "q'r", ["VIP", "Été"])
@example("Jürgen", "Mueller-Søgård", [])
@example("أَحْمَد", "فاطمة الزهراء", [])
def test_the_frozen_rule_finds_what_the_application_finds(
    first: str | None, last: str | None, tags: list[str]
) -> None:
    """The application's rule may change one day. Then this test has done its work and goes."""
    frozen = revision_words()
    together = " ".join(part for part in (first, last) if part)
    assert set(frozen.words(together, tags)) == set(names.name_words(first, last, tags))
    assert frozen.fold(together) == names.name_norm(first, last)


_FROZEN: list[Any] = []


def revision_words() -> Any:
    if not _FROZEN:
        _FROZEN.append(revision_module("fold_customer_names"))
    return _FROZEN[0]


def test_every_name_that_is_there_is_found_by_its_words(at: At) -> None:
    walk = at("remove_name")
    walk.business("bakery")
    for number, (first, last) in enumerate(PEOPLE):
        walk.insert(
            "customers",
            business_id="bakery",
            id=f"{number:02}",
            first_name=first,
            last_name=last,
            email=f"Nr{number}@Example.com",
            email_norm=f"nr{number}@example.com",
            member_code=str(number),
            tags=["VIP", "Stammkundin"] if number == 0 else [],
        )
    walk.up("fold_customer_names")

    def found() -> dict[str, set[str]]:
        rows = walk.rows("SELECT customer_id, word FROM customer_name_words")
        return {
            id_: {row["word"] for row in rows if row["customer_id"] == id_}
            for id_ in walk.table("customers", "email")
        }

    expected = {
        f"{number:02}": set(names.name_words(first, last, ["VIP", "Stammkundin"] * (number == 0)))
        for number, (first, last) in enumerate(PEOPLE)
    }
    assert found() == expected
    assert expected["00"] == {"zoe", "obrien", "brien", "#vip", "#stammkundin"}
    assert walk.table("customers", "name_norm") == {
        f"{number:02}": names.name_norm(first, last, f"Nr{number}@Example.com")
        for number, (first, last) in enumerate(PEOPLE)
    }
    # Worked out from the names, so nothing is lost on the way back.
    walk.down("remove_name")
    walk.up("fold_customer_names")
    assert found() == expected


def test_words_in_an_older_spelling_are_put_down_anew(at: At) -> None:
    """Row M5."""
    walk = at("require_purchase_receipt_key")
    walk.business("bakery")
    walk.insert(
        "customers", business_id="bakery", id="1", first_name="أحمد", last_name="Müller",
        email="a@b.c", email_norm="a@b.c", member_code="1", name_norm="أحمد muller", tags=["VIP"],
    )  # fmt: skip
    for word in ("أحمد", "muller", "#vip"):
        walk.insert("customer_name_words", business_id="bakery", word=word, customer_id="1")
    walk.up("fold_customer_names")
    words = {row["word"] for row in walk.rows("SELECT word FROM customer_name_words")}
    assert words == {"احمد", "muller", "mueller", "#vip"}
    assert walk.table("customers", "name_norm") == {"1": "احمد muller"}


def test_names_are_indexed_when_the_code_that_writes_them_is_everywhere(at: At) -> None:
    walk = at("add_customer_name_norm")
    with (
        psycopg.connect(walk.url("app"), application_name="nxloy/0.0.9/web"),
        pytest.raises(Refused, match=r"index_customer_names needs 0\.1\.0 or later"),
    ):
        walk.up("index_customer_names")
    walk.up("index_customer_names")
