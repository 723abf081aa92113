"""Exports of captures as CDXJ: lines sorted by urlkey and timestamp, as pywb reads them."""

import heapq
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import BinaryIO

from newsarchive.export.articles import write_lines
from newsarchive.export.request import ExportRequest
from storage.index.views.cdx import CdxLine

RUN_LENGTH = 20_000
"""Lines that are sorted in memory."""


def write_cdxj(request: ExportRequest, file: BinaryIO) -> int:
    """Write CDXJ that refers to the archive's own WARC files; return the number of lines."""
    captures = request.track(request.iter_captures(), 1000)
    return write_lines((f"{line}\n" for line in sort_lines(map(cdxj_line, captures))), file)


def cdxj_line(line: CdxLine) -> str:
    """Return the CDXJ line of a capture."""
    key = line.urlkey.replace(" ", "%20")
    return f"{key} {line.fetched_at:%Y%m%d%H%M%S} {json.dumps(cdx_fields(line), ensure_ascii=False)}"


def cdx_fields(line: CdxLine) -> dict[str, str]:
    """Return the fields of a capture under pywb's names, as strings; "-" for missing values."""
    return {
        "url": line.url,
        "mime": "warc/revisit" if line.kind == "revisit" else line.mime or "unk",
        "status": "-" if line.status is None else str(line.status),
        "digest": line.payload_digest or "-",
        "length": str(line.length),
        "offset": str(line.offset),
        "filename": line.warc,
    }


def sort_lines(lines: Iterable[str], run: int = RUN_LENGTH) -> Iterator[str]:
    """Sort lines by code points in bounded memory, by merging sorted temporary files; no line may have a line break.

    >>> list(sort_lines(["b", "c", "a"], run=2))
    ['a', 'b', 'c']
    """
    unsorted = iter(lines)
    with ExitStack() as open_files:
        runs: list[Iterator[str]] = []
        while batch := sorted(islice(unsorted, run)):
            if len(batch) < run and not runs:
                yield from batch
                return
            file = open_files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n"))
            file.writelines(f"{line}\n" for line in batch)
            file.seek(0)
            runs.append(line.removesuffix("\n") for line in file)
        yield from heapq.merge(*runs)
