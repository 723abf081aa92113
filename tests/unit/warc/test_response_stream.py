"""The streamed entity of a record is the one of payload.py."""

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import BadRecord, TornRecord, WarcError
from storage.warc.payload import parse_message
from storage.warc.record import HTTP_RESPONSE, build_member
from storage.warc.streaming import CHUNK_SIZE, open_response

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
URI = ("WARC-Target-URI", "http://news.example/a")
PIECES = [
    CHUNKED, PLAIN, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
    b"5\r\nhello\r\n", b"5;x=y\r\nhello\r\n", b"5\nhello\n", b"5\r\nhello", b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n",
    b"\r\n", b"\n", b"\r", b"ffff\r\n", b" 5 \r\n", b"zz\r\n", b"abc", b"5", b"<p>Text</p>", b"100000\r\n",
]  # fmt: skip


def kept(folder: Path, block: bytes, *, plain: bool = False, type_: str = "response") -> tuple[Path, int]:
    """A file in which other records surround this one, and its location."""
    other = build_member("response", [URI, ("Content-Type", HTTP_RESPONSE)], PLAIN + b"other")
    records = [other, build_member(type_, [URI, ("Content-Type", HTTP_RESPONSE)], block), other]
    if plain:
        records = [gzip.decompress(record) for record in records]
    path = folder / "a.warc"
    path.write_bytes(b"".join(records))
    return path, len(records[0])


@pytest.mark.parametrize("plain", [False, True])
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=8))
def test_the_pieces_are_the_entity(tmp_path_factory: pytest.TempPathFactory, plain: bool, parts: list[bytes]) -> None:
    """For any block: interim responses, chunks, invalid chunks, heads without an end."""
    block = b"".join(parts)
    path, offset = kept(tmp_path_factory.mktemp("flow"), block, plain=plain)
    whole = parse_message(block)
    with open_response(path, offset) as flow:
        assert (flow.status, flow.headers) == (whole.status, whole.headers)
        assert b"".join(flow.chunks) == whole.body


@pytest.mark.parametrize("size", [CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * (1 << 20)])
def test_large_chunks_are_whole(tmp_path: Path, size: int) -> None:
    """At the edges of the buffer, and far beyond."""
    body = os.urandom(size)
    block = CHUNKED + b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, body, size, body)
    path, offset = kept(tmp_path, block)
    with open_response(path, offset) as flow:
        assert b"".join(flow.chunks) == body * 2


def test_a_resource_has_its_own_type(tmp_path: Path) -> None:
    """Its block is the payload."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(
        build_member("resource", [URI, ("Content-Type", "text/plain")], b"HTTP/1.1 200 OK\r\n\r\nno answer")
    )
    with open_response(path, 0) as flow:
        assert (flow.status, flow.headers) == (None, (("Content-Type", "text/plain"),))
        assert b"".join(flow.chunks) == b"HTTP/1.1 200 OK\r\n\r\nno answer"


def test_a_range_ends_with_its_record(tmp_path: Path) -> None:
    """A record that claims to be longer than its member is damaged: access to the next record may be restricted."""
    record = gzip.decompress(build_member("response", [URI, ("Content-Type", HTTP_RESPONSE)], PLAIN + b"abc"))
    path = tmp_path / "a.warc.gz"
    longer = record.replace(b"Content-Length: 41", b"Content-Length: 99")
    assert longer != record
    path.write_bytes(gzip.compress(longer) + gzip.compress(b"SECRET" * 99))
    came: list[bytes] = []
    with pytest.raises(WarcError), open_response(path, 0) as flow:
        came.extend(flow.chunks)
    assert b"SECRET" not in b"".join(came)


def test_damage_is_named(tmp_path: Path) -> None:
    """No record at the offset, a truncated file, a corrupt member."""
    path, offset = kept(tmp_path, PLAIN + os.urandom(100_000))
    whole = path.read_bytes()
    with pytest.raises(BadRecord, match=r"a\.warc"), open_response(path, offset + 5) as flow:
        b"".join(flow.chunks)
    path.write_bytes(whole[: offset + 50_000])
    with pytest.raises(TornRecord), open_response(path, offset) as flow:
        b"".join(flow.chunks)
    path.write_bytes(whole[: offset + 50_000] + bytes(60_000))
    with pytest.raises(WarcError), open_response(path, offset) as flow:
        b"".join(flow.chunks)


def test_memory_does_not_grow_with_the_record(tmp_path: Path) -> None:
    """Forty megabytes, coded and chunked, in less than four."""
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    path, offset = kept(tmp_path, CHUNKED + chunk * 40 + b"0\r\n\r\n")
    tracemalloc.start()
    try:
        with open_response(path, offset) as flow:
            size = sum(map(len, flow.chunks))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 40 << 20
    assert peak < 4 << 20
