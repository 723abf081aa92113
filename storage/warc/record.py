"""One WARC record: its header, its block, and the bytes it has in a file.

WARC/1.1 CRLF                        one gzip member a record (WARC 1.1, annex D)
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
from storage.warc.gzip_member import squeeze

VERSION = b"WARC/1.1\r\n"
END = b"\r\n\r\n"
WARC_FIELDS = "application/warc-fields"
HTTP_RESPONSE = "application/http;msgtype=response"
HTTP_REQUEST = "application/http;msgtype=request"

Fields = Iterable[tuple[str, str | None]]
Headers = tuple[tuple[str, str], ...]

HEAD_END = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_BLANK = " \t\r"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read."""

    place: RecordPlace
    type: str
    """warcinfo, response, request, revisit, metadata, resource ... lower case."""
    headers: Headers
    block: bytes
    tail: bytes = END
    """What follows the block in the member: CRLFCRLF in a record that is well made."""

    def get(self, name: str) -> str | None:
        """Return the first value of a named field, in any case, or None."""
        return header(self.headers, name)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return all values of a named field."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    @property
    def id(self) -> str:
        """Record id without angle brackets; where a tool wrote none, one made of the record's content."""
        given = (self.get("WARC-Record-ID") or "").strip("<> ")
        return given or _made_id(self)

    @property
    def uri(self) -> str:
        """Target URI; wget 1.x puts it in angle brackets, as WARC 1.0's grammar had it."""
        return (self.get("WARC-Target-URI") or "").strip("<> ")


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, or None."""
    wanted, size = name.lower(), len(name)
    # Asked some twenty times for each record: most names differ in length already.
    for key, value in headers:
        if len(key) == size and key.lower() == wanted:
            return value
    return None


def _made_id(record: Record) -> str:
    content = f"{record.type} {record.uri} {record.get('WARC-Date')} {sha256(record.block)}"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"


def record_id() -> str:
    """Return a new record id, without angle brackets."""
    return f"urn:uuid:{uuid.uuid4()}"


def sha256(data: bytes) -> str:
    """Return a labelled digest; Base16 in lower case, as the specification's issues 48 and 80 settled it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def warc_date(at: datetime) -> str:
    """Return WARC-Date to the microsecond (WARC 1.1, 5.4).

    >>> warc_date(datetime(2026, 3, 1, 12, tzinfo=UTC))
    '2026-03-01T12:00:00.000000Z'
    """
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def tidy(value: str) -> str:
    r"""Return a value as a named field can hold it, and as a reader will give it back.

    >>> tidy(" Two\r\nlines ")
    'Two lines'
    """
    if value.isascii() and value.isprintable():  # nearly all are, and there are fifty to an exchange
        return value.strip(_BLANK)
    return _CONTROL.sub(" ", value).encode("utf-8", "replace").decode().strip(_BLANK)


def written(fields: Fields) -> Headers:
    """Return named fields as a reader will give them back; those without a value are left out."""
    return tuple((name, tidy(value)) for name, value in fields if value is not None)


def member(type_: str, fields: Fields, block: bytes, *, dense: bool = False) -> bytes:
    """Return a record as a gzip member. `dense` squeezes harder: for text, not for what comes compressed already."""
    all_fields = [("WARC-Type", type_), *fields, ("Content-Length", str(len(block)))]
    head = VERSION + warc_fields(all_fields) + b"\r\n"
    return squeeze(head + block + END, dense=dense)


def warc_fields(fields: Fields) -> bytes:
    """Return a block of the type application/warc-fields, or the named fields of a record's header."""
    return "".join(f"{name}: {value}\r\n" for name, value in written(fields)).encode()


def parse_fields(text: bytes) -> Headers:
    """Parse named fields, folded lines joined; lines without a colon are left out."""
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
    """Parse the content of a member; BadRecord where it does not hold one whole record."""
    end = HEAD_END.search(data)
    if not data.startswith(b"WARC/") or end is None:
        raise BadRecord(place.warc, place.offset, "no WARC record begins here; something else stands")
    headers = parse_fields(data[data.index(b"\n") : end.start()])
    length = content_length(headers)
    if length is None:
        raise BadRecord(place.warc, place.offset, "a record without a valid Content-Length stands")
    block = data[end.end() : end.end() + length]
    if len(block) < length:
        raise BadRecord(place.warc, place.offset, f"a record has {len(block)} of {length} bytes of its block")
    tail = data[end.end() + length :]
    if tail.strip():
        raise BadRecord(place.warc, place.offset, f"{len(tail)} bytes follow a record in its gzip member, which stands")
    return Record(
        place=place,
        type=(header(headers, "WARC-Type") or "").lower(),
        headers=headers,
        block=block,
        tail=tail,
    )


def content_length(headers: Headers) -> int | None:
    """Return the length of a record's block; None where the header does not give it in digits."""
    text = header(headers, "Content-Length") or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
