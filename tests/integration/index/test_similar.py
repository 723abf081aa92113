"""Copies of a text are found although they were edited, and unlike texts are not called copies."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.index import Index
from storage.index.queries.articles import get_article, list_articles
from storage.index.queries.similar import SimilarArticle, find_similar_articles
from storage.index.views.articles import Exclusions
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

PAIRS = Path(__file__).parents[2] / "unit/newsarchive/edit_pairs.jsonl"
AT = datetime(2026, 5, 4, 6, tzinfo=UTC)
Texts = Sequence[str]
COPIED = 12


def load_stories() -> list[list[str]]:
    """Return the paragraphs of stories that are told once each, longest first."""
    stories: dict[str, list[str]] = {}
    for line in map(json.loads, PAIRS.read_text("utf-8").splitlines()):
        stories.setdefault(line["before"]["headline"][:18], line["before"]["paragraphs"])
    return sorted(stories.values(), key=lambda paragraphs: -sum(map(len, paragraphs)))


def change_words(paragraphs: Texts, every: int = 0) -> list[str]:
    """Return the paragraphs with the word in their middle changed, or one of every few words."""
    changed = []
    for words in map(str.split, paragraphs):
        places = range(every - 1, len(words), every) if every else [len(words) // 2]
        changed.append(" ".join("otherwise" if place in places else word for place, word in enumerate(words)))
    return changed


def reorder(paragraphs: Texts) -> list[str]:
    """Return the paragraphs in another order."""
    return random.Random(4).sample(paragraphs, len(paragraphs))


EDITS: dict[str, Callable[[Texts, Texts], Texts]] = {
    "unchanged": lambda own, other: own,
    "paragraphs joined by twos": lambda own, other: [" ".join(own[n : n + 2]) for n in range(0, len(own), 2)],
    "one word changed in each paragraph": lambda own, other: change_words(own),
    "every sixth word changed": lambda own, other: change_words(own, 6),
    "half new": lambda own, other: [*own[: len(own) // 2], *other[: len(other) // 2 + 1]],
    "reordered": lambda own, other: reorder(own),
    "cut to a fifth": lambda own, other: own[: max(1, len(own) // 5)],
    "two stories merged": lambda own, other: [*own, *other],
    "a new lead": lambda own, other: ["An editor has written this first paragraph anew and alone.", *own[1:]],
    "last sentences cut": lambda own, other: [text.rpartition(". ")[0] or text for text in own],
    "quotes translated": lambda own, other: [
        "Und niemand hat es auf Deutsch so gesagt, wie es dort stand." if {'"', "“"} & {*text} else text for text in own
    ],
}


def make_ingest(serial: int, url: str, paragraphs: Texts) -> Ingest:
    """Return what a crawl would commit for an article."""
    capture = Capture(
        url=url,
        record_id=f"urn:article:{serial}",
        place=RecordPlace(warc="a.warc.gz", offset=serial, length=1),
        kind="response",
        fetched_at=AT,
        date=AT.isoformat(),
        status=200,
        mime="text/html",
        payload_digest=None,
        payload_size=1,
    )
    article = Article(
        url=url,
        canonical_url=url,
        headline=f"Headline {serial}",
        published=SourcedDate(at=AT, is_day=False, source="json-ld"),
        declared=True,
        paragraphs=tuple(Paragraph(role=Role.TEXT, text=text) for text in paragraphs),
    )
    reading = Reading(outcome=Outcome.ARTICLE, reason="written for this test", article=article)
    discovery = Discovery(site=url.split("/")[2].removesuffix(".example"), kind=UrlKind.ARTICLE)
    return Ingest(capture=capture, discovery=discovery, reading=reading)


def plan_nothing(seen: VisitResult) -> NextVisit:
    """Return no further visit."""
    return NextVisit(due_at=None, failure_count=seen.failure_count, unchanged_count=seen.unchanged_count)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index with stories of one site, and copies of the longest with each kind of edit, each kind at one site."""
    stories = load_stories()
    pages = {f"https://paper.example/{number}": paragraphs for number, paragraphs in enumerate(stories)}
    for kind, (name, edit) in enumerate(EDITS.items()):
        assert name
        for number, paragraphs in enumerate(stories[:COPIED]):
            pages[f"https://copy-{kind}.example/{number}"] = list(edit(paragraphs, stories[COPIED + number]))
    with closing(Index.open(f"sqlite:///{tmp_path_factory.mktemp('similar') / 'index.sqlite3'}")) as opened:
        opened.commit([make_ingest(serial, *page) for serial, page in enumerate(pages.items())], plan_nothing)
        opened.settle()
        opened.update_search()
        yield opened


