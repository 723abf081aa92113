"""WACZ 1.1.1: records, their index and the pages that they show, in one ZIP file that ReplayWeb.page opens.

    archive/data.warc.gz     a WARC slice                        stored, so that a record is read by Range
    indexes/index.cdx.gz     CDXJ in gzip members of some lines  stored
    indexes/index.idx        where each of those begins
    pages/pages.jsonl        title, time and text of each article version, from the index
    datapackage.json         every file with size and SHA-256; datapackage-digest.json has its own

Written by ourselves and not by py-wacz: that would read and index all records anew, knows pages only by Referer headers
that a crawler does not send, and takes their text with an extractor that puts headlines of related articles into it.
Here everything is known already, and goes straight into the file.
"""

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from itertools import islice
from typing import Any, BinaryIO

from newsarchive.export.cdxj import cdxj_line
from newsarchive.export.choice import Choice
from newsarchive.export.records import Slicer
from newsarchive.export.sorting import in_order
from newsarchive.export.warcs import sliced
from newsarchive.version import VERSION

WACZ_VERSION = "1.1.1"
_NAME = "data.warc.gz"
_LINES = 1024
"""CDX lines in one gzip member."""
_TELL_EVERY = 50


@dataclass(slots=True)
class _Package:
    """A WACZ that is being written."""

    zip: zipfile.ZipFile
    date: tuple[int, int, int, int, int, int]
    resources: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def file(self, path: str, *, stored: bool = False) -> Iterator["_Hashed"]:
        """A file of the package, noted in its list of resources."""
        info = zipfile.ZipInfo(path, self.date)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        with self.zip.open(info, "w", force_zip64=True) as opened:
            hashed = _Hashed(opened)
            yield hashed
        name = path.rpartition("/")[2]
        digest = f"sha256:{hashed.digest.hexdigest()}"
        self.resources.append({"name": name, "path": path, "hash": digest, "bytes": hashed.size})


class _Hashed:
    """Counts and hashes what is written."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)


def write_wacz(choice: Choice, into: BinaryIO) -> int:
    """Write a WACZ of the chosen captures; returns how many captures."""
    at = choice.now().astimezone(UTC)
    date = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(into, "w", allowZip64=True) as opened:
        package = _Package(opened, date)
        count = _write_index(package, in_order(_records(choice, package)))
        with package.file("pages/pages.jsonl") as file:
            for page in _pages(choice):
                file.write(json.dumps(page, ensure_ascii=False).encode() + b"\n")
        _write_description(choice, package, f"{at:%Y-%m-%dT%H:%M:%SZ}")
    return count


def _records(choice: Choice, package: _Package) -> Iterator[str]:
    """Write the records; yields a CDXJ line for each capture among them."""
    with package.file(f"archive/{_NAME}", stored=True) as file:
        slicer = Slicer(choice, file.write)
        for count, copied in enumerate(sliced(choice, slicer, _NAME), 1):
            if count % _TELL_EVERY == 0:
                choice.tell(count)
            yield cdxj_line(copied.line, filename=_NAME, offset=copied.offset, length=copied.length)


def _write_index(package: _Package, lines: Iterable[str]) -> int:
    """Compressed CDXJ, and the index of its members; returns how many lines."""
    # Lines are known only when all records are written: the first is taken before the next file of the ZIP begins.
    count, blocks = 0, ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}']
    going = iter(lines)
    first = list(islice(going, _LINES))
    with package.file("indexes/index.cdx.gz", stored=True) as file:
        block = first
        while block:
            offset = file.size
            member = gzip.compress("".join(f"{line}\n" for line in block).encode(), mtime=0)
            file.write(member)
            key = " ".join(block[0].split(" ", 2)[:2])
            place = {
                "offset": offset,
                "length": len(member),
                "digest": f"sha256:{hashlib.sha256(member).hexdigest()}",
                "filename": "index.cdx.gz",
            }
            blocks.append(f"{key} {json.dumps(place)}")
            count += len(block)
            block = list(islice(going, _LINES))
    with package.file("indexes/index.idx") as file:
        file.write("".join(f"{line}\n" for line in blocks).encode())
    return count


def _pages(choice: Choice) -> Iterator[dict[str, Any]]:
    """The list of pages: a line that says what it is, then each version of the chosen articles."""
    yield {"format": "json-pages-1.0", "id": "pages", "title": choice.title, "hasText": True}
    for line in choice.index.export(choice.filters, all_versions=True):
        digest = hashlib.sha256(f"{line['capture']['fetched_at']} {line['url']}".encode()).hexdigest()
        yield {
            "id": digest[:22],
            "url": line["url"],
            "ts": line["capture"]["fetched_at"],
            "title": line["headline"],
            "text": line["body"],
        }


def _write_description(choice: Choice, package: _Package, created: str) -> None:
    description = {
        "profile": "data-package",
        "wacz_version": WACZ_VERSION,
        "title": choice.title,
        "software": f"newsarchive {VERSION}",
        "created": created,
        "modified": created,
        "resources": list(package.resources),
    }
    written = json.dumps(description, indent=2, ensure_ascii=False).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(written).hexdigest()}"}
    package.zip.writestr(zipfile.ZipInfo("datapackage.json", package.date), written)
    package.zip.writestr(zipfile.ZipInfo("datapackage-digest.json", package.date), json.dumps(digest).encode())
