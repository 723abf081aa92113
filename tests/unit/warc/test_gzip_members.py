"""Records as gzip members: they decompress to the same bytes, and incompressible records are stored."""

import gzip
import random

import pytest
from isal import isal_zlib

from storage.warc.gzip_members import compress_member

CHANCE = random.Random(7)
HEAD = b"WARC/1.1\r\n" + b"WARC-Name: of no matter\r\n" * 30
TEXT = HEAD + b"".join(b"word%d " % CHANCE.randrange(5000) for _ in range(20_000))


def noise(size: int) -> bytes:
    """A record of that many bytes with an incompressible block."""
    return HEAD + CHANCE.randbytes(size - len(HEAD))


@pytest.mark.parametrize("size", [1_000, 16_383, 16_384, 2_048 + 65_535, 2_049 + 65_535, 2_048 + 2 * 65_535, 400_000])
def test_an_incompressible_record_is_stored(size: int) -> None:
    """For any number of stored blocks, every gzip reader returns the record from one member."""
    record = noise(size)
    member = compress_member(record, is_text=False)
    assert gzip.decompress(member) == record
    inflater = isal_zlib.decompressobj(wbits=31)
    assert inflater.decompress(member + b"next") == record
    assert (inflater.eof, inflater.unused_data) == (True, b"next")
    assert len(member) < len(record) + 64


@pytest.mark.parametrize("dense", [True, False])
def test_text_is_compressed_whatever_its_label(dense: bool) -> None:
    """A server may wrongly say that a page is compressed."""
    member = compress_member(TEXT, is_text=dense)
    assert gzip.decompress(member) == TEXT
    assert len(member) < len(TEXT) // 2


def test_the_same_record_gives_the_same_bytes() -> None:
    """A member contains no time, name or random value."""
    record = noise(100_000)
    assert compress_member(record, is_text=False) == compress_member(bytes(bytearray(record)), is_text=False)


def test_headers_of_a_stored_record_are_compressed() -> None:
    """The repetitive beginning takes no space."""
    record = noise(50_000)
    assert len(compress_member(record, is_text=False)) < len(record) - len(HEAD) // 2
