"""Measure the archive's browser over a large index, in one process and without a network between.

    python benchmarks/generate.py FOLDER [--articles 200000]
    python benchmarks/browser.py FOLDER [--times 60] [--markdown]

Prints, for each kind of request, the median and the 95th percentile of its time, CPU time (which other work on the
machine does not lengthen), the most that is allowed, and the memory that the process has come to.
"""

import argparse
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, make_url, select, text
from starlette.testclient import TestClient

from newsarchive.archive import Archive, index_url
from newsarchive.configfile import load
from newsarchive.web.app import create_app
from newsarchive.web.serving import Limits, Serving
from storage.index.tables import (
    ArticleRow,
    AuthorRow,
    ParagraphRow,
    SiteRow,
    TagRow,
    UrlRow,
    VersionParagraphRow,
    VersionRow,
)

UNLIMITED = Serving(limits=Limits(per_second=1e9, burst=10**9, seconds=60))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What there is to ask for."""

    articles: list[int]
    urls: list[str]
    common: list[str]
    """Words that one in ten to one in three articles has."""
    rare: list[str]
    phrases: list[str]
    chinese: list[str]
    sites: list[str]
    authors: list[str]
    tags: list[str]
    sections: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of request, measured."""

    name: str
    wall: list[float]
    cpu: list[float]
    allowed: float
    """95th percentile in milliseconds."""
    bytes: int

    def line(self) -> str:
        """The row as Markdown."""
        numbers = (_at(self.wall, 0.5), _at(self.wall, 0.95), _at(self.cpu, 0.5), _at(self.cpu, 0.95))
        shown = " | ".join(f"{number * 1000:.1f}" for number in numbers)
        return f"| {self.name} | {shown} | {self.allowed:.0f} | {self.bytes // 1024} |"


def _at(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def sample(connection: Connection, chance: random.Random, size: int) -> Sample:
    """Draw what is asked for from what the archive holds."""
    last = connection.scalar(select(ArticleRow.id).order_by(ArticleRow.id.desc()).limit(1)) or 1
    articles = [chance.randint(1, last) for _ in range(size)]
    urls = connection.scalars(
        select(UrlRow.url).join(ArticleRow, ArticleRow.url_id == UrlRow.id).where(ArticleRow.id.in_(articles))
    )
    texts = _texts(connection, "en", articles)
    counts = Counter(word for line in texts for word in {*line.lower().strip(".").split()})
    # A paragraph has a tenth of an article's words: these are in some tenth to third of all articles.
    common = [word for word, count in counts.most_common() if 0.01 < count / len(texts) < 0.06]
    rare = [word for word, count in counts.items() if count == 1]
    chinese = _texts(connection, "zh", articles)
    headlines = [line.split() for line in texts]
    return Sample(
        articles=articles,
        urls=list(urls),
        common=common[:size],
        rare=rare[:size],
        phrases=[" ".join(words[place : place + 2]) for words in headlines for place in (3,)][:size],
        chinese=[line[place : place + length] for line in chinese for place, length in ((2, 2), (5, 4))][:size],
        sites=list(connection.scalars(select(SiteRow.name))),
        authors=list(connection.scalars(select(AuthorRow.name).limit(300))),
        tags=list(connection.scalars(select(TagRow.name).limit(300))),
        sections=list(connection.scalars(select(VersionRow.section).distinct().limit(50))),
    )


def _texts(connection: Connection, language: str, articles: list[int]) -> list[str]:
    asked = (
        select(ParagraphRow.text)
        .join(VersionParagraphRow, VersionParagraphRow.paragraph_id == ParagraphRow.id)
        .join(VersionRow, VersionRow.id == VersionParagraphRow.version_id)
        .where(VersionRow.language == language, VersionRow.article_id.in_(range(min(articles), min(articles) + 3000)))
        .where(VersionParagraphRow.role == "text")
        .limit(2000)
    )
    return list(connection.scalars(asked))


def kinds(drawn: Sample, chance: random.Random) -> Iterator[tuple[str, float, Callable[[], str]]]:
    """Kinds of requests: name, milliseconds allowed, and what makes an address."""

    def of(*from_lists: list[str]) -> list[str]:
        return [quote(chance.choice(each)) for each in from_lists]

    yield "home", 150, lambda: "/"
    yield "article", 60, lambda: f"/article/{chance.choice(drawn.articles)}"
    yield "search, a common word", 150, lambda: f"/search?q={of(drawn.common)[0]}"
    yield "search, a rare word", 150, lambda: f"/search?q={of(drawn.rare)[0]}"
    yield (
        "search, two words, best match",
        150,
        lambda: "/search?q={}+{}&sort=rank".format(*of(drawn.common, drawn.common)),
    )
    yield "search, a phrase", 150, lambda: f"/search?q=%22{of(drawn.phrases)[0]}%22"
    yield "search, Chinese", 150, lambda: f"/search?q={of(drawn.chinese)[0]}"
    yield "search, word and site", 150, lambda: "/search?q={}&site={}".format(*of(drawn.common, drawn.sites))
    yield "search, word and author", 150, lambda: "/search?q={}&author={}".format(*of(drawn.common, drawn.authors))
    yield (
        "search, word, section, year",
        150,
        lambda: "/search?q={}&section={}&since=2022&until=2022".format(*of(drawn.common, drawn.sections)),
    )
    yield "search, nothing but a site", 150, lambda: f"/search?site={of(drawn.sites)[0]}"
    yield "author", 150, lambda: f"/author/{of(drawn.authors)[0]}"
    yield "tag", 150, lambda: f"/tag/{of(drawn.tags)[0]}"
    yield "feed of a search", 150, lambda: f"/search.atom?q={of(drawn.common)[0]}"
    yield "CDX, one URL", 10, lambda: f"/cdx?url={quote(chance.choice(drawn.urls), safe='')}"


def measured(client: TestClient, name: str, allowed: float, address: Callable[[], str], times: int) -> Row:
    """Ask so often, each time for something else; the first answer, which fills caches, is left out."""
    wall, cpu, size = [], [], 0
    for number in range(times + 1):
        path = address()
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(path)
        took, used = time.perf_counter() - began, time.process_time() - used
        if answer.status_code != 200:
            raise SystemExit(f"{path}: HTTP {answer.status_code} {answer.text[:300]}")
        if number:
            wall.append(took)
            cpu.append(used)
            size = max(size, len(answer.content))
    return Row(name=name, wall=wall, cpu=cpu, allowed=allowed, bytes=size)


@contextmanager
def _connected(address: str) -> Iterator[Connection]:
    engine = create_engine(make_url(address))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=60)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with _connected(index_url(load(given.folder))) as connection:
        drawn = sample(connection, chance, given.times)
        held = {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("articles", "versions", "captures")
        }
    before = _resident()
    print(", ".join(f"{count:,} {table}" for table, count in held.items()))
    print("\n| request | p50 ms | p95 ms | CPU p50 | CPU p95 | allowed p95 | largest kB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with (
        Archive.open(given.folder) as archive,
        TestClient(create_app(archive, UNLIMITED), base_url="http://127.0.0.1:8000") as client,
    ):
        for name, allowed, address in kinds(drawn, chance):
            print(measured(client, name, allowed, address, given.times).line(), flush=True)
    print(f"\nresident: {before} MB before the first request, {_resident()} MB at most")


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
