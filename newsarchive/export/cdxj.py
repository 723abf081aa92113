"""An index of captures as CDXJ: lines sorted by urlkey and timestamp, as pywb reads them."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from newsarchive.export.choice import Choice
from newsarchive.export.sorting import in_order
from storage.index.views.cdx import CdxLine

_TELL_EVERY = 1000


def write_cdxj(choice: Choice, into: BinaryIO) -> int:
    """Places are those in the archive's own WARC files; returns how many lines."""
    count = 0
    for line in in_order(_lines(choice)):
        into.write(f"{line}\n".encode())
        count += 1
    return count


def _lines(choice: Choice) -> Iterator[str]:
    for count, line in enumerate(choice.index.slice_lines(choice.filters), 1):
        if count % _TELL_EVERY == 0:
            choice.tell(count)
        yield cdxj_line(line, filename=line.warc, offset=line.offset, length=line.length)


def cdxj_line(line: CdxLine, *, filename: str, offset: int, length: int) -> str:
    """One line: key and timestamp to sort by, the rest as JSON; the place is that in the file of this name."""
    fields = cdx_fields(line._replace(warc=filename, offset=offset, length=length))
    key = line.urlkey.replace(" ", "%20")
    return f"{key} {line.fetched_at:%Y%m%d%H%M%S} {json.dumps(fields, ensure_ascii=False)}"


def cdx_fields(line: CdxLine) -> dict[str, str]:
    """A capture's fields by pywb's names, all of them texts; "-" for what there is none of."""
    return {
        "url": line.url,
        "mime": "warc/revisit" if line.kind == "revisit" else line.mime or "unk",
        "status": "-" if line.status is None else str(line.status),
        "digest": line.payload_digest or "-",
        "length": str(line.length),
        "offset": str(line.offset),
        "filename": line.warc,
    }
