"""Convert ARC records (Internet Archive, 1996) to WARC records, blocks unchanged.

URL SP IP-address SP archive-date SP content-type [SP fields of version 2] SP length LF
block
LF
"""

import re
import uuid
from datetime import UTC, datetime

from storage.errors import BadRecord
from storage.warc.framing import RecordSplitter
from storage.warc.record import HTTP_RESPONSE, Fields, build_member, sha256

_LINE = re.compile(
    rb"([a-z][a-z0-9+.-]{1,20}:\S{1,3000}) (\S{1,64}) (\d{14}|\d{12}) (\S{0,200})(?: [^\r\n]{0,500})? (\d{1,19})\r?\n"
)


class ArcSplitter(RecordSplitter):
    """An iterator over ARC records."""

    begin = _LINE

    def read_record(self) -> bytes:
        """Return the record as WARC: a response, or a resource if it is not HTTP."""
        stream = self._stream
        place = stream.file_offset()
        line = self.begin.match(stream.buffer)
        assert line is not None
        url, peer, stamp, mime, length = (part.decode("utf-8", "replace") for part in line.groups())
        stream.discard(line.end())
        block = self.read_block(place, int(length))
        try:
            at = datetime.strptime(stamp.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise BadRecord("", place, f"record with the date {stamp!r}") from None
        date = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        if url.startswith("filedesc:"):
            return _build_member("warcinfo", url, date, block, [("WARC-Filename", url.removeprefix("filedesc://"))])
        named: Fields = [("WARC-Target-URI", url), ("WARC-IP-Address", None if peer == "0.0.0.0" else peer)]  # noqa: S104
        if block[:5].upper() == b"HTTP/":
            return _build_member("response", url, date, block, [*named, ("Content-Type", HTTP_RESPONSE)])
        return _build_member("resource", url, date, block, [*named, ("Content-Type", mime)])


def _build_member(type_: str, url: str, date: str, block: bytes, fields: Fields) -> bytes:
    # Derived from the content, so that the same file gives the same records.
    record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{url} {date} {sha256(block)}")
    own: Fields = [("WARC-Record-ID", f"<urn:uuid:{record_id}>"), ("WARC-Date", date)]
    return build_member(type_, [*own, *fields, ("WARC-Block-Digest", sha256(block))], block, is_text=True)
