"""Named fields, dates and digests as all tools write them."""

import hashlib
from base64 import b32encode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import BadRecord
from storage.model import RecordPlace
from storage.warc.check import matches_digest
from storage.warc.gzip_members import find_member
from storage.warc.reader import parse_date, to_capture
from storage.warc.record import Headers, Record, clean_value, content_length, format_fields, parse_fields, parse_record

NOWHERE = RecordPlace(warc="a.warc.gz", offset=7, length=0)


def record(*headers: tuple[str, str], type_: str = "response", block: bytes = b"HTTP/1.1 200 OK\r\n\r\nx") -> Record:
    return Record(place=NOWHERE, type=type_, headers=headers, block=block)


@given(value=st.text())
def test_a_value_is_read_back_as_it_was_cleaned(value: str) -> None:
    """For any text, lone surrogates and line ends included, the parsed value is what `clean_value` returned."""
    tidied = clean_value(value)
    assert clean_value(tidied) == tidied
    assert parse_fields(format_fields([("name", value), ("other", "1")])) == (("name", tidied), ("other", "1"))


@given(text=st.binary(max_size=200))
def test_any_bytes_are_fields(text: bytes) -> None:
    """Nothing in a header raises anything but BadRecord."""
    parse_fields(text)
    with suppress(BadRecord):
        parse_record(b"WARC/1.0\r\n" + text + b"\r\n\r\n", NOWHERE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.123456Z", datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-03-01T12:00:00.1Z", datetime(2026, 3, 1, 12, 0, 0, 100000, tzinfo=UTC)),
        ("2026-03-01T13:00:00+01:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (" 2026-03-01T12:00:00 ", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_dates_of_every_precision(text: str, expected: datetime) -> None:
    """WARC 1.1 allows what W3C's profile does, from years to nanoseconds."""
    assert parse_date(record(("warc-date", text))) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13", "0001-01-01T00:00:00+05:00", "2026-02-30T00:00:00Z"])
def test_an_invalid_warc_date_is_a_bad_record(text: str) -> None:
    """A capture without a valid date is an error with its offset."""
    with pytest.raises(BadRecord, match="at byte 7"):
        parse_date(record(("WARC-Date", text)))


@pytest.mark.parametrize(
    ("text", "length"),
    [("0", 0), ("17", 17), ("", None), ("-1", None), ("+1", None), ("1_0", None), ("٣", None), ("9" * 30, None)],
)
def test_a_length_is_digits(text: str, length: int | None) -> None:
    """Only what the grammar allows is a Content-Length."""
    assert content_length((("content-length", text),)) == length


def test_digests_of_every_spelling_are_known() -> None:
    """Base16 and Base32, in any case, of the algorithms that tools use; others are unknown."""
    for algorithm in ("md5", "sha1", "sha256", "sha384", "sha512"):
        digest = hashlib.new(algorithm, b"abc")
        for value in (digest.hexdigest(), digest.hexdigest().upper(), b32encode(digest.digest()).decode().rstrip("=")):
            for label in (algorithm, algorithm.upper(), algorithm.replace("sha", "sha-")):
                assert matches_digest(f"{label}:{value}", b"abc") is True
                assert matches_digest(f"{label}:{value}", b"abd") is False
    assert matches_digest("blake3:77", b"abc") is None
    for wrong in ("sha1:", "sha1:é", "sha1:" + "0" * 33, "sha256:" + "zz" * 32):
        assert matches_digest(wrong, b"abc") is False


DATED = ("WARC-Date", "2026-03-01T12:00:00Z")
PAGE = ("WARC-Target-URI", "http://a.example/x/")


def test_only_our_own_payload_digests_are_believed() -> None:
    """A foreign digest may be over chunk framing, or wrong: two different pages must never have one digest."""
    false = ("WARC-Payload-Digest", "sha256:" + "0" * 64)
    true = "sha256:" + hashlib.sha256(b"x").hexdigest()
    foreign, ours = to_capture(record(DATED, PAGE, false)), to_capture(record(DATED, PAGE, false), "run")
    assert foreign is not None
    assert ours is not None
    assert (foreign.payload_digest, ours.payload_digest) == (true, false[1])


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"301 Moved\r\nLocation: ../y#top", "http://a.example/y"),
        (b"302 Found\r\nlocation: //b.example", "http://b.example"),
        (b"304 Not Modified\r\nLocation: /y", None),
        (b"200 OK\r\nLocation: /y", None),
        (b"301 Moved\r\nLocation: http://[broken", None),
        (b"301 Moved\r\nLocation:", None),
    ],
)
def test_a_redirect_names_where_it_leads(head: bytes, expected: str | None) -> None:
    """Only for 3xx responses; absolute, without fragment; None for malformed URLs."""
    capture = to_capture(record(DATED, PAGE, block=b"HTTP/1.1 " + head + b"\r\n\r\n"))
    assert capture is not None
    assert capture.redirect_url == expected


@pytest.mark.parametrize(
    "headers",
    [
        (DATED, ("WARC-Target-URI", "dns:a.example")),
        (DATED, ("WARC-Target-URI", "urn:pageinfo:http://a.example/")),
        (DATED,),
    ],
)
def test_unrequested_responses_are_no_captures(headers: Headers) -> None:
    """Heritrix's DNS lookups and Browsertrix's page records are skipped."""
    assert to_capture(record(*headers)) is None


def test_the_first_segment_of_a_record_is_a_part() -> None:
    """A record that continues in other records is truncated."""
    capture = to_capture(record(DATED, PAGE, ("WARC-Segment-Number", "1")))
    assert capture is not None
    assert capture.truncated == "unspecified"


def test_a_search_among_false_beginnings_ends(tmp_path: Path) -> None:
    """Bytes that look like gzip again and again are each tested once."""
    path = tmp_path / "noise"
    path.write_bytes(b"\x1f\x8b\x08" * 100_000 + b"\x1f\x8b")
    with path.open("rb") as file:
        assert find_member(file, 0) is None
