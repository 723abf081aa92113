"""ARC, the format before WARC (Internet Archive, 1996), made WARC: blocks stay as they are.

URL SP IP-address SP archive-date SP content-type [SP ... version 2's fields] SP length LF
block
LF
"""

import re
import uuid
from datetime import UTC, datetime

from storage.warc.framing import Framer
from storage.warc.record import HTTP_RESPONSE, Fields, member, sha256

_LINE = re.compile(
    rb"([a-z][a-z0-9+.-]{1,20}:\S{1,3000}) (\S{1,64}) (\d{14}|\d{12}) (\S{0,200})(?: [^\r\n]{0,500})? (\d{1,19})\r?\n"
)


class ArcFramer(Framer):
    """The walk over an ARC file."""

    begin = _LINE

    def record(self) -> bytes:
        """Return a record as WARC has it: a response, or a resource where it is no HTTP."""
        source = self._source
        place = source.place()
        line = self.begin.match(source.buffer)
        assert line is not None
        url, peer, stamp, mime, length = (part.decode("utf-8", "replace") for part in line.groups())
        source.drop(line.end())
        block = self.take_block(place, int(length))
        date = self._date(place, stamp)
        if url.startswith("filedesc:"):
            return _member("warcinfo", url, date, block, [("WARC-Filename", url.removeprefix("filedesc://"))])
        named: Fields = [("WARC-Target-URI", url), ("WARC-IP-Address", None if peer == "0.0.0.0" else peer)]  # noqa: S104
        if block.startswith(b"HTTP/"):
            return _member("response", url, date, block, [*named, ("Content-Type", HTTP_RESPONSE)])
        return _member("resource", url, date, block, [*named, ("Content-Type", mime)])

    def _date(self, place: int, stamp: str) -> str:
        try:
            at = datetime.strptime(stamp.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise self.lost(place, f"a record with the date {stamp!r} stands") from None
        return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _member(type_: str, url: str, date: str, block: bytes, fields: Fields) -> bytes:
    # Made of the content, so that the same file gives the same records again.
    record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{url} {date} {sha256(block)}")
    own: Fields = [("WARC-Record-ID", f"<urn:uuid:{record_id}>"), ("WARC-Date", date)]
    return member(type_, [*own, *fields, ("WARC-Block-Digest", sha256(block))], block, dense=True)
