"""Measure what reads records: the browser's doors to pages as they were, and an export, wherever the WARC files lie.

    python -m benchmarks.replayed FOLDER [--times 200]

For each kind the articles are drawn anew, each once: little of what is asked for was read before. The same archive in
its folder and in a bucket: newsarchive bucket --to bucket --remove.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select

from benchmarks.browser import at, connect
from benchmarks.served import crowd, serving
from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.export.records import write_warc
from newsarchive.export.request import ExportRequest
from newsarchive.urls.wb_url import quote_url
from storage.index import Filters
from storage.index.schema.tables import CaptureRow, UrlRow, VersionRow


class Page(NamedTuple):
    """An article as its current text was first captured."""

    article: int
    capture: int
    stamp: str
    url: str


DOORS: dict[str, Callable[[Page], str]] = {
    "article (no record is read)": lambda page: f"/article/{page.article}",
    "record": lambda page: f"/record/{page.capture}",
    "raw page": lambda page: f"/web/{page.stamp}id_/{quote_url(page.url)}",
    "snapshot, the page in it": lambda page: f"/web/{page.stamp}mp_/{quote_url(page.url)}",
    "an article's records as WARC": lambda page: f"/article/{page.article}.warc.gz",
}


def pages(connection: Connection) -> list[Page]:
    """All articles."""
    asked = (
        select(VersionRow.article_id, CaptureRow.id, CaptureRow.fetched_at, UrlRow.url)
        .join(CaptureRow, CaptureRow.id == VersionRow.capture_id)
        .join(UrlRow, UrlRow.id == CaptureRow.url_id)
        .where(VersionRow.is_current)
    )
    return [Page(article, seen, f"{when:%Y%m%d%H%M%S}", url) for article, seen, when, url in connection.execute(asked)]


def doors(folder: Path, known: Sequence[Page], times: int, chance: random.Random) -> None:
    """Print a line for each door: a server of its own, one client, one request after the other."""
    print("\n| request | p50 ms | p95 ms | CPU ms |\n| --- | --- | --- | --- |")
    for name, address in DOORS.items():
        drawn = chance.sample(known, min(times + 1, len(known)))
        with serving(folder) as server:
            crowd(server, [address(drawn[0])], 1)
            used = server.cpu()
            answers = crowd(server, [address(page) for page in drawn[1:]], 1)
            used = (server.cpu() - used) * 1000 / len(answers)
        if wrong := [answer for answer in answers if answer.status != 200]:
            raise SystemExit(f"{wrong[0].path}: HTTP {wrong[0].status}")
        taken = [answer.whole for answer in answers]
        print(f"| {name} | {at(taken, 0.5):.1f} | {at(taken, 0.95):.1f} | {used:.1f} |", flush=True)


def measure_slice(folder: Path, known: Sequence[Page]) -> None:
    """Print what a WARC slice of so many articles takes."""
    with Archive.open(folder) as archive, tempfile.TemporaryFile() as file:
        began, used = time.perf_counter(), time.process_time()
        filters = Filters(articles=tuple(page.article for page in known))
        records = write_warc(ExportRequest(index=archive.index, places=archive.places, filters=filters), file)
        took, used = time.perf_counter() - began, time.process_time() - used
        size = file.tell() / 1e6
    print(f"\nWARC slice of {len(known)} articles: {records} records, {size:.0f} MB in {took:.1f} s, {used:.1f} CPU s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=200, help="articles that are asked for in a kind")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with connect(load_config(given.folder).index) as connection:
        known = pages(connection)
    print(f"{len(known):,} articles; load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    doors(given.folder, known, given.times, chance)
    measure_slice(given.folder, chance.sample(known, min(given.times, len(known))))


if __name__ == "__main__":
    main()
