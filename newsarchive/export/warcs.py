"""A WARC slice: the chosen records in one file that other tools read, with a warcinfo record that says what it is."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from newsarchive.export.choice import Choice
from newsarchive.export.records import Copied, Slicer
from newsarchive.export.requisites import with_requisites
from newsarchive.version import VERSION
from storage.index.views.cdx import CdxLine
from storage.warc.record import WARC_FIELDS, Fields, member, record_id, sha256, warc_date, warc_fields

_TELL_EVERY = 50


def write_warc(choice: Choice, into: BinaryIO) -> int:
    """Copy the chosen captures and what they need; returns how many captures."""
    count = 0
    for count, _ in enumerate(sliced(choice, Slicer(choice, into.write), "newsarchive-slice.warc.gz"), 1):
        if count % _TELL_EVERY == 0:
            choice.tell(count)
    return count


def sliced(choice: Choice, slicer: Slicer, name: str) -> Iterator[Copied]:
    """Write warcinfo and the chosen captures through a slicer; yields each capture as it is written."""
    slicer.append(_warcinfo(choice, name))
    lines: Iterable[CdxLine] = choice.index.slice_lines(choice.filters)
    if choice.filters.names_articles:
        lines = with_requisites(choice, lines)
    yield from slicer.copy(lines)


def _warcinfo(choice: Choice, name: str) -> bytes:
    block = warc_fields(
        [
            ("software", f"newsarchive {VERSION}"),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
            ("operator", choice.operator or None),
            ("description", "Records copied from an archive, each as it was written there"),
        ]
    )
    fields: Fields = (
        ("WARC-Record-ID", f"<{record_id()}>"),
        ("WARC-Date", warc_date(choice.now())),
        ("WARC-Filename", name),
        ("WARC-Block-Digest", sha256(block)),
        ("Content-Type", WARC_FIELDS),
    )
    return member("warcinfo", fields, block)
