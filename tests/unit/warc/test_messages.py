"""HTTP messages as servers really send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.warc.payload import (
    decode_payload,
    final_response_start,
    parse_http_headers,
    parse_message,
    remove_chunking,
    split_message,
)

OK = b"HTTP/1.1 200 OK\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


@pytest.mark.parametrize(
    ("block", "status", "headers", "body"),
    [
        (OK + b"A: 1\r\nA: 2\r\n\r\nx", 200, (("A", "1"), ("A", "2")), b"x"),
        (b"HTTP/1.1 200 OK\nsErVeR:x \n\nx", 200, (("sErVeR", "x"),), b"x"),
        (OK + b"A: 1\r\n \t2\r\n\t3\r\n\r\n", 200, (("A", "1 2 3"),), b""),
        (OK + b"no colon\r\n: no name\r\nBad Name : x\r\n\r\n", 200, (("Bad Name", "x"),), b""),
        (OK + b"A: caf\xe9\r\nB: caf\xc3\xa9\r\n\r\n", 200, (("A", "café"), ("B", "café")), b""),
        (b"HTTP/1.0 404\r\n\r\n", 404, (), b""),
        (b"HTTP/2 200\r\n\r\n\r\n\r\n", 200, (), b"\r\n\r\n"),
        (b"http/1.1 200 ok\r\nA: 1\r\n\r\nx", 200, (("A", "1"),), b"x"),
        (OK + b"Content-Ty", 200, (), b""),
        (b"HTTP/1.1 20", None, (), b""),
        (b"SSH-2.0-OpenSSH_9.9\r\n", None, (), b""),
        (b"", None, (), b""),
        (EARLY + EARLY + OK + b"A: 1\r\n\r\nx", 200, (("A", "1"),), b"x"),
        (EARLY, 103, (("Link", "</a.css>"),), b""),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 101, (), OK + b"\r\n"),
        (OK + b"Folded first: \r\n\r\n", 200, (("Folded first", ""),), b""),
    ],
)
def test_a_message_is_taken_as_it_is(
    block: bytes, status: int | None, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    """Status, header lines and body that no strict parser would accept."""
    assert parse_http_headers(block) == (status, headers)
    assert split_message(block)[1] == body
    head, rest = split_message(block)
    assert block[final_response_start(block) :] == head + rest


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"4\r\nWiki\r\n0\r\n\r\n", b"Wiki"),
        (b'4;x="y"\r\nWiki\r\n00\r\nX-Sum: 1\r\n\r\n', b"Wiki"),
        (b" 4 \r\nWiki\r\nA\r\n0123456789\r\n0\r\n\r\n", b"Wiki0123456789"),
        (b"4\nWiki\n0\n\n", b"Wiki"),
        (b"4\r\nWi", b"Wi"),
        (b"4\r\nWiki\r\n", b"Wiki"),
        (b"4\r\nWiki\r\nzz", b"Wiki"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
        (b"<p>stored without its framing</p>", b"<p>stored without its framing</p>"),
        (b"2\r\nNew in town", b"2\r\nNew in town"),
        (b"FFFFFFFFFFFFFFFF\r\nx", b"x"),
    ],
)
def test_chunks_are_undone(body: bytes, expected: bytes) -> None:
    """Extensions, trailers, bare line feeds, truncation, and bodies that are not chunked at all."""
    assert remove_chunking(body) == expected
    assert parse_message(CHUNKED + body).body == expected


@given(pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=8), cut=st.integers(0, 30))
def test_any_body_survives_chunking(pieces: list[bytes], cut: int) -> None:
    """A chunked body decodes to its input; a truncated one up to the end."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert remove_chunking(body) == b"".join(pieces)
    came = body[: len(body) - cut]
    if b"\n" in came:
        assert b"".join(pieces).startswith(remove_chunking(came))


@given(block=st.binary(max_size=300))
def test_any_bytes_are_a_message(block: bytes) -> None:
    """No bytes raise an error, with or without a status line."""
    for begin in (b"", OK, CHUNKED, EARLY, OK + b"Content-Encoding: br\r\n\r\n;"):
        parse_http_headers(begin + block)
        parse_message(begin + block)


def test_a_decoded_page_of_cc_news_is_read() -> None:
    """CC-NEWS stores bodies decoded, labels kept or renamed, with the Content-Length of the coded body."""
    for name in ("Content-Encoding", "X-Crawler-Content-Encoding"):
        head = f"HTTP/1.1 200 OK\r\n{name}: gzip\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n".encode()
        assert decode_payload(head + b"<html>text</html>", 100) == b"<html>text</html>"
