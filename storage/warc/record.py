"""WARC records: parsed from, and formatted as, the content of a gzip member.

WARC/1.1 CRLF                        one gzip member per record (WARC 1.1, annex D)
Name: value CRLF ...
CRLF
block, Content-Length bytes
CRLF CRLF
"""

import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from storage.errors import BadRecord
from storage.model import RecordPlace
from storage.warc.gzip_members import compress_member

VERSION = b"WARC/1.1\r\n"
END = b"\r\n\r\n"
WARC_FIELDS = "application/warc-fields"
HTTP_RESPONSE = "application/http;msgtype=response"
HTTP_REQUEST = "application/http;msgtype=request"

Fields = Iterable[tuple[str, str | None]]
FORMAT_FIELDS = (
    ("format", "WARC File Format 1.1"),
    ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
)
"""Fields of warcinfo that tell the format."""
Headers = tuple[tuple[str, str], ...]

HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_BLANK = " \t\r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of a file."""

    place: RecordPlace
    type: str
    """warcinfo, response, request, revisit, metadata, resource ... lower case."""
    headers: Headers
    block: bytes
    tail: bytes = END
    """Bytes behind the block: CRLFCRLF in a valid record."""

    def get(self, name: str) -> str | None:
        """Return the first value of a named field (case-insensitive), or None."""
        return header(self.headers, name)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of a named field."""
        lowered = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == lowered)

    @property
    def id(self) -> str:
        """Record id without angle brackets; derived from the content if a tool wrote none."""
        if given := (self.get("WARC-Record-ID") or "").strip("<> "):
            return given
        content = f"{self.type} {self.uri} {self.get('WARC-Date')} {sha256(self.block)}"
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"

    @property
    def uri(self) -> str:
        """Target URI, without the angle brackets of wget 1.x (WARC 1.0)."""
        return (self.get("WARC-Target-URI") or "").strip("<> ")


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, or None."""
    lowered, size = name.lower(), len(name)
    # Called some twenty times for each record: most names differ in length.
    for key, value in headers:
        if len(key) == size and key.lower() == lowered:
            return value
    return None


def new_record_id() -> str:
    """Return a new record id, without angle brackets."""
    return f"urn:uuid:{uuid.uuid4()}"


def sha256(data: bytes) -> str:
    """Return a labelled digest; Base16 in lower case, by issues 48 and 80 of the specification."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def warc_date(at: datetime) -> str:
    """Return WARC-Date to the microsecond (WARC 1.1, 5.4).

    >>> warc_date(datetime(2026, 3, 1, 12, tzinfo=UTC))
    '2026-03-01T12:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clean_value(value: str) -> str:
    r"""Return a value as a named field can hold it and a reader will parse it.

    >>> clean_value(" Two\r\nlines ")
    'Two lines'
    """
    if value.isascii() and value.isprintable():  # nearly all are, of the fifty fields of an exchange
        return value.strip(_BLANK)
    return _CONTROL.sub(" ", value).encode("utf-8", "replace").decode().strip(_BLANK)


def clean_fields(fields: Fields) -> Headers:
    """Return named fields as a reader will parse them; those without a value are dropped."""
    return tuple((name, clean_value(value)) for name, value in fields if value is not None)


def build_member(type_: str, fields: Fields, block: bytes, *, is_text: bool = False) -> bytes:
    """Return a record as a gzip member. `is_text` compresses harder: not for what is compressed already."""
    all_fields = [("WARC-Type", type_), *fields, ("Content-Length", str(len(block)))]
    return compress_member(VERSION + format_fields(all_fields) + b"\r\n" + block + END, is_text=is_text)


def build_fields_member(type_: str, record_id: str, at: datetime, named: Fields, block_fields: Fields) -> bytes:
    """Return a record whose block is named fields, as a gzip member."""
    block = format_fields(block_fields)
    own = (("WARC-Record-ID", f"<{record_id}>"), ("WARC-Date", warc_date(at)))
    fields: Fields = (*own, *named, ("WARC-Block-Digest", sha256(block)), ("Content-Type", WARC_FIELDS))
    return build_member(type_, fields, block)


def format_fields(fields: Fields) -> bytes:
    """Format named fields, for a record's header or an application/warc-fields block."""
    return "".join(f"{name}: {value}\r\n" for name, value in clean_fields(fields)).encode()


def parse_fields(text: bytes) -> Headers:
    """Parse named fields; folded lines are joined, lines without a colon dropped."""
    found: list[tuple[str, str]] = []
    for line in text.decode("utf-8", "replace").split("\n"):
        if line[:1] in (" ", "\t") and found:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip(_BLANK)}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            found.append((name.strip(_BLANK), value.strip(_BLANK)))
    return tuple(found)


def parse_record(data: bytes, place: RecordPlace) -> Record:
    """Parse the content of a gzip member; BadRecord if it is not exactly one complete record."""
    end = HEAD_END.search(data)
    if not data.startswith(b"WARC/") or end is None:
        raise BadRecord(place.warc, place.offset, "no WARC record")
    headers = parse_fields(data[data.index(b"\n") : end.start()])
    if (length := content_length(headers)) is None:
        raise BadRecord(place.warc, place.offset, "record without a valid Content-Length")
    block = data[end.end() : end.end() + length]
    if len(block) < length:
        raise BadRecord(place.warc, place.offset, f"record with {len(block)} of {length} bytes of its block")
    tail = data[end.end() + length :]
    if tail.strip():
        raise BadRecord(place.warc, place.offset, f"{len(tail)} bytes behind the record in its gzip member")
    type_ = (header(headers, "WARC-Type") or "").lower()
    return Record(place=place, type=type_, headers=headers, block=block, tail=tail)


def content_length(headers: Headers) -> int | None:
    """Return the length of a record's block; None if the header has no valid one."""
    text = header(headers, "Content-Length") or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
