"""What a customer is found by."""

import pytest

from nxloy_web.customers.names import fold, name_norm, name_words, words


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Zoë", "zoe"),
        ("ŁUKASZ", "lukasz"),
        ("Søren", "soren"),
        ("Straße", "strasse"),
        ("İpek", "ipek"),
        ("Ανδρέας", "ανδρεασ"),
        ("Фёдор", "федор"),
        ("नेहा", "नेहा"),
        ("김철수", "김철수"),
        ("が", "が"),
        ("  two   spaces ", "two spaces"),
    ],
)
def test_folding_takes_accents_and_keeps_other_letters(typed: str, kept: str) -> None:
    assert fold(typed) == kept


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller", "Mueller", "Muller", "MÜLLER", "Mu\u0308ller"),
        ("Jäger", "Jaeger", "Jager"),
        ("Schröder", "Schroeder", "Schroder"),
        ("Søren", "Soeren", "Soren", "Sören"),
        ("Håkon", "Haakon", "Hakon"),
        ("Åse", "Aase", "Ase"),
        ("Kjær", "Kjaer", "Kjar", "Kjær"),
        ("Bjørnø", "Bjornø", "Bjorno"),
        ("أحمد", "احمد", "أَحْمَد", "اَحمد", "أحـمد"),
        ("فاطمة", "فاطمه", "فَاطِمَة"),
        ("مصطفى", "مصطفي", "مصطفی"),
        ("آمنة", "امنه"),
        ("شُرَيْح", "شريح"),
        ("זְאֵב", "זאב"),
        ("Straße", "Strasse", "STRASSE"),
        ("Zoë", "Zoe"),
    ],
)
def test_each_spelling_of_a_name_finds_the_others(spellings: tuple[str, ...]) -> None:
    """M5: nobody was found by another spelling than the one that was written down."""
    for written in spellings:
        for typed in spellings:
            (sought,) = words(typed)
            assert any(word.startswith(sought) for word in name_words(written, None)), typed


@pytest.mark.parametrize("name", ["Müller", "Mueller", "Samuel", "Jaeger", "Aaron", "Zoe", "Joel"])
def test_a_name_is_found_by_every_beginning_of_it(name: str) -> None:
    kept = name_words(name, None)
    for length in range(1, len(name) + 1):
        (sought,) = words(name[:length])
        assert any(word.startswith(sought) for word in kept), name[:length]


def test_a_short_name_does_not_find_longer_ones() -> None:
    """Folded to "zo", Zoe would find everybody whose name begins so."""
    assert words("Zoe") == ["zoe"]
    assert not any(word.startswith("zoe") for word in name_words("Zoltan", "Joshua"))


def test_a_name_is_found_by_each_of_its_words() -> None:
    assert set(name_words("Anne-Marie", "van der Berg")) == {"anne", "marie", "van", "der", "berg"}


def test_an_apostrophe_joins_and_parts() -> None:
    assert {"obrien", "brien"} <= set(name_words("Maeve", "O’Brien"))
    assert words("o'br") == ["obr"]


def test_tags_stand_among_the_words_with_their_sign() -> None:
    assert name_words("Ann", None, ["VIP", "vip", "Gäste Liste"]) == ["ann", "#vip", "#gaste liste"]


def test_the_same_name_typed_in_two_ways_is_one() -> None:
    assert name_words("Zoe\u0308", None) == name_words("Zoë", None)


def test_hostile_text_makes_few_short_words() -> None:
    made = name_words("x" * 10_000, " ".join(f"w{n}" for n in range(500)))
    assert len(made) <= 16
    assert max(map(len, made)) == 60
    assert name_words("' OR 1=1; --", "<script>") == ["or", "1", "script"]


def test_the_name_to_sort_by_is_the_name_that_is_shown() -> None:
    assert name_norm("Ann", "Lee") == "ann lee"
    assert name_norm(None, None, "Ann@Example.com") == "ann@example.com"
