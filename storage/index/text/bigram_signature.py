"""Bigram signature: a Bloom filter of the pairs of adjacent words in a document.

PostgreSQL's GIN index has no positions: for a phrase it would read the text of each document that has its words.

    rare earth metals  ->  (rare, earth) (earth, metals)  ->  two bits set in the signature for each

A pair whose bits are not both set is not in the document. If they are set, it is, except for one in twenty: then the
text is read.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from zlib import crc32

MAX_BIGRAMS = 4_000
"""Pairs of words of one document, with repetitions; a longer one has no signature, and its text is read."""
_BITS_PER_BIGRAM = 8
_MOST_BYTES = 1_536
"""With more, PostgreSQL would move other columns of the row out of line."""


def build_signature(parts: Iterable[Sequence[str]]) -> bytes | None:
    """Return the signature of a document's parts, or None if they are too long. No pair spans two parts.

    >>> len(build_signature([["rare", "earth", "metals"]]) or b"")
    2
    """
    of_parts = [_hash_words(words) for words in parts]
    if sum(map(len, of_parts)) - len(of_parts) > MAX_BIGRAMS:
        return None
    pairs = {_combine(*pair) for pair in chain.from_iterable(map(pairwise, of_parts))}
    size = 8 * min(max(len(pairs) * _BITS_PER_BIGRAM // 8, 1), _MOST_BYTES)
    # Most significant bit first, as int() reads it.
    bits = bytearray(b"0") * size
    for pair in pairs:
        bits[~(pair % size)] = bits[~(pair // size % size)] = 0x31
    return int(bits, 2).to_bytes(size // 8, "little")


def bigram_hashes(words: Sequence[str]) -> list[int]:
    """Return a hash of each pair of adjacent words. With a signature of n bits, a hash h sets the bits h % n and
    h // n % n, counted as PostgreSQL's get_bit counts them.
    """
    return [_combine(*pair) for pair in pairwise(_hash_words(words))]


def _hash_words(words: Sequence[str]) -> list[int]:
    """Return a hash of each word."""
    return list(map(crc32, " ".join(words).encode().split(b" ")))


def _combine(first: int, second: int) -> int:
    return (31 * first + second) & 0xFFFFFFFF
