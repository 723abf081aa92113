"""Count false copies among unlike articles of one topic, and measure the search for copies of an article.

    python -m benchmarks.copies [--articles 5000] [--asked 5000] [--index postgresql+psycopg://...]

The articles are of twenty papers and of one topic: the same few thousand words, the common ones often. What unlike
articles of a topic print alike is there, too: the closing line of an agency, one or two paragraphs of background that
hundreds of articles repeat, sentences of a speech that dozens quote, and the phrases of the trade within sentences. A
fifth of them are briefs of three paragraphs, of which such lines are the larger part. Among them stand a hundred
copies, cut and with an own beginning, that have to be found.

Prints a table. Exits with 1 if more than 0.5 % of the articles have a false copy, or a copy was not found.
"""

import argparse
import random
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.invented import LATIN, Words
from storage.index import Index
from storage.index.queries.articles import get_article, list_articles
from storage.index.queries.similar import find_similar_articles
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

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
SITES, COPIES, BATCH = 20, 100, 500
MOST_FALSE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Words of a topic, and what unlike articles about it print alike."""

    words: Words
    chance: random.Random
    background: list[str]
    speeches: list[list[str]]
    closings: list[str]
    phrases: list[str]

    def write_article(self) -> list[str]:
        """Return the paragraphs of an article."""
        chance = self.chance
        is_brief = chance.random() < 0.2
        own = [self._write_paragraph() for _ in range(2 if is_brief else chance.randint(5, 16))]
        shared = chance.sample(self.background, 1 if is_brief or chance.random() < 0.5 else 2)
        if not is_brief and chance.random() < 0.5:
            shared += chance.sample(chance.choice(self.speeches), chance.randint(1, 3))
        for text in shared:
            own.insert(chance.randint(1, len(own)), text)
        return [*own, chance.choice(self.closings)]

    def _write_paragraph(self) -> str:
        sentences = [self.words.sentence(9, 22) for _ in range(self.chance.randint(1, 3))]
        if self.chance.random() < 0.4:
            sentences.append(f"{self.words.line(3, 8)} {self.chance.choice(self.phrases)}.")
        return " ".join(sentences)


def make_topic(chance: random.Random) -> Topic:
    """Return a topic; the same seed gives the same."""
    words = Words(chance, LATIN, count=3000)
    return Topic(
        words=words,
        chance=chance,
        background=[" ".join(words.sentence(12, 20) for _ in range(2)) for _ in range(25)],
        speeches=[[f"“{words.sentence(8, 18)}”" for _ in range(10)] for _ in range(20)],
        closings=[words.sentence(8, 12) for _ in range(5)],
        phrases=[words.line(5, 7) for _ in range(40)],
    )


def make_ingest(serial: int, paragraphs: list[str]) -> Ingest:
    """Return what a crawl would commit for an article."""
    site, at = f"paper{serial % SITES}", BEGIN + timedelta(minutes=serial)
    url = f"https://{site}.example/story-{serial}"
    capture = Capture(
        url=url,
        record_id=f"urn:article:{serial}",
        place=RecordPlace(warc="a.warc.gz", offset=serial, length=1),
        kind="response",
        fetched_at=at,
        date=at.isoformat(),
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=1,
    )
    article = Article(
        url=url,
        canonical_url=url,
        headline=f"Headline {serial}",
        published=SourcedDate(at=at, is_day=False, source="json-ld"),
        declared=True,
        paragraphs=tuple(Paragraph(role=Role.TEXT, text=text) for text in paragraphs),
    )
    reading = Reading(outcome=Outcome.ARTICLE, reason="generated", article=article)
    return Ingest(capture=capture, discovery=Discovery(site=site, kind=UrlKind.ARTICLE), reading=reading)


def plan_nothing(seen: VisitResult) -> NextVisit:
    """Return no further visit."""
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=seen.unchanged_count)


def fill(index: Index, texts: list[list[str]]) -> None:
    """Commit the articles, and make their search documents."""
    for start in range(0, len(texts), BATCH):
        batch = enumerate(texts[start : start + BATCH], start)
        index.commit([make_ingest(serial, text) for serial, text in batch], plan_nothing)
    index.settle()
    index.update_search()


def main() -> None:
    """Generate, ask for the copies of each article, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=5000)
    parser.add_argument("--asked", type=int, default=5000, help="articles whose copies are asked for")
    parser.add_argument("--index", help="address of an empty database; by default SQLite in a temporary folder")
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    topic = make_topic(chance)
    texts = [topic.write_article() for _ in range(given.articles)]
    copied = {given.articles + number: chance.randrange(given.articles) for number in range(COPIES)}
    for original in copied.values():
        text = texts[original]
        texts.append([topic.words.sentence(9, 14), *text[1 : max(3, len(text) * 2 // 3)]])
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Index.open(given.index or f"sqlite:///{Path(folder) / 'index.sqlite3'}")) as index,
    ):
        fill(index, texts)
        lines = index.ask(list_articles, limit=len(texts))
        ids = {int(line.url.rpartition("-")[2]): line.id for line in lines}
        pairs, with_false, took = set[tuple[int, int]](), 0, 0.0
        asked = sorted(chance.sample(range(given.articles), min(given.asked, given.articles)))
        groups = {serial: copied.get(serial, serial) for serial in range(len(texts))}
        found_copies = 0
        for serial in (*asked, *copied):
            article = index.ask(get_article, ids[serial])
            assert article
            began = time.process_time()
            found = index.ask(find_similar_articles, article.current.id, limit=100)
            took += time.process_time() - began
            copies = {int(one.article.url.rpartition("-")[2]) for one in found if one.is_copy}
            wrong = {other for other in copies if groups[other] != groups[serial]}
            pairs |= {(min(serial, other), max(serial, other)) for other in wrong}
            with_false += bool(wrong)
            found_copies += serial in copied and copied[serial] in copies
        rate = with_false / (len(asked) + len(copied))
    print(
        "| unlike articles of one topic | articles with a false copy | false pairs | copies found | CPU ms an article |"
    )
    print("| --- | --- | --- | --- | --- |")
    print(
        f"| {given.articles:,} | {with_false} ({rate:.2%}) | {len(pairs)} | {found_copies} of {COPIES} |"
        f" {took / (len(asked) + len(copied)) * 1000:.1f} |"
    )
    if rate > MOST_FALSE or found_copies < COPIES:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
