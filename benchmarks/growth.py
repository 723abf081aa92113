"""Growth of an archive's index: its size, and the cost of commits and queries, at increasing numbers of captures.

    python -m benchmarks.growth FOLDER [--captures 1000000] [--index postgresql+psycopg://...] [--times 100]

One invented archive (benchmarks/generate.py) is filled to 1,000 captures, 10,000 and so on. Each time two processes of
their own measure it: one reads, as the browser does, one commits pages, as a crawl does, and takes that back. Below the
table stands how each figure grows: n^1 in proportion, n^0 not at all.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select
from starlette.testclient import TestClient

from benchmarks.browser import UNLIMITED, Measuring, at
from benchmarks.generate import SITES, Maker, finish, prepare, write
from benchmarks.invented import LATIN, Words
from benchmarks.questions import Asking, sample
from newsarchive.archive import Archive
from newsarchive.config.toml_file import load_config
from newsarchive.web.app import create_app
from storage.index.engine.database import Database
from storage.index.rows.interning import LookupTables
from storage.index.schema.tables import METADATA, UrlRow
from storage.index.write.commit import commit
from storage.model import (
    Article,
    Capture,
    DiscoveredUrl,
    Discovery,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    UrlKind,
)
from storage.page_date import SourcedDate

ASKED = {
    "search": "search, a common word",
    "phrase": "search, a phrase",
    "best": "search, two words, best match",
    "cdx": "CDX, one URL",
    "article": "article",
}
BATCHES, OF = 20, 64
"""Commits that are measured, and pages in each: as many as a crawl has by default."""
LINKS = 60
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An archive of one size, measured."""

    captures: int
    rows: int
    """Of all tables."""
    megabytes: float
    """The index on the disk."""
    loaded: float
    """Rows a second that were written since the size before, search documents and their analysis included."""
    committed: float
    """Pages a second of CPU time that a crawl's commit takes; on PostgreSQL without the server's."""
    asked: dict[str, float]
    """95th percentiles in milliseconds."""
    cpu: dict[str, float]
    """The same of the asking process's CPU time."""
    reading: int
    """Megabytes of memory that the process took that asked."""
    writing: int
    """The same of the one that committed."""

    def cells(self) -> list[float]:
        """One row of the table."""
        per_capture = self.megabytes * 1e6 / self.captures
        return [
            self.captures, self.rows, self.megabytes, per_capture, self.loaded, self.committed, *self.asked.values(),
            self.reading, self.writing,
        ]  # fmt: skip


HEAD = ("captures", "rows", "MB", "B/capture", "rows/s", "pages/s", *ASKED, "MB read", "MB write")


def main() -> None:
    """Grow and print; with --read or --write measure the archive that is there, for the process that grows it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--captures", type=int, default=1_000_000, help="up to so many, such as 10000000")
    parser.add_argument("--index", help="database URL, of an empty database; SQLite in the folder by default")
    parser.add_argument("--times", type=int, default=100, help="requests of a kind")
    parser.add_argument("--rounds", type=int, default=2, help="of which the best counts")
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        print(json.dumps(measure_queries(given.folder, given.times, given.rounds)))
    elif given.write:
        print(json.dumps(measure_commits(given.folder)))
    else:
        grow(given.folder, given.index, given.captures, (f"--times={given.times}", f"--rounds={given.rounds}"))


def grow(folder: Path, index: str | None, most: int, asking: Sequence[str]) -> None:
    """Fill an archive step by step, measure it at each, and print."""
    database = prepare(folder, index)
    with database.read_transaction() as connection:
        if connection.scalar(select(func.count()).select_from(UrlRow)):
            raise SystemExit(f"{database.name} is not empty; name another folder, or database")
    maker = Maker(most // 10, seed=7)
    maker.beginning()
    rows: list[Row] = []
    total, first, size = 0, 1, 1_000
    print(f"on {database.engine.dialect.name}; load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    print("".join(f"{name:>12}" for name in HEAD), flush=True)
    while size <= most:
        written, took = 0, 0.0
        while maker.captures < size:
            last = first + max(1, min(1_000, (size - maker.captures) // 11))
            some, seconds = write(database, maker, first, last)
            written, took, first = written + some, took + seconds, last
        total += written
        finish(database)
        reads, writes = (_process(folder, *words) for words in (("--read", *asking), ("--write",)))
        now = Row(
            captures=maker.captures, rows=total, megabytes=_size(database) / 1e6, loaded=written / took,
            committed=writes["pages"], asked=reads["asked"], cpu=reads["cpu"], reading=reads["memory"],
            writing=writes["memory"],
        )  # fmt: skip
        rows.append(now)
        print(_line(now.cells()), flush=True)
        size *= 10
    database.close()
    print("\nbetween each size and the next, each grows as n to the power of:")
    for before, after in pairwise(rows):
        print(_line(slopes(before.cells(), after.cells())))
    print("\n95th percentiles of CPU time, a local database's included, in ms: other work does not lengthen it")
    for row in rows:
        print(_line([row.captures, *row.cpu.values()]))


def slopes(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """The exponents by which figures grow with the first of them."""
    by = math.log(after[0] / before[0])
    return [math.log(now / then) / by if now > 0 < then else math.nan for then, now in zip(before, after, strict=True)]


def _line(cells: Sequence[float]) -> str:
    return "".join(f"{cell:>12,.0f}" if abs(cell) >= 100 else f"{cell:>12.2f}" for cell in cells)


def _process(folder: Path, *words: str) -> dict[str, Any]:
    """Measure in a process of its own, whose memory is not ours."""
    command = [sys.executable, "-m", "benchmarks.growth", str(folder), *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _size(database: Database) -> int:
    """Bytes that the index takes on the disk."""
    with database.read_transaction() as connection:
        if database.is_postgres:
            names = ", ".join(f"('{name}')" for name in METADATA.tables)
            sizes = f"SELECT sum(pg_total_relation_size(name)) FROM (VALUES {names}) AS tables (name)"
            return int(connection.exec_driver_sql(sizes).scalar_one())
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in ("page_count", "page_size")
        )
        return int(pages * size)


def _memory() -> int:
    """Megabytes that this process took at most; getrusage would tell of the one that began it too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def measure_queries(folder: Path, times: int, rounds: int) -> dict[str, Any]:
    """Ask as the browser's readers do, without a network between."""
    chance = random.Random(3)
    database = Database.open(load_config(folder).index)
    with database.read_transaction() as connection:
        drawn = sample(connection, chance, times * rounds + 1)
    database.close()
    kinds = {kind.name: kind for kind in Asking(drawn, chance).kinds()}
    with (
        Archive.open(folder) as archive,
        TestClient(create_app(archive, UNLIMITED), base_url="http://127.0.0.1:8000", follow_redirects=False) as client,
    ):
        measuring = Measuring(client=client, times=times, rounds=rounds)
        found = {name: measuring.row(kinds[kind]) for name, kind in ASKED.items()}
    return {
        "asked": {name: row.p95 for name, row in found.items()},
        "cpu": {name: at(row.cpu, 0.95) for name, row in found.items()},
        "memory": _memory(),
    }


