"""The records of one exchange, byte for byte, with fixed time and ids."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from storage.model import CrawlRun, Discovery, Exchange, RefersTo, Site, UrlKind
from storage.page_date import PageDate
from storage.places import OPEN
from storage.warc.writer import WarcWriter

NOON = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
RUN = CrawlRun(
    id="20260301T120000Z-3f9a",
    sites=(Site(name="harbour", url="https://harbour.example/", hosts=("www.harbour.example",)),),
    started_at=datetime(2026, 3, 1, 11, tzinfo=UTC),
)
REQUEST = b"GET /a HTTP/1.1\r\nHost: harbour.example\r\n\r\n"
BODY = b"<p>N\xc3\xa4heres folgt.</p>" * 20
FOUND = Discovery(
    site="harbour",
    kind=UrlKind.ARTICLE,
    via="https://harbour.example/feed",
    via_kind=UrlKind.FEED,
    title="Ferry\r\nlate",
    published=PageDate.from_time(NOON),
    anchor=" Fähre 明天 ",
)


class Told:
    """Originals that always exist, or never."""

    def __init__(self, original: RefersTo | None) -> None:
        self.original = original

    def find_original_by_digest(self, payload_digest: str) -> RefersTo | None:
        return self.original

    def find_original_by_url(self, url: str) -> RefersTo | None:
        return self.original


ORIGINAL = RefersTo(
    record_id="urn:uuid:original",
    url="https://harbour.example/b",
    date="2026-02-01T00:00:00Z",
    payload_digest="sha256:77",
)


def exchange(response: bytes, *, discovery: Discovery | None = None, truncated: str | None = None) -> Exchange:
    return Exchange(
        url="https://harbour.example/a",
        started_at=NOON,
        request=REQUEST,
        response=response,
        peer="192.0.2.7",
        protocols=("http/1.1", "tls/1.3"),
        cipher="TLS_AES_128_GCM_SHA256",
        truncated=truncated,
        discovery=discovery,
    )


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Exchange, RefersTo | None], bytes]:
    """Write one exchange into a file of its own; return the decompressed file behind its warcinfo record."""
    ids = count()

    def write(one: Exchange, original: RefersTo | None) -> bytes:
        writer = WarcWriter(
            tmp_path,
            run=RUN,
            info={"software": "newsarchive/1"},
            originals=Told(original),
            host="desk.example",
            now=lambda: NOON,
            new_id=lambda: f"urn:uuid:{next(ids)}",
        )
        capture = writer.write(one)
        content = (tmp_path / f"{capture.place.warc}{OPEN}").read_bytes()
        writer.close()
        return gzip.decompress(content[capture.place.offset :])

    return write


def digest(data: bytes) -> bytes:
    return b"sha256:" + sha256(data).hexdigest().encode()


RESPONSE = b"HTTP/1.1 200 OK\r\nsErVeR:x\r\nTransfer-Encoding: chunked\r\n\r\n%X\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
METADATA = (
    "site: harbour\r\nkind: article\r\nvia: https://harbour.example/feed\r\nviaKind: feed\r\ntitle: Ferry late\r\n"
    "published: 2026-03-01T12:00:00.250000Z\r\nanchor: Fähre 明天\r\n"
).encode()
COMMON = b"""WARC-Date: 2026-03-01T12:00:00.250000Z\r
WARC-Target-URI: https://harbour.example/a\r
"""


def test_a_response_and_what_goes_with_it(written: Callable[[Exchange, RefersTo | None], bytes]) -> None:
    """Response, request and metadata in order, blocks as received, payload digest over the dechunked body."""
    expected = b"".join(
        [
            b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\n",
            COMMON,
            b"WARC-Concurrent-To: <urn:uuid:2>\r\nWARC-Concurrent-To: <urn:uuid:3>\r\n",
            b"WARC-Warcinfo-ID: <urn:uuid:0>\r\nWARC-IP-Address: 192.0.2.7\r\n",
            b"WARC-Protocol: http/1.1\r\nWARC-Protocol: tls/1.3\r\nWARC-Cipher-Suite: TLS_AES_128_GCM_SHA256\r\n",
            b"WARC-Block-Digest: %b\r\nWARC-Payload-Digest: %b\r\n" % (digest(RESPONSE), digest(BODY)),
            b"Content-Type: application/http;msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(RESPONSE),
            RESPONSE,
            b"\r\n\r\nWARC/1.1\r\nWARC-Type: request\r\nWARC-Record-ID: <urn:uuid:2>\r\n",
            COMMON,
            b"WARC-Concurrent-To: <urn:uuid:1>\r\nWARC-Warcinfo-ID: <urn:uuid:0>\r\nWARC-IP-Address: 192.0.2.7\r\n",
            b"WARC-Block-Digest: %b\r\nContent-Type: application/http;msgtype=request\r\n" % digest(REQUEST),
            b"Content-Length: %d\r\n\r\n" % len(REQUEST),
            REQUEST,
            b"\r\n\r\nWARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:3>\r\n",
            COMMON,
            b"WARC-Concurrent-To: <urn:uuid:1>\r\nWARC-Warcinfo-ID: <urn:uuid:0>\r\n",
            b"WARC-Block-Digest: %b\r\nContent-Type: application/warc-fields\r\n" % digest(METADATA),
            b"Content-Length: %d\r\n\r\n" % len(METADATA),
            METADATA,
            b"\r\n\r\n",
        ]
    )
    assert written(exchange(RESPONSE, discovery=FOUND), None) == expected


def test_an_answer_cut_short_says_so(written: Callable[[Exchange, RefersTo | None], bytes]) -> None:
    """A truncated response is kept, WARC-Truncated gives the reason, and no original is looked up."""
    found = written(exchange(RESPONSE[:-9], truncated="time"), ORIGINAL)
    assert found.startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    assert b"\r\nWARC-Truncated: time\r\n" in found
    assert RESPONSE[:-9] in found


def test_a_payload_seen_before_is_a_revisit(written: Callable[[Exchange, RefersTo | None], bytes]) -> None:
    """The new head is kept, with profile, the three Refers-To fields, digest and WARC-Truncated."""
    head = b"HTTP/1.1 200 OK\r\nX-New: yes\r\n\r\n"
    expected = b"".join(
        [
            b"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:1>\r\n",
            COMMON,
            b"WARC-Concurrent-To: <urn:uuid:2>\r\nWARC-Warcinfo-ID: <urn:uuid:0>\r\nWARC-IP-Address: 192.0.2.7\r\n",
            b"WARC-Protocol: http/1.1\r\nWARC-Protocol: tls/1.3\r\nWARC-Cipher-Suite: TLS_AES_128_GCM_SHA256\r\n",
            b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n",
            b"WARC-Refers-To: <urn:uuid:original>\r\nWARC-Refers-To-Target-URI: https://harbour.example/b\r\n",
            b"WARC-Refers-To-Date: 2026-02-01T00:00:00Z\r\nWARC-Truncated: length\r\n",
            b"WARC-Block-Digest: %b\r\nWARC-Payload-Digest: %b\r\n" % (digest(head), digest(BODY)),
            b"Content-Type: application/http;msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(head),
            head,
            b"\r\n\r\nWARC/1.1\r\nWARC-Type: request\r\n",
        ]
    )
    assert written(exchange(head + BODY), ORIGINAL).startswith(expected)


def test_a_304_is_a_revisit_with_the_digest_of_its_original(
    written: Callable[[Exchange, RefersTo | None], bytes],
) -> None:
    """304: the whole block, and the digest by which replay tools find the original."""
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n'
    found = written(exchange(head), ORIGINAL)
    expected = b"".join(
        [
            b"WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n",
            b"WARC-Refers-To: <urn:uuid:original>\r\nWARC-Refers-To-Target-URI: https://harbour.example/b\r\n",
            b"WARC-Refers-To-Date: 2026-02-01T00:00:00Z\r\nWARC-Block-Digest: %b\r\n" % digest(head),
            b"WARC-Payload-Digest: sha256:77\r\nContent-Type: application/http;msgtype=response\r\n",
            b"Content-Length: %d\r\n\r\n" % len(head),
            head,
            b"\r\n\r\n",
        ]
    )
    assert expected in found


def test_a_304_without_an_original_is_a_response(written: Callable[[Exchange, RefersTo | None], bytes]) -> None:
    """Without a known original a 304 is a response record."""
    assert written(exchange(b"HTTP/1.1 304 Not Modified\r\n\r\n"), None).startswith(
        b"WARC/1.1\r\nWARC-Type: response\r\n"
    )


def test_a_file_begins_with_warcinfo_and_ends_with_the_crawl_log(tmp_path: Path) -> None:
    """warcinfo: software, format, run and sites. The run's end: outcome and counters."""
    ids = count()
    writer = WarcWriter(
        tmp_path,
        run=RUN,
        info={"software": "newsarchive/1", "robots": "obey"},
        originals=Told(None),
        host="desk.example",
        now=lambda: NOON,
        new_id=lambda: f"urn:uuid:{next(ids)}",
    )
    writer.write(exchange(b"HTTP/1.1 204 No Content\r\n\r\n"))
    writer.write_run_end(replace(RUN, sites=(), finished_at=NOON, outcome="finished", counters={"b": 2, "a": 1}))
    closed = writer.close()
    assert closed is not None
    assert closed.name.startswith("newsarchive-20260301120000250-00001-desk-")
    content = gzip.decompress((tmp_path / closed.name).read_bytes())
    site = b'{"name": "harbour", "url": "https://harbour.example/", "hosts": ["www.harbour.example"]}'
    block = b"".join(
        [
            b"software: newsarchive/1\r\nrobots: obey\r\nformat: WARC File Format 1.1\r\nconformsTo: ",
            b"http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n",
            b"isPartOf: 20260301T120000Z-3f9a\r\nnewsarchive-run: 20260301T120000Z-3f9a\r\n",
            b"started: 2026-03-01T11:00:00+00:00\r\nnewsarchive-site: %b\r\n" % site,
        ]
    )
    first = b"".join(
        [
            b"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:0>\r\n",
            b"WARC-Date: 2026-03-01T12:00:00.250000Z\r\nWARC-Filename: %b\r\n" % closed.name.encode(),
            b"WARC-Block-Digest: %b\r\nContent-Type: application/warc-fields\r\n" % digest(block),
            b"Content-Length: %d\r\n\r\n" % len(block),
            block,
            b"\r\n\r\n",
        ]
    )
    assert content.startswith(first)
    assert content.endswith(
        b"newsarchive-run: 20260301T120000Z-3f9a\r\nstarted: 2026-03-01T11:00:00+00:00\r\n"
        b'finished: 2026-03-01T12:00:00.250000+00:00\r\noutcome: finished\r\ncounters: {"a": 1, "b": 2}\r\n\r\n\r\n'
    )
    assert b"WARC-Target-URI: urn:newsarchive:crawl:20260301T120000Z-3f9a\r\n" in content
