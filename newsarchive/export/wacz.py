"""WACZ 1.1.1: records, their index and a list of pages in one ZIP file, for ReplayWeb.page.

    archive/data.warc.gz     a WARC slice, not compressed again, so that records are read by Range requests
    indexes/index.cdx.gz     CDXJ in gzip members of 1,024 lines
    indexes/index.idx        positions of those members
    pages/pages.jsonl        title, time and text of each article version, from the index
    datapackage.json         size and SHA-256 of every file; datapackage-digest.json has its own digest and signature

py-wacz is not used: it would read and index all records again, finds pages by Referer headers, which a crawler does not
send, and its text extraction includes headlines of related articles.
"""

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from itertools import islice
from typing import Any, BinaryIO

from newsarchive.export.cdxj import cdxj_line, sort_lines
from newsarchive.export.records import RecordCopier, copy_slice
from newsarchive.export.request import ExportRequest
from newsarchive.version import VERSION
from storage.places.signing import sign_package

WACZ_VERSION = "1.1.1"
_NAME = "data.warc.gz"
_LINES = 1024  # CDX lines in one gzip member


@dataclass(slots=True)
class _WaczPackage:
    """A WACZ being written."""

    zip: zipfile.ZipFile
    date: tuple[int, int, int, int, int, int]
    resources: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def create_file(self, path: str, *, stored: bool = False) -> Iterator["_HashingFile"]:
        """Create a file of the package and add it to the list of resources."""
        info = zipfile.ZipInfo(path, self.date)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        with self.zip.open(info, "w", force_zip64=True) as opened:
            hashed = _HashingFile(opened)
            yield hashed
        name = path.rpartition("/")[2]
        digest = f"sha256:{hashed.digest.hexdigest()}"
        self.resources.append({"name": name, "path": path, "hash": digest, "bytes": hashed.size})


class _HashingFile:
    """Counts and hashes written bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)


def write_wacz(request: ExportRequest, file: BinaryIO) -> int:
    """Write a WACZ of the selected captures; return their number."""
    at = request.now().astimezone(UTC)
    date = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(file, "w", allowZip64=True) as opened:
        package = _WaczPackage(opened, date)
        count = _write_index(package, sort_lines(_write_records(request, package)))
        with package.create_file("pages/pages.jsonl") as pages:
            for page in _page_lines(request):
                pages.write(json.dumps(page, ensure_ascii=False).encode() + b"\n")
        _write_description(request, package, f"{at:%Y-%m-%dT%H:%M:%SZ}")
    return count


def _write_records(request: ExportRequest, package: _WaczPackage) -> Iterator[str]:
    """Write the records; yield a CDXJ line for each capture."""
    with package.create_file(f"archive/{_NAME}", stored=True) as file:
        copier = RecordCopier(request, file.write)
        yield from map(cdxj_line, request.track(copy_slice(request, copier, _NAME), 50))


def _write_index(package: _WaczPackage, lines: Iterable[str]) -> int:
    """Write the compressed CDXJ and the index of its members; return the number of lines."""
    # The first line is available only when all records are written, so it is taken before the next file is created.
    count, blocks, remaining = 0, ['!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'], iter(lines)
    block = list(islice(remaining, _LINES))
    with package.create_file("indexes/index.cdx.gz", stored=True) as file:
        while block:
            offset = file.size
            member = gzip.compress("".join(f"{line}\n" for line in block).encode(), mtime=0)
            file.write(member)
            key = " ".join(block[0].split(" ", 2)[:2])
            digest = f"sha256:{hashlib.sha256(member).hexdigest()}"
            place = {"offset": offset, "length": len(member), "digest": digest, "filename": "index.cdx.gz"}
            blocks.append(f"{key} {json.dumps(place)}")
            count += len(block)
            block = list(islice(remaining, _LINES))
    with package.create_file("indexes/index.idx") as file:
        file.write("".join(f"{line}\n" for line in blocks).encode())
    return count


def _page_lines(request: ExportRequest) -> Iterator[dict[str, Any]]:
    """Yield the list of pages: a header line, then each version of the selected articles."""
    yield {"format": "json-pages-1.0", "id": "pages", "title": request.title, "hasText": True}
    for line in replace(request, all_versions=True).iter_articles():
        url, time = line["url"], line["capture"]["fetched_at"]
        page_id = hashlib.sha256(f"{time} {url}".encode()).hexdigest()[:22]
        yield {"id": page_id, "url": url, "ts": time, "title": line["headline"], "text": line["body"]}


def _write_description(request: ExportRequest, package: _WaczPackage, created: str) -> None:
    made = {"software": f"newsarchive {VERSION}", "created": created}
    head = {"profile": "data-package", "wacz_version": WACZ_VERSION, "title": request.title, **made}
    description = {**head, "modified": created, "resources": package.resources}
    written = json.dumps(description, indent=2, ensure_ascii=False).encode()
    hashed = f"sha256:{hashlib.sha256(written).hexdigest()}"
    digest: dict[str, Any] = {"path": "datapackage.json", "hash": hashed}
    if signed := sign_package(request.places.key, hashed.encode()):
        digest["signedData"] = {"hash": hashed, "created": created, "software": made["software"], **signed}
    package.zip.writestr(zipfile.ZipInfo("datapackage.json", package.date), written)
    package.zip.writestr(zipfile.ZipInfo("datapackage-digest.json", package.date), json.dumps(digest).encode())
