"""Records of other tools, read as captures."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.model import Capture, RefersTo
from storage.warc.importer import import_file
from storage.warc.payload import decode_payload, parse_message
from storage.warc.reader import CaptureRecord, read_captures
from storage.warc.record import sha256

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=utf-8\r\n\r\n<p>x"


def captures(tmp_path: Path, *texts: tuple[str, bytes]) -> list[CaptureRecord]:
    """Import records given by their head (without Content-Length) and block; return the captures."""
    source = tmp_path / "source.warc.gz"
    source.write_bytes(
        b"".join(
            gzip.compress(f"{head}\r\nContent-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n")
            for head, block in texts
        )
    )
    into = tmp_path / "archive"
    into.mkdir()
    adopted = import_file(source, into)
    assert adopted.damage == ()
    assert [path.read_bytes() for path in adopted.files] == [source.read_bytes()]
    return [each for each in read_captures(adopted.files[0]) if isinstance(each, CaptureRecord)]


def test_wget_1_puts_addresses_in_angle_brackets(tmp_path: Path) -> None:
    """The angle brackets that wget 1.x writes around target URIs are removed."""
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:6F6C5F2E-0000-4000-8000-000000000001>\r\n"
        "WARC-Warcinfo-ID: <urn:uuid:6F6C5F2E-0000-4000-8000-000000000000>\r\n"
        "WARC-Target-URI: <https://c.example/a?b=1>\r\nWARC-Date: 2019-02-03T04:05:06Z\r\n"
        "WARC-IP-Address: 192.0.2.1\r\nContent-Type: application/http;msgtype=response"
    )
    (found,) = captures(tmp_path, (head, PAGE))
    assert found.capture == Capture(
        url="https://c.example/a?b=1",
        record_id="urn:uuid:6F6C5F2E-0000-4000-8000-000000000001",
        place=found.capture.place,
        kind="response",
        fetched_at=datetime(2019, 2, 3, 4, 5, 6, tzinfo=UTC),
        date="2019-02-03T04:05:06Z",
        status=200,
        mime="text/html",
        payload_digest=sha256(b"<p>x"),
        payload_size=4,
    )
    assert (found.discovery, found.block) == (None, PAGE)


def test_names_in_any_case_folded_lines_and_missing_fields(tmp_path: Path) -> None:
    """Lower-case names, a folded line, no record id, no digests, nanoseconds: the record is read, with the same id each
    time.
    """
    head = (
        "WARC/1.1\r\nwarc-type: Response\r\nwarc-target-uri: https://c.example/\r\n long\r\n"
        "warc-date: 2019-02-03T04:05:06.123456789Z\r\ncontent-type: application/http; msgtype=response"
    )
    (first,) = captures(tmp_path, (head, PAGE))
    assert first.capture.url == "https://c.example/ long"
    assert first.capture.fetched_at == datetime(2019, 2, 3, 4, 5, 6, 123456, tzinfo=UTC)
    assert first.capture.date == "2019-02-03T04:05:06.123456789Z"
    assert first.capture.record_id.startswith("urn:uuid:")
    (tmp_path / "again").mkdir()
    (again,) = captures(tmp_path / "again", (head, PAGE))
    assert again.capture.record_id == first.capture.record_id


CC_NEWS = (
    b"HTTP/1.1 200 OK\r\nX-Crawler-Content-Encoding: gzip\r\nX-Crawler-Transfer-Encoding: chunked\r\n"
    b"Content-Length: 13\r\nContent-Type: text/html\r\n\r\n<p>decoded</p"
)
STALE_LABELS = (
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: text/html\r\n\r\n<p>decoded</p"
)


@pytest.mark.parametrize("block", [CC_NEWS, STALE_LABELS], ids=["renamed", "stale"])
def test_bodies_that_were_stored_decoded_are_read(tmp_path: Path, block: bytes) -> None:
    """Crawlers that store pages decoded, with the coding labels renamed or kept."""
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2019-02-03T04:05:06Z\r\n"
        "WARC-Target-URI: https://c.example/\r\nWARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
        "Content-Type: application/http; msgtype=response"
    )
    (found,) = captures(tmp_path, (head, block))
    assert parse_message(found.block).body == decode_payload(found.block, 1000) == b"<p>decoded</p"
    assert found.capture.payload_digest == sha256(b"<p>decoded</p")


def test_revisits_of_other_tools_name_their_originals(tmp_path: Path) -> None:
    """Heritrix and wget write some of the three Refers-To fields; missing ones are None."""
    common = (
        "WARC/1.0\r\nWARC-Type: revisit\r\nWARC-Date: 2019-02-03T04:05:06Z\r\n"
        "WARC-Target-URI: https://c.example/\r\nContent-Type: application/http; msgtype=response\r\n"
        "WARC-Payload-Digest: sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ\r\nWARC-Truncated: length\r\n"
    )
    payload = f"{common}WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n"
    fields_by_id = "WARC-Record-ID: <urn:uuid:1>\r\nWARC-Refers-To: <urn:uuid:0>"
    fields_by_date = (
        "WARC-Record-ID: <urn:uuid:2>\r\nWARC-Refers-To-Target-URI: <https://c.example/first>\r\n"
        "WARC-Refers-To-Date: 2018-01-01T00:00:00Z"
    )
    not_modified_head = (
        f"{common}WARC-Record-ID: <urn:uuid:3>\r\n"
        "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/server-not-modified"
    )
    by_id, by_date, not_modified = captures(
        tmp_path,
        (payload + fields_by_id, PAGE[:-4]),
        (payload + fields_by_date, PAGE[:-4]),
        (not_modified_head, b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'),
    )
    assert by_id.capture.refers_to == RefersTo(record_id="urn:uuid:0", url=None, date=None)
    assert by_date.capture.refers_to == RefersTo(
        record_id=None, url="https://c.example/first", date="2018-01-01T00:00:00Z"
    )
    assert (not_modified.capture.profile, not_modified.capture.status) == ("server-not-modified", 304)
    for each in (by_id, by_date, not_modified):
        assert (each.capture.kind, each.capture.payload_size, each.capture.truncated) == ("revisit", 0, None)


def test_other_records_are_no_captures(tmp_path: Path) -> None:
    """DNS lookups, conversions and private records are kept in the file, and are no captures."""
    common = "WARC/1.1\r\nWARC-Date: 2019-02-03T04:05:06Z\r\nWARC-Record-ID: <urn:uuid:{}>\r\nWARC-Target-URI: {}"
    kinds = [
        ("response", "dns:c.example", "text/dns"),
        ("conversion", "https://c.example/", "text/plain"),
        ("resource", "urn:pageinfo:https://c.example/", "application/json"),
        ("metadata", "https://c.example/", "application/warc-fields"),
        ("continuation", "https://c.example/", "application/http"),
        ("x-private", "https://c.example/", "text/plain"),
    ]
    texts = [
        (f"{common.format(number, uri)}\r\nWARC-Type: {type_}\r\nContent-Type: {mime}", b"x: y\r\n")
        for number, (type_, uri, mime) in enumerate(kinds)
    ]
    resource = f"{common.format(9, 'https://c.example/p.png')}\r\nWARC-Type: resource\r\nContent-Type: image/png"
    (picture,) = captures(tmp_path, *texts, (resource, b"\x89PNG"))
    assert (picture.capture.kind, picture.capture.status, picture.capture.mime) == ("resource", None, "image/png")
    assert (picture.block, picture.capture.payload_size) == (b"\x89PNG", 4)
