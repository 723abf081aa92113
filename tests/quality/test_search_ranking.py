"""The order of search results, against a set of queries judged by hand.

The corpus is the recorded newsroom (`newsarchive demo`) and the articles of `search_articles.jsonl`. For each query
`search_judgements.jsonl` lists articles by grade; those it does not list have the grade 0:

    3  about what was asked for
    2  about a part of it, a consequence of it, or its wider subject
    1  says something about it in passing, or is about what the words mean in another sense that a reader may have meant

An article is named by its id in `search_articles.jsonl`, or by the number in the URL of a page of the newsroom. Grades
say what a reader wants, whether the words are in the text or not: an article that says "blaze" is about a fire.
Articles were judged without regard to the order in which they were found; judge a new query in the same way.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import pytest

from newsarchive.demo.site import load_recording
from newsarchive.extract import extract_page
from storage.index import Index
from storage.index.search.results import search_articles
from storage.model import (
    Article,
    Capture,
    Discovery,
    Ingest,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    Role,
    UrlKind,
    VisitResult,
)
from storage.page_date import SourcedDate

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent
NEWSROOM = "http://lantern.example"
NUMBER = re.compile(r"-(\d{5})(?:\.html)?$")
CAPTURED = datetime(2026, 5, 5, 11, tzinfo=UTC)
DEPTH, WORST = 10, 10


class Figures(Protocol):
    """The table of measurements (conftest.py)."""

    def add(self, part: str, key: str, value: float, name: str, *, slower: float = 1.0) -> None:
        """Record a figure, and fail if it is worse than its floor."""


def load_lines(name: str) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file beside this one."""
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedQuery:
    """A query, and the grades of articles by id."""

    text: str
    grades: Mapping[str, int]

    def compute_ndcg(self, found: Sequence[str]) -> float:
        """Return the normalised discounted cumulative gain of the first results (Järvelin and Kekäläinen 2002)."""
        best = sorted(self.grades.values(), reverse=True)
        return compute_gain([self.grades.get(one, 0) for one in found]) / compute_gain(best)


def compute_gain(grades: Sequence[int]) -> float:
    """Return the discounted cumulative gain of grades in an order.

    >>> compute_gain([3, 0, 1])
    7.5
    """
    return sum(((1 << grade) - 1) / log2(place + 2) for place, grade in enumerate(grades[:DEPTH]))


def load_queries() -> list[JudgedQuery]:
    """Return the judged queries."""
    return [
        JudgedQuery(text=line["query"], grades={one: grade for grade in (3, 2, 1) for one in line.get(str(grade), ())})
        for line in load_lines("search_judgements.jsonl")
    ]


def iter_newsroom() -> Iterator[tuple[str, Reading]]:
    """Yield the articles of the recorded newsroom as they were last: URL and reading."""
    for target, pages in load_recording().pages.items():
        page = [page for page in pages if page][-1]
        if page.status == 200 and NUMBER.search(target) and not target.startswith("/amp/"):
            reading = extract_page(page.body, NEWSROOM + target)
            if reading.outcome is Outcome.ARTICLE:
                yield NEWSROOM + target, reading


def iter_written() -> Iterator[tuple[str, Reading]]:
    """Yield the articles of search_articles.jsonl: URL and reading."""
    for line in load_lines("search_articles.jsonl"):
        url = f"https://{line['paper']}.example/{line['id']}"
        at = datetime.fromisoformat(line["date"]).replace(tzinfo=UTC)
        article = Article(
            url=url,
            canonical_url=url,
            headline=line["headline"],
            dek=line["dek"],
            authors=(line["author"],),
            section=line["section"],
            language=line["language"],
            published=SourcedDate(at=at, is_day=True, source="json-ld"),
            declared=True,
            paragraphs=tuple(Paragraph(role=Role.TEXT, text=text) for text in line["text"]),
        )
        yield url, Reading(outcome=Outcome.ARTICLE, reason="written for this test", article=article)


def make_ingest(serial: int, url: str, reading: Reading) -> Ingest:
    """Return what a crawl would commit for an article."""
    capture = Capture(
        url=url,
        record_id=f"urn:article:{serial}",
        place=RecordPlace(warc="a.warc.gz", offset=serial, length=1),
        kind="response",
        fetched_at=CAPTURED,
        date=CAPTURED.isoformat(),
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=1,
    )
    site = url.split("/")[2].removesuffix(".example")
    return Ingest(capture=capture, discovery=Discovery(site=site, kind=UrlKind.ARTICLE), reading=reading)


def plan_nothing(seen: VisitResult) -> NextVisit:
    """Return no further visit."""
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=seen.unchanged_count)


@pytest.fixture(scope="module")
def ingests() -> list[Ingest]:
    """All articles of the corpus."""
    articles = [*iter_newsroom(), *iter_written()]
    return [make_ingest(serial, *article) for serial, article in enumerate(articles)]


def search_all(address: str, ingests: Sequence[Ingest], queries: Sequence[JudgedQuery]) -> list[list[str]]:
    """Build an index and return the ids of the first results of each query."""
    with closing(Index.open(address)) as index:
        index.commit(ingests, plan_nothing)
        index.settle()
        index.update_search()
        pages = [index.ask(search_articles, query.text, limit=DEPTH, order="rank") for query in queries]
    return [[get_id(hit.url) for hit in page.hits] for page in pages]


def get_id(url: str) -> str:
    """Return the id of an article, by which judgements name it."""
    number = NUMBER.search(url)
    return number[1] if number else url.rpartition("/")[2]


def test_articles_are_ranked_as_judged(ingests: list[Ingest], figures: Figures, tmp_path: Path) -> None:
    """The order by best match is as good as before: what a reader wants most stands first."""
    queries = load_queries()
    known = {get_id(one.capture.url) for one in ingests}
    assert known.issuperset(one for query in queries for one in query.grades), "a judged article is not in the corpus"
    results = search_all(f"sqlite:///{tmp_path / 'index.sqlite3'}", ingests, queries)
    scores = [query.compute_ndcg(found) for query, found in zip(queries, results, strict=True)]
    worst = sorted(zip(scores, queries, results, strict=True), key=lambda row: (row[0], row[1].text))[:WORST]
    for score, query, found in worst:
        graded = " ".join(f"{one}:{query.grades.get(one, 0)}" for one in found) or "nothing found"
        print(f"{score:.3f}  {query.text:<36}{graded}")
    figures.add("search", "ndcg_at_10", mean(scores), f"search: nDCG@{DEPTH}, mean of {len(queries)} queries")


def test_both_databases_rank_alike(ingests: list[Ingest], postgres_url: str, tmp_path: Path) -> None:
    """The judged queries find the same articles in the same order on SQLite and PostgreSQL."""
    queries = load_queries()
    one, other = (search_all(url, ingests, queries) for url in (f"sqlite:///{tmp_path / 'i.sqlite3'}", postgres_url))
    for query, found, expected in zip(queries, other, one, strict=True):
        assert found == expected, query.text
