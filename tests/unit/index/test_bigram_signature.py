"""Bigram signatures: no false negatives, and few false positives."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.index.text.bigram_signature import MAX_BIGRAMS, bigram_hashes, build_signature

WORDS = st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6), max_size=30)


def may_have(signed: bytes, *words: str) -> bool:
    """Return True if the signature contains all bigrams, as PostgreSQL's get_bit evaluates it."""
    size = 8 * len(signed)
    places = [place for number in bigram_hashes(words) for place in (number % size, number // size % size)]
    return all(signed[place // 8] >> place % 8 & 1 for place in places)


@given(st.lists(WORDS, max_size=4))
def test_no_existing_bigram_is_denied(parts: list[list[str]]) -> None:
    """Each phrase of any part is contained, of two words or of all."""
    signed = build_signature(parts)
    assert signed
    for words in parts:
        assert may_have(signed, *words)
        assert all(may_have(signed, *pair) for pair in pairwise(words))


@pytest.mark.parametrize("length", [20, 300, 1400])
def test_absent_bigrams_are_rarely_reported(length: int) -> None:
    """One in twenty other bigrams is a false positive, at one byte a bigram, for texts of any length."""
    chance = random.Random(5)
    words = [f"word{chance.randrange(5000)}" for _ in range(length)]
    signed = build_signature([words])
    assert signed is not None
    assert len(signed) < length
    strange = sum(may_have(signed, f"x{number}", f"word{number}") for number in range(5000))
    assert strange < 0.08 * 5000


def test_no_pair_reaches_from_one_part_into_the_next() -> None:
    """No bigram spans two parts; reversed bigrams do not match, and repeated ones need no space."""
    signed = build_signature([["rare", "earth"], ["metals"]])
    assert (
        signed
        == build_signature([["rare", "earth"], [], ["metals"]])
        == build_signature([["metals"], ["rare", "earth"]])
    )
    assert signed != build_signature([["earth", "rare"], ["metals"]])
    alone = build_signature([["a", "b"] * 50])
    assert alone is not None
    assert len(alone) == 2


def test_signatures_stay_as_they_are() -> None:
    """Signatures are stored: another format needs a migration."""
    signed = build_signature([["rare", "earth", "metals"], ["中国", "国经", "经"]])
    assert signed is not None
    assert signed.hex() == "064b0100"


def test_a_long_text_has_none() -> None:
    """A text with too many bigrams has no signature; the size depends on the distinct ones."""
    assert build_signature([["word"] * (MAX_BIGRAMS + 1), ["other"]]) == build_signature([["word", "word"]])
    assert build_signature([["word"] * (MAX_BIGRAMS + 2)]) is None
    signed = build_signature([[f"word{number}" for number in range(MAX_BIGRAMS)]])
    assert signed is not None
    assert len(signed) == 1536
