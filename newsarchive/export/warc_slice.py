"""Exports of records as WARC: the selected records, copied, after a warcinfo record."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from newsarchive.export.records import CopiedRecord, RecordCopier
from newsarchive.export.request import ExportRequest
from newsarchive.export.requisites import add_requisites
from newsarchive.version import VERSION
from storage.index.views.cdx import CdxLine
from storage.warc.record import WARC_FIELDS, Fields, build_member, format_fields, new_record_id, sha256, warc_date

_PROGRESS_EVERY = 50


def write_warc(request: ExportRequest, file: BinaryIO) -> int:
    """Copy the selected captures with their requisites; return the number of captures."""
    copied = copy_slice(request, RecordCopier(request, file.write), "newsarchive-slice.warc.gz")
    return sum(1 for _ in request.track(copied, _PROGRESS_EVERY))


def copy_slice(request: ExportRequest, copier: RecordCopier, name: str) -> Iterator[CopiedRecord]:
    """Write warcinfo and the selected captures through a copier; yield each capture after it is written."""
    copier.append(_warcinfo(request, name))
    lines: Iterable[CdxLine] = request.iter_captures()
    if request.filters.selects_articles:
        lines = add_requisites(request, lines)
    yield from copier.copy(lines)


def _warcinfo(request: ExportRequest, name: str) -> bytes:
    block = format_fields(
        [
            ("software", f"newsarchive {VERSION}"),
            ("format", "WARC File Format 1.1"),
            ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
            ("operator", request.operator or None),
            ("description", "Records copied from an archive, each as it was written there"),
        ]
    )
    fields: Fields = (
        ("WARC-Record-ID", f"<{new_record_id()}>"),
        ("WARC-Date", warc_date(request.now())),
        ("WARC-Filename", name),
        ("WARC-Block-Digest", sha256(block)),
        ("Content-Type", WARC_FIELDS),
    )
    return build_member("warcinfo", fields, block)
