import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.text.analyzer import analyze, fold_text, fold_word, split_terms, stem_variants

LANGUAGES = st.sampled_from(["en", "de", "ru", "ar", "zh", "tr", "hi", "xx", None])


@given(st.text(), LANGUAGES)
def test_terms_fit_both_databases(text: str, language: str | None) -> None:
    """A term has no ASCII character that is syntax of FTS5 or tsquery, no space, and a bounded length."""
    words, stems = analyze(text, language)
    for word in [*words, *stems]:
        assert word
        assert len(word) <= 80
        assert all(char > "\x7f" or (char.isalnum() and not char.isupper()) for char in word)


@pytest.mark.parametrize(("text", "term"), [("⑴", "1"), ("ͺ", "ι"), ("A⑴b", "a1b")])
def test_terms_have_no_syntax_of_compatibility_characters(text: str, term: str) -> None:
    """Unicode takes some characters apart into letters with blanks, parentheses or slashes."""
    assert analyze(text, None)[0] == [term]


@given(st.text(), LANGUAGES)
def test_highlighting_and_indexing_use_the_same_words(text: str, language: str | None) -> None:
    """Snippets and documents split a text into the same words, in order."""
    assert [word for term in split_terms(text) for word in term.words] == analyze(text, language)[0]


@given(st.text(st.characters(max_codepoint=127)), LANGUAGES)
def test_ascii_texts_are_split_like_all_others(text: str, language: str | None) -> None:
    """A text in ASCII has the terms that it has beside other letters."""
    words, stems = analyze(text, language)
    others, other_stems = analyze("\u00e9", language)
    assert analyze(f"{text} \u00e9", language) == (words + others, stems | other_stems)
    assert [term.raw for term in split_terms(text)] == [term.raw for term in split_terms(f"{text} \u00e9")][:-1]


@given(st.text())
def test_terms_say_where_they_stand(text: str) -> None:
    """The position of a term is that of its characters."""
    last = 0
    for term in split_terms(text):
        assert text[term.start : term.end] == term.raw
        assert term.start >= last
        last = term.end


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=30))
def test_each_character_of_an_unspaced_run_begins_a_term(run: str) -> None:
    """A search for one character is a prefix search, and one for two characters a word search."""
    words, stems = analyze(run, "zh")
    assert "".join(word[0] for word in words) == run
    assert stems == set()


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=40))
def test_folding_twice_is_folding_once(word: str) -> None:
    """Folding is idempotent: a word of the index, typed as a query, is the same word."""
    assert fold_word(fold_word(word)) == fold_word(word)


def test_typed_dates_equal_printed_ones() -> None:
    """Case, accents, width and strokes do not distinguish words; vowel signs of Indic scripts do."""
    pairs = [
        ("Zürich", "zurich"), ("ŁÓDŹ", "lodz"), ("Øresund", "oresund"), ("Đặng", "dang"), ("İSTANBUL", "istanbul"),
        ("ｗｉｄｅ", "wide"), ("ﬁnal", "final"), ("Œuvre", "oeuvre"), ("Ёлка", "елка"), ("مُحَمَّد", "محمد"),
        ("Ελλάδα", "ελλαδα"), ("שָׁלוֹם", "שלום"), ("co\u00adoperate", "cooperate"), ("Zu\u0308rich", "zurich"),
    ]  # fmt: skip
    assert [(printed, fold_text(printed)) for printed, _ in pairs] == pairs
    assert fold_word("कि") != fold_word("का")


def test_stems_are_of_the_texts_own_language() -> None:
    """A query's word is stemmed in each language of the archive; Latin words of other languages as English."""
    assert stem_variants("tariffs", ["en"]) == {"tariff"}
    assert stem_variants("tariffs", [None, "zh"]) == {"tariff"}
    assert stem_variants("Häuser", ["de", "ru"]) == {"haus", "hauser"}
    assert stem_variants("тарифов", ["ru"]) == stem_variants("тариф", ["ru"])
