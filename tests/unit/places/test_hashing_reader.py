"""A file that is digested while it is read, in whatever order."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.places.digests import HashingReader

DATA = os.urandom(3_000_000)


@given(st.lists(st.tuples(st.integers(0, len(DATA) + 9), st.integers(0, 2_000_000)), max_size=6))
def test_a_page_is_read_the_same_after_any_other(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    """Reads anywhere, in any order, repeated and beyond the end: bytes, size and digest are right."""
    path = tmp_path_factory.getbasetemp() / "measured"
    if not path.exists():
        path.write_bytes(DATA)
    measured = HashingReader(path)
    with measured.open() as file:
        for at, count in steps:
            assert file.seek(at) == at
            assert file.read(count) == DATA[at : at + count]
        assert file.seek(0, os.SEEK_END) == len(DATA)
    assert measured.size_and_sha256() == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert measured.size_and_sha256() == (len(DATA), hashlib.sha256(DATA).hexdigest())


def test_a_walk_reads_each_byte_once(tmp_path: Path) -> None:
    """After a complete pass nothing is read again; after an incomplete one only the rest is."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(DATA)
    measured = HashingReader(path)
    with measured.open() as file:
        while file.read(70_000):
            pass
    path.write_bytes(b"x" * len(DATA))
    assert measured.size_and_sha256()[1] == hashlib.sha256(DATA).hexdigest()