@pytest.fixture(scope="module")
def ids(index: Index) -> dict[str, int]:
    """Ids of articles by URL."""
    return {line.url: line.id for line in index.ask(list_articles, limit=1000)}


def find(index: Index, article_id: int) -> list[SimilarArticle]:
    """Return the articles that are similar to the current version of an article."""
    article = index.ask(get_article, article_id)
    assert article is not None
    return list(index.ask(find_similar_articles, article.current.id, limit=100))


@pytest.mark.parametrize("kind", EDITS)
def test_an_edited_copy_is_found_in_both_directions(index: Index, ids: dict[str, int], kind: str) -> None:
    """At least eleven of twelve, from the original and from the copy."""
    site = f"https://copy-{[*EDITS].index(kind)}.example"
    found = {"from the original": 0, "from the copy": 0}
    for number in range(COPIED):
        original, copy = ids[f"https://paper.example/{number}"], ids[f"{site}/{number}"]
        found["from the original"] += copy in {one.article.id for one in find(index, original) if one.is_copy}
        found["from the copy"] += original in {one.article.id for one in find(index, copy) if one.is_copy}
    assert min(found.values()) >= COPIED - 1, found


def test_unlike_stories_are_no_copies(index: Index, ids: dict[str, int]) -> None:
    """Of all stories of the paper none is a copy of another, but for one that was told twice under two headlines."""
    own = {article_id: url for url, article_id in ids.items() if url.startswith("https://paper.example/")}
    pairs = {
        tuple(sorted((url, own[one.article.id])))
        for article_id, url in own.items()
        for one in find(index, article_id)
        if one.is_copy and one.article.id in own
    }
    assert len(own) > 50
    assert len(pairs) <= 1, pairs


def test_background_that_unlike_articles_repeat_is_no_copying(tmp_path: Path) -> None:
    """A brief of which half is a paragraph that many articles print is no copy of any of them; a copy of it is one."""
    stories = load_stories()[:8]
    background = " ".join(load_stories()[8])[:260]
    briefs = [[" ".join(story)[:260], background] for story in stories]
    briefs.append(["A paper wrote this first line itself.", *briefs[0]])
    pages = [(f"https://site-{number}.example/a", text) for number, text in enumerate(briefs)]
    with closing(Index.open(f"sqlite:///{tmp_path / 'index.sqlite3'}")) as opened:
        opened.commit([make_ingest(number, *page) for number, page in enumerate(pages)], plan_nothing)
        opened.settle()
        opened.update_search()
        found = {
            line.site: {one.article.site for one in find(opened, line.id) if one.is_copy}
            for line in opened.ask(list_articles, limit=100)
        }
    sites = [f"site-{number}.example" for number in range(9)]
    assert found == {site: set() for site in sites} | {sites[0]: {sites[8]}, sites[8]: {sites[0]}}


def test_what_is_withheld_is_no_copy(index: Index, ids: dict[str, int]) -> None:
    """A hidden site has neither copies nor articles on the subject."""
    article = index.ask(get_article, ids["https://paper.example/0"])
    assert article is not None
    hidden = Exclusions(hidden=frozenset({"copy-0.example"}))
    found = index.excluding(hidden).ask(find_similar_articles, article.current.id, limit=100)
    assert "copy-1.example" in {one.article.site for one in found}
    assert "copy-0.example" not in {one.article.site for one in found}


def test_words_of_documents_that_were_replaced_do_no_harm(tmp_path: Path) -> None:
    """The engine counts them until it merges its files: a word may then be in more documents than there are."""
    stories = [[*story, "The harbour was quiet."] for story in load_stories()[:40]]
    pages = [(f"https://site-{n}.example/a", text) for n, text in enumerate([*stories, stories[0]])]
    with closing(Index.open(f"sqlite:///{tmp_path / 'index.sqlite3'}")) as opened:
        for edition in range(3):
            changed = [(url, [*text, f"This is edition {edition} of it."]) for url, text in pages]
            some = changed if edition == 0 else changed[1:3]
            opened.commit([make_ingest(100 * edition + n, *page) for n, page in enumerate(some)], plan_nothing)
            opened.settle()
            opened.update_search()
            ids = {line.url: line.id for line in opened.ask(list_articles, limit=100)}
            found = find(opened, ids["https://site-0.example/a"])
            assert [one.article.site for one in found if one.is_copy] == ["site-40.example"]
