"""Which words stand next to each other in a document, told in few bits. PostgreSQL's inverted index knows what words
there are and not where: to find a phrase it would have to read the text of each document that has its words.

    rare earth metals  ->  (rare, earth) (earth, metals)  ->  two bits each of the signature, set

A pair whose bits are not both set stands nowhere in the document. Where they are set, it does or, seldom (one in
twenty), does not: then the text tells. (The form is known as a Bloom filter.)
"""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from zlib import crc32

MOST = 4_000
"""Pairs of words of one document, repeated ones too; of a longer one nothing is told, and its text is read."""
_BITS = 8
"""Of a signature for each pair."""
_MOST_BYTES = 1_536
"""A row with more would have other columns moved out of it."""


def signature(parts: Iterable[Sequence[str]]) -> bytes | None:
    """What tells the pairs of a document's parts, none of which reaches from one into the next; None for a long one.

    >>> len(signature([["rare", "earth", "metals"]]) or b"")
    2
    """
    of_parts = [_numbers(words) for words in parts]
    if sum(map(len, of_parts)) - len(of_parts) > MOST:
        return None
    pairs = {_joined(*pair) for pair in chain.from_iterable(map(pairwise, of_parts))}
    size = 8 * min(max(len(pairs) * _BITS // 8, 1), _MOST_BYTES)
    # The last place stands for the first bit: so a number is written.
    bits = bytearray(b"0") * size
    for pair in pairs:
        bits[~(pair % size)] = bits[~(pair // size % size)] = 0x31
    return int(bits, 2).to_bytes(size // 8, "little")


def numbers(words: Sequence[str]) -> list[int]:
    """Each pair of these words as a number: the remainders of it, and of what is left, by a signature's bits are those
    that it sets, counted as PostgreSQL's get_bit counts them.
    """
    return [_joined(*pair) for pair in pairwise(_numbers(words))]


def _numbers(words: Sequence[str]) -> list[int]:
    """Of each word alone."""
    return list(map(crc32, " ".join(words).encode().split(b" ")))


def _joined(first: int, second: int) -> int:
    return (31 * first + second) & 0xFFFFFFFF