def measure_commits(folder: Path) -> dict[str, Any]:
    """Commit pages as a crawl does, and take them back: pages a second of this process's CPU time."""
    database = Database.open(load_config(folder).index)
    names = LookupTables()
    with database.read_transaction() as connection:
        known = list(connection.scalars(select(UrlRow.url).order_by(UrlRow.id.desc()).limit(3_000)))
    batches = list(invent_batches(random.Random(5), known))
    took = 0.0

    def work(connection: Connection) -> None:
        nonlocal took
        began = time.process_time()
        for batch in batches:
            commit(
                connection,
                names,
                batch,
                lambda seen: NextVisit(due_at=seen.fetched_at, failure_count=0, unchanged_count=0),
            )
        took = time.process_time() - began
        connection.rollback()

    database.write(work)
    database.close()
    return {"pages": BATCHES * OF / took, "memory": _memory()}


def invent_batches(chance: random.Random, known: Sequence[str]) -> Iterator[list[Ingest]]:
    """Batches of pages that no archive has yet, and that link to pages that this one knows."""
    words = Words(chance, LATIN, count=25_000)
    for batch in range(BATCHES):
        yield [_page(batch * OF + number, chance, words, known) for number in range(OF)]


def _page(number: int, chance: random.Random, words: Words, known: Sequence[str]) -> Ingest:
    site, when = f"paper{number % SITES + 1}", NOW + timedelta(seconds=number)
    url = f"https://www.{site}.example/new/{number}"
    digest = f"sha256:{number:064x}"
    capture = Capture(
        url=url, record_id=f"urn:uuid:new-{number}", kind="response", status=200,
        fetched_at=when, date=when.isoformat(),
        place=RecordPlace(warc="growth.warc.gz", offset=number * 20_000, length=19_000), mime="text/html",
        payload_digest=digest, payload_size=60_000,
    )  # fmt: skip
    links = tuple(Link(url=each, anchor=words.line(4, 9)) for each in chance.sample(known, LINKS))
    article = Article(
        url=url, canonical_url=url, headline=words.sentence(5, 11), language="en", section="World",
        published=SourcedDate(at=when, source="json-ld"), authors=(words.line(2, 2).title(),), tags=(words.line(1, 2),),
        paragraphs=tuple(Paragraph(role=Role.TEXT, text=words.sentence(18, 45)) for _ in range(8)),
        link_groups=(LinkGroup(kind=LinkKind.RELATED, label="More on this", links=links),),
    )  # fmt: skip
    discovery = Discovery(site=site, kind=UrlKind.ARTICLE)
    found = tuple(DiscoveredUrl(url=link.url, discovery=discovery, due_at=when, priority=10) for link in links[:30])
    reading = Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=article, content_digest=digest)
    return Ingest(capture=capture, discovery=discovery, reading=reading, discovered_urls=found)


if __name__ == "__main__":
    main()
