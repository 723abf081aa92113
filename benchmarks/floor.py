"""Minimal cost of a page: fetching, decoding, reading, digests, gzip and SQL, each measured alone; then a crawl.

    python -m benchmarks.floor [--articles 1500] [--page-size 210000] [--runs 3]

The first crawl makes the material: its URLs, its WARC records, the rows of its index. Each part then does its own work
on all of it and nothing else. The sum is the floor of a crawler that does what newsarchive does by the same libraries.
"""

import argparse
import gzip
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from trafilatura import extract

from benchmarks.cost import run_timed
from benchmarks.crawling import Run, ours
from benchmarks.inserting import Rows, insert_rows, rows_of
from benchmarks.newsroom import newsroom
from benchmarks.table import table
from newsarchive.extract import extract_page
from storage.warc.gzip_members import compress_member
from storage.warc.payload import decode_payload, parse_http_headers, parse_message
from storage.warc.reader import read_records
from storage.warc.record import Headers

READ, READ_BY_TRAFILATURA = "read, newsarchive", "read, trafilatura, JSON with metadata"
TRAFILATURA = {READ: -1, READ_BY_TRAFILATURA: 1}
"""What makes the other floor of ours: one reading taken out, one put in."""
LIMIT = 100_000_000
"""Bytes of a page at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer that was HTML."""

    url: str
    block: bytes
    headers: Headers
    payload: bytes
    """Codings undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Results of one crawl: the input of all parts."""

    captures: int
    urls: list[str]
    """Of all captures."""
    pages: list[Page]
    members: list[tuple[bytes, bool]]
    """All records as they are before they are squeezed, and whether ours are squeezed harder."""
    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of the table."""

    name: str
    run: Callable[[], float]
    """Returns CPU seconds for the whole stock."""
    counts: bool = False
    """It belongs to the floor; the others stand beside it."""


def stock(folder: Path) -> Stock:
    """Read what a crawl left."""
    urls, pages, members = [], [], []
    for warc in sorted((folder / "warc").glob("*.warc.gz")):
        whole = warc.read_bytes()
        for record in read_records(warc):
            at, size = record.place.offset, record.place.length
            headers = parse_http_headers(record.block)[1] if record.type in ("response", "revisit") else ()
            coded = any(name.lower() == "content-encoding" for name, _ in headers)
            members.append((gzip.decompress(whole[at : at + size]), bool(headers) and not coded))
            if headers:
                urls.append(record.uri)
            if _is_page(record.type, headers):
                payload = decode_payload(record.block, LIMIT)
                pages.append(Page(url=record.uri, block=record.block, headers=headers, payload=payload))
    return Stock(captures=len(urls), urls=urls, pages=pages, members=members, rows=rows_of(folder / "index.sqlite3"))


def _is_page(kind: str, headers: Headers) -> bool:
    return kind == "response" and any(
        name.lower() == "content-type" and value.startswith("text/html") for name, value in headers
    )


def parts(held: Stock, folder: Path) -> list[Part]:
    """All that is measured, in the order in which a page goes through it."""
    file = folder / "urls.txt"
    file.write_text("\n".join(held.urls))

    def fetched(way: str) -> Callable[[], float]:
        script = str(Path(__file__).with_name("fetching.py"))
        return lambda: run_timed([sys.executable, script, str(file), way], folder=folder).cpu

    return [
        Part(name="fetch, Scrapy, start included", run=fetched("scrapy"), counts=True),
        Part(name="fetch, http.client, start included", run=fetched("plain")),
        Part(
            name="decode (gzip, br, zstd)",
            run=_each(held.pages, lambda page: decode_payload(page.block, LIMIT)),
            counts=True,
        ),
        Part(name=READ, run=_each(held.pages, _read), counts=True),
        Part(name=READ_BY_TRAFILATURA, run=_each(held.pages, _trafilatura)),
        Part(name="read, trafilatura, fast, text alone", run=_each(held.pages, _trafilatura_fast)),
        Part(name="SHA-256 of entity and block", run=_each(held.pages, _digests), counts=True),
        Part(name="gzip, as in our files", run=_each(held.members, _compress), counts=True),
        Part(name="gzip, zlib level 9 as in warcio", run=_each(held.members, _squeezed_by_zlib)),
        Part(name=f"SQL, {held.rows.count / held.captures:.0f} rows a capture", run=_sql(held, folder), counts=True),
    ]


def _each(things: Sequence[object], work: Callable[..., object]) -> Callable[[], float]:
    def run() -> float:
        began = time.process_time()
        for thing in things:
            work(thing)
        return time.process_time() - began

    return run


def _read(page: Page) -> None:
    extract_page(page.payload, page.url, page.headers)


def _trafilatura(page: Page) -> None:
    extract(page.payload, url=page.url, output_format="json", with_metadata=True)


def _trafilatura_fast(page: Page) -> None:
    extract(page.payload, url=page.url, fast=True)


def _digests(page: Page) -> None:
    hashlib.sha256(parse_message(page.block).body).digest()
    hashlib.sha256(page.block).digest()


def _compress(record: tuple[bytes, bool]) -> None:
    compress_member(record[0], is_text=record[1])


def _squeezed_by_zlib(record: tuple[bytes, bool]) -> None:
    gzip.compress(record[0], 9)


def _sql(held: Stock, folder: Path) -> Callable[[], float]:
    def run() -> float:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            return insert_rows(held.rows, Path(place, "index.sqlite3"), held.captures)

    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--page-size", type=int, default=210_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    crawls: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch, newsroom(options.articles, options.page_size) as url:
        for number in range(options.runs):
            folder = Path(scratch, str(number))
            folder.mkdir()
            crawls.append(ours(url, folder))
        held = stock(Path(scratch, "0"))
        measured = [(part, _milliseconds(part, options.runs, held.captures)) for part in parts(held, Path(scratch))]
    floor = sum(cost for part, cost in measured if part.counts)
    crawl = median(run.each for run in crawls)
    print(f"{held.captures:,} captures, {len(held.pages):,} of them pages, medians of {options.runs} runs\n")
    rows = [(part.name, f"{cost:.2f}", f"{cost:.2f}" if part.counts else "") for part, cost in measured]
    theirs = floor + sum(TRAFILATURA.get(part.name, 0) * cost for part, cost in measured)
    total = [
        ("**floor**", "", f"**{floor:.2f}**"),
        ("the same, read by trafilatura, JSON with metadata", "", f"{theirs:.2f}"),
        (
            "newsarchive's crawl",
            f"{crawl:.2f}",
            f"{crawl / floor:.2f} times the first, {crawl / theirs:.2f} the second",
        ),
    ]
    print(table(("alone", "CPU ms a capture", "of the floor"), [*rows, *total]))


def _milliseconds(part: Part, runs: int, captures: int) -> float:
    return 1000 * median(part.run() for _ in range(runs)) / captures


if __name__ == "__main__":
    main()
