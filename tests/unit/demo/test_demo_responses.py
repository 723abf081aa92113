"""The responses, read by the standard library's client."""

import gzip
import http.client
import io
import sys
from datetime import timedelta
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.newsroom import OPENS, Newsroom
from tests.newsroom.http_messages import accepted_codings, chunk_body

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ORIGIN = "http://lantern.example"
ALL = ("Accept-Encoding", "gzip, br, zstd")


class _Socket:
    """Passes a response's bytes to http.client."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def _read(data: bytes, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
    response = http.client.HTTPResponse(_Socket(data), method=method)  # type: ignore[arg-type]
    response.begin()
    return response, response.read()


def _decoded(response: http.client.HTTPResponse, body: bytes) -> bytes:
    match response.headers.get("content-encoding"):
        case "gzip":
            return gzip.decompress(body)
        case "br":
            return bytes(brotli.decompress(body))
        case "zstd":
            return zstd.decompress(body)
        case _:
            return body


def _urls(newsroom: Newsroom) -> list[str]:
    answers = newsroom.expected_site(OPENS, origin=ORIGIN)
    return [article.url for article in answers.articles] + [page.url for page in answers.pages]


@pytest.mark.parametrize("accepted", ["gzip, br, zstd", "gzip", "", "br;q=0, gzip;q=0"])
def test_any_coding_and_framing_gives_back_the_entity(newsroom: Newsroom, accepted: str) -> None:
    """Chunked or not, coded or not, closed or kept alive: the same bytes, in a coding that the client accepts."""
    for url in _urls(newsroom):
        entity = newsroom.get_entity(ORIGIN, url.removeprefix(ORIGIN), OPENS)
        response, body = _read(newsroom.respond("GET", url, [("Accept-Encoding", accepted)], OPENS).data)
        assert (response.status, _decoded(response, body)) == (entity.status, entity.body)
        assert response.headers.get("content-encoding", "identity") in {"identity", *accepted_codings(accepted)}


def test_an_ordinary_crawl_meets_every_shape(newsroom: Newsroom) -> None:
    """Each coding, framing and quirk occurs at some URL of the standard newsroom."""
    heads = [
        newsroom.respond("GET", url, [ALL], OPENS).data.partition(b"\r\n\r\n")[0].lower() for url in _urls(newsroom)
    ]
    for shape in (
        b"content-encoding: gzip", b"content-encoding: br", b"content-encoding: zstd", b"transfer-encoding: chunked",
        b"\r\ntrailer: ", b"content-length: ", b"http/1.0 200", b"connection: close", b"\r\netag: w/", b'\r\netag: "',
        b"\r\nlast-modified: ", b"\r\nx-empty:\r\n", "x-redaktion: jürgen größl".encode("latin-1"), b" 200 fine",
    ):  # fmt: skip
        assert any(shape in head for head in heads), shape
    assert any(head.count(b"set-cookie: ") == 3 for head in heads)
    assert any(b"content-length" not in head and b"transfer-encoding" not in head for head in heads)
    assert all(b"content-encoding: " in head or b"etag" in head or b"http/1." in head for head in heads)


def test_head_says_what_get_would(newsroom: Newsroom) -> None:
    """HEAD is GET without the body."""
    for url in _urls(newsroom):
        whole = newsroom.respond("GET", url, [ALL], OPENS).data
        head = newsroom.respond("HEAD", url, [ALL], OPENS).data
        assert whole.startswith(head)
        assert head.endswith(b"\r\n\r\n")


def test_unchanged_files_are_304(newsroom: Newsroom) -> None:
    """With its own validators a page is 304 without a body; after a change it is 200."""
    for url in _urls(newsroom):
        response, _ = _read(newsroom.respond("GET", url, [ALL], OPENS).data)
        conditions = []
        if etag := response.headers["ETag"]:
            conditions.append(("If-None-Match", etag))
        if modified := response.headers["Last-Modified"]:
            conditions.append(("If-Modified-Since", modified))
        if not conditions:
            continue
        again = newsroom.respond("GET", url, [ALL, *conditions], OPENS).data
        assert again.startswith(b"HTTP/1.1 304 Not Modified\r\n")
        assert again.endswith(b"\r\n\r\n")
        later, body = _read(newsroom.respond("GET", url, [ALL, *conditions], OPENS + timedelta(hours=1)).data)
        changed = newsroom.get_entity(ORIGIN, url.removeprefix(ORIGIN), OPENS + timedelta(hours=1)).body
        assert later.status != 304 or changed == newsroom.get_entity(ORIGIN, url.removeprefix(ORIGIN), OPENS).body
        assert later.status != 200 or _decoded(later, body) == changed


def test_another_tag_wins_over_an_old_date(newsroom: Newsroom) -> None:
    """RFC 9110, 13.2.2: If-Modified-Since is ignored if there is If-None-Match."""
    url = newsroom.expected_site(OPENS, origin=ORIGIN).articles[0].url
    conditions = [("If-None-Match", '"other"'), ("If-Modified-Since", "Mon, 04 May 2037 08:00:00 GMT")]
    assert b" 304 " not in newsroom.respond("GET", url, conditions, OPENS).data.partition(b"\r\n")[0]


def test_a_read_only_connection_refuses_writes(newsroom: Newsroom) -> None:
    """Other methods are refused."""
    assert b" 405 " in newsroom.respond("POST", f"{ORIGIN}/newsletter", [], OPENS).data.partition(b"\r\n")[0]


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=80), st.booleans())
def test_split_chunks_are_joined(body: bytes, size: int, with_trailer: bool) -> None:
    """For any chunk size, with and without extension and trailer."""
    framed = chunk_body(body, size, trailer=b"X-Checked: yes\r\n" if with_trailer else b"")
    _, found = _read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed)
    assert found == body
