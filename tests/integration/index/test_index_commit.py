"""Commits: the rows that a batch of captures becomes."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from storage.article_parts import Entity, EntityRelation, Image, LiveUpdate, Media, MediaKind
from storage.errors import IndexFailure
from storage.index import Filters, Index
from storage.index.queries.articles import find_article_id, get_article, iter_captures, list_articles
from storage.index.queries.export import iter_export_lines
from storage.index.queries.status import get_status
from storage.index.rows.entry import CommitEntry
from storage.index.rows.interning import LookupTables
from storage.index.rows.site_assignment import assign_sites
from storage.index.rows.site_registry import SiteRegistry, load_registry
from storage.index.schema.tables import UrlRow
from storage.index.search.results import search_articles
from storage.index.write import warc_files
from storage.model import (
    ORIGINAL_MISSING,
    Access,
    Capture,
    CrawlRun,
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
    RefersTo,
    Role,
    Site,
    UrlKind,
    VisitResult,
)
from storage.page_date import SourcedDate

NEWS = Site(name="news", url="https://news.example/")
Plan = Callable[[VisitResult], NextVisit]
Make = Callable[..., Ingest]


HISTORY = {
    "state": "shown",
    "version": 1,
    "first_seen": "2026-03-01T06:00:00Z",
    "last_seen": "2026-03-01T06:00:00Z",
    "captures": 1,
    "changed": [],
    "changed_back": False,
    "back": False,
}


def test_an_exported_line_is_exact(index: Index, article_at: Make, plan: Plan) -> None:
    """An export line has every field of the article as committed, in the documented order of keys."""
    index.begin_crawl(CrawlRun(id="run", sites=(NEWS,), started_at=datetime(2026, 3, 1, tzinfo=UTC)))
    link = Link(url="https://elsewhere.example/x", anchor="Elsewhere")
    index.commit(
        [
            article_at(
                "https://news.example/a?amp=1",
                "First paragraph.",
                "Second paragraph.",
                canonical_url="https://news.example/a",
                headline="A headline",
                dek="A dek",
                kicker="Steel",
                organisations=("dpa", "World desk"),
                author_links=("https://news.example/authors/zoe", "https://social.example/@zoe"),
                authors=("Zoë B.", "Ann A."),
                published=SourcedDate(at=datetime(2026, 2, 28, 4, tzinfo=UTC), offset=480, source="json-ld"),
                modified=SourcedDate(at=datetime(2026, 3, 1, 5, 30, 0, 250000, tzinfo=UTC), offset=0, source="meta"),
                section="World",
                tags=("trade", "steel"),
                image=Image(url="https://img.example/a.jpg", caption="A ship"),
                access=Access.PAYWALLED,
                media=(
                    Media(
                        kind=MediaKind.VIDEO,
                        url="https://v.example/a.mp4",
                        caption="A ship sinks",
                        credit="AP",
                        alt="Ship",
                        place=1,
                        duration=95,
                        transcript_url="https://v.example/a.vtt",
                    ),
                    Media(kind=MediaKind.IMAGE, url="https://img.example/a.jpg", place=2),
                ),
                entities=(
                    Entity(relation=EntityRelation.ABOUT, type="Thing", name="Steel", url="https://w.example/Q1"),
                    Entity(relation=EntityRelation.MENTIONS, type=None, name="Ann"),
                ),
                live_updates=(
                    LiveUpdate(
                        headline="Now", text="First paragraph.", published="2026-03-01", url="https://news.example/a#1"
                    ),
                    LiveUpdate(headline=None, text="Only here.", modified="2026-03-01T05:00:00Z"),
                ),
                link_groups=(LinkGroup(kind=LinkKind.RELATED, label="More", links=(link, link)),),
            )
        ],
        plan,
    )
    index.settle()
    [line] = index.stream(iter_export_lines)
    assert list(line.items()) == [
        ("url", "https://news.example/a?amp=1"),
        ("canonical_url", "https://news.example/a"),
        ("site", "news"),
        ("headline", "A headline"),
        ("dek", "A dek"),
        ("kicker", "Steel"),
        ("authors", ["Zoë B.", "Ann A."]),
        ("organisations", ["dpa", "World desk"]),
        ("agencies", ["dpa"]),
        ("author_links", ["https://news.example/authors/zoe", "https://social.example/@zoe"]),
        ("published", "2026-02-28T12:00:00+08:00"),
        ("published_source", "json-ld"),
        ("modified", "2026-03-01T05:30:00.250000Z"),
        ("modified_source", "meta"),
        ("language", "en"),
        ("section", "World"),
        ("tags", ["trade", "steel"]),
        ("corrections", []),
        ("body", "First paragraph.\n\nSecond paragraph."),
        ("paragraphs", [{"role": "text", "text": "First paragraph."}, {"role": "text", "text": "Second paragraph."}]),
        ("boilerplate", []),
        (
            "links",
            [
                {
                    "kind": "related",
                    "label": "More",
                    "links": [{"url": "https://elsewhere.example/x", "anchor": "Elsewhere"}] * 2,
                }
            ],
        ),
        ("access", "paywalled"),
        ("image", "https://img.example/a.jpg"),
        ("image_caption", "A ship"),
        (
            "media",
            [
                {
                    "kind": "video",
                    "url": "https://v.example/a.mp4",
                    "caption": "A ship sinks",
                    "credit": "AP",
                    "alt": "Ship",
                    "place": 1,
                    "duration": 95,
                    "transcript_url": "https://v.example/a.vtt",
                },
                {
                    "kind": "image",
                    "url": "https://img.example/a.jpg",
                    "caption": None,
                    "credit": None,
                    "alt": None,
                    "place": 2,
                    "duration": None,
                    "transcript_url": None,
                },
            ],
        ),
        (
            "entities",
            [
                {"relation": "about", "type": "Thing", "name": "Steel", "url": "https://w.example/Q1"},
                {"relation": "mentions", "type": None, "name": "Ann", "url": None},
            ],
        ),
        (
            "live_updates",
            [
                {
                    "headline": "Now",
                    "text": "First paragraph.",
                    "published": "2026-03-01",
                    "modified": None,
                    "url": "https://news.example/a#1",
                },
                {
                    "headline": None,
                    "text": "Only here.",
                    "published": None,
                    "modified": "2026-03-01T05:00:00Z",
                    "url": None,
                },
            ],
        ),
        ("live_blog", False),
        ("noarchive", False),
        ("version", 1),
        ("versions", 1),
        ("changed", []),
        ("history", [HISTORY]),
        ("metadata_changes", []),
        ("first_seen", "2026-03-01T06:00:00Z"),
        ("last_seen", "2026-03-01T06:00:00Z"),
        (
            "capture",
            {
                "warc": "a.warc.gz",
                "offset": 1000,
                "length": 900,
                "fetched_at": "2026-03-01T06:00:00Z",
                "status": 200,
                "payload_digest": f"sha256:{1:064d}",
            },
        ),
    ]


def test_a_record_is_committed_once(index: Index, article_at: Make, plan: Plan) -> None:
    """Recovery may commit a capture twice: the second time changes nothing."""
    index.register_sites([NEWS])
    pages = [article_at("https://news.example/a", "One."), article_at("https://news.example/b", "Two.")]
    first = index.commit(pages, plan)
    again = index.commit([*pages, pages[0]], plan)
    assert (first.versions, first.known) == (2, 0)
    assert (again.versions, again.known) == (0, 3)
    assert index.ask(get_status).captures == 2
    assert index.read(warc_files.find_indexed_end, "a.warc.gz") == 2900
    assert index.read(warc_files.find_indexed_end, "b.warc.gz") == 0


def test_a_batch_is_written_whole_or_not_at_all(index: Index, article_at: Make, plan: Plan) -> None:
    """Law 3: when the commit fails at its end, none of its rows are there, and the next commit works."""
    index.register_sites([NEWS])
    pages = [article_at("https://news.example/a", "One."), article_at("https://news.example/b", "Two.")]

    def broken(seen: VisitResult) -> NextVisit:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.commit(pages, broken)
    status = index.ask(get_status)
    assert (status.captures, status.articles, status.warc_files) == (0, 0, 0)
    assert index.commit(pages, plan).known == 0
    assert len(list(index.stream(iter_export_lines))) == 2


def test_versions_are_texts_not_captures(index: Index, article_at: Make, plan: Plan) -> None:
    """An edit that is reverted makes two versions from three captures; the first is current again."""
    index.register_sites([NEWS])
    url = "https://news.example/a"
    index.commit([article_at(url, text, minute=minute) for minute, text in enumerate(("Old.", "New.", "Old."))], plan)
    article_id = index.ask(find_article_id, url)
    assert article_id is not None
    article = index.ask(get_article, article_id)
    assert article is not None
    assert [(line.number, line.captures) for line in article.versions] == [(1, 2), (2, 1)]
    assert (article.current.number, article.current.body) == (1, "Old.")
    assert len(article.captures) == 3
    assert [line["body"] for line in index.stream(iter_export_lines, all_versions=True)] == ["Old.", "New."]
    assert [line["body"] for line in index.stream(iter_export_lines)] == ["Old."]


@pytest.mark.parametrize(
    ("outcome", "state"), [(Outcome.GONE, "gone"), (Outcome.REDIRECT, "moved"), (Outcome.ERROR, "live")]
)
def test_the_newest_capture_decides_the_state_of_an_article(
    index: Index, article_at: Make, plan: Plan, outcome: Outcome, state: str
) -> None:
    """Withdrawn and moved articles stay with that state; an error does not change the state."""
    index.register_sites([NEWS])
    page = article_at("https://news.example/a", "Text.")
    later = article_at("https://news.example/a", minute=5)
    later = replace(later, reading=Reading(outcome=outcome, reason="of another status"))
    index.commit([later, page], plan)
    [line] = index.ask(list_articles)
    assert line.state == state


def test_a_revisit_shows_what_its_original_showed(
    index: Index, article_at: Make, capture_of: Callable[..., Capture], plan: Plan
) -> None:
    """A revisit of the same URL needs no reading; `settle` returns those of other URLs that were not read."""
    index.register_sites([NEWS])
    original = article_at("https://news.example/a", "Text.", minute=1)
    refers_to = RefersTo(record_id=original.capture.record_id, url=original.capture.url, date=original.capture.date)

    def revisit(url: str, profile: str, minute: int) -> Ingest:
        return Ingest(
            capture=capture_of(url, minute, kind="revisit", profile=profile, payload_size=0, refers_to=refers_to),
            discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
            reading=Reading(outcome=Outcome.NOT_MODIFIED, reason="revisit"),
        )

    same = revisit("https://news.example/a", "identical-payload-digest", 2)
    unmodified = revisit("https://news.example/a", "server-not-modified", 3)
    other = revisit("https://news.example/b", "identical-payload-digest", 4)
    index.commit([same, unmodified, other], plan)  # before their original
    index.commit([original], plan)
    assert index.settle() == (other.capture.record_id,)
    # Until it has been read: who was told of it may have ended before.
    assert index.settle() == (other.capture.record_id,)
    outcomes = [capture.outcome for capture in index.stream(iter_captures, order="oldest")]
    assert outcomes == [Outcome.ARTICLE, Outcome.ARTICLE, Outcome.NOT_MODIFIED, Outcome.NOT_MODIFIED]
    [line] = index.stream(iter_export_lines)
    assert line["last_seen"] == "2026-03-01T06:03:00Z"

    read = article_at("https://news.example/b", "Text.")
    index.commit([replace(other, reading=read.reading)], plan)
    assert index.settle() == ()
    assert [line["url"] for line in index.stream(iter_export_lines)] == [
        "https://news.example/a",
        "https://news.example/b",
    ]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_revisit_after_its_original_is_linked_by_its_commit(
    index: Index, article_at: Make, capture_of: Callable[..., Capture], plan: Plan, at_once: bool
) -> None:
    """It needs no `settle`, which a crawl runs at its end only."""
    index.register_sites([NEWS])
    original = article_at("https://news.example/a", "Text.", minute=1)
    refers_to = RefersTo(record_id=original.capture.record_id, url=original.capture.url, date=original.capture.date)
    revisit = Ingest(
        capture=capture_of(
            "https://news.example/a", 2, kind="revisit", profile="identical-payload-digest", payload_size=0,
            refers_to=refers_to,
        ),
        discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
        reading=Reading(outcome=Outcome.NOT_MODIFIED, reason="revisit"),
    )  # fmt: skip
    for batch in [[original, revisit]] if at_once else [[original], [revisit]]:
        index.commit(batch, plan)
    assert [capture.outcome for capture in index.stream(iter_captures)] == [Outcome.ARTICLE, Outcome.ARTICLE]
    assert index.settle() == ()


@pytest.mark.parametrize("at", [0, 1], ids=["before its original", "with its original"])
def test_a_revisit_that_was_read_too_early_is_read_again(
    index: Index, article_at: Make, capture_of: Callable[..., Capture], plan: Plan, at: int
) -> None:
    """Files are read ahead of the index: a revisit whose original was missing then is read again later."""
    index.register_sites([NEWS])
    original = article_at("https://news.example/a", "Text.", minute=1)
    refers_to = RefersTo(record_id=original.capture.record_id, url=original.capture.url, date=original.capture.date)
    early = Ingest(
        capture=capture_of(
            "https://news.example/b", 2, kind="revisit", profile="identical-payload-digest", payload_size=0,
            refers_to=refers_to,
        ),
        discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
        reading=Reading(outcome=Outcome.UNREADABLE, reason=ORIGINAL_MISSING),
    )  # fmt: skip
    for batch in ([[early], [original]], [[original, early]])[at]:
        index.commit(batch, plan)
    assert index.settle() == (early.capture.record_id,)
    read = article_at("https://news.example/b", "Text.")
    index.commit([replace(early, reading=read.reading)], plan)
    assert index.settle() == ()
    assert [capture.outcome for capture in index.stream(iter_captures)] == [Outcome.ARTICLE, Outcome.ARTICLE]
    assert [line["url"] for line in index.stream(iter_export_lines)] == [
        "https://news.example/a",
        "https://news.example/b",
    ]


def test_originals_are_whole_and_committed(
    index: Index, article_at: Make, capture_of: Callable[..., Capture], plan: Plan
) -> None:
    """Only complete responses are originals: the first one of a payload, the newest 200 of a URL."""
    index.register_sites([NEWS])
    url = "https://news.example/a"
    first, second = article_at(url, "Text.", minute=1), article_at(url, "Text.", minute=2)
    cut = replace(second, capture=capture_of(url, 3, truncated="length", payload_digest="sha256:same"))
    first = replace(first, capture=replace(first.capture, payload_digest="sha256:same"))
    second = replace(second, capture=replace(second.capture, payload_digest="sha256:same"))
    assert index.find_original_by_digest("sha256:same") is None
    index.commit([cut, second, first], plan)
    by_digest, by_url = index.find_original_by_digest("sha256:same"), index.find_original_by_url(url)
    assert by_digest == RefersTo(
        record_id=first.capture.record_id, url=url, date=first.capture.date, payload_digest="sha256:same"
    )
    assert by_url is not None
    assert by_url.record_id == second.capture.record_id
    assert index.find_original_by_url("https://news.example/b") is None


HOSTILE = (
    "a\x00b", "\ud800 alone", "\U0010ffff", "x" * 20_000, "\u202eright to left", "a\u0300" * 500, "'; DROP TABLE urls",
    "%s %(a)s :a {}", "中" * 3000, "\\", '"', "",
)  # fmt: skip


def test_any_text_can_be_stored(index: Index, article_at: Make, plan: Plan) -> None:
    """No text can break a commit: characters that a database cannot store are replaced."""
    index.register_sites([NEWS])

    def page_of(text: str, minute: int) -> Ingest:
        link = Link(url=f"https://x.example/{text}", anchor=text)
        return article_at(
            f"https://news.example/{text}",
            text,
            f"A paragraph with {text} inside.",
            minute=minute,
            headline=text,
            dek=text,
            authors=(text,),
            tags=(text, text),
            section=text,
            image=Image(url=f"https://i.example/{text}", caption=text),
            link_groups=(LinkGroup(kind=LinkKind.RELATED, label=text, links=(link,)),),
        )

    index.commit([page_of(text, minute) for minute, text in enumerate(HOSTILE)], plan)
    index.settle()
    lines = {line["url"]: line for line in index.stream(iter_export_lines)}
    for text in HOSTILE:
        kept = text.replace("\x00", "").replace("\ud800", "\ufffd")
        line = lines.pop(f"https://news.example/{kept}")
        assert line["headline"] == kept
        assert [paragraph["text"] for paragraph in line["paragraphs"]] == [kept, f"A paragraph with {kept} inside."]
        assert line["links"][0]["links"][0] == {"url": f"https://x.example/{kept}", "anchor": kept}
        index.ask(search_articles, text, Filters(author=text, section=text))
    assert lines == {}
    assert index.ask(search_articles, "paragraph inside", Filters()).total == len(HOSTILE)
    assert index.ask(find_article_id, f"https://news.example/{kept}") is not None


def test_names_of_any_length_can_be_stored(index: Index, article_at: Make, plan: Plan) -> None:
    """Imported files may have record ids, digests and hosts of any length."""
    long = "".join(chr(0x10000 + (number * 7919) % 50_000) for number in range(6000))
    page = article_at(f"https://{long}.example/{long}", "Text.", site=long)
    refers_to = RefersTo(record_id=long, url=f"https://{long}/", date=long)
    capture = replace(
        page.capture, record_id=long, payload_digest=long, crawl=long, refers_to=refers_to, mime=long, etag=long,
        place=replace(page.capture.place, warc=long),
    )  # fmt: skip
    found = DiscoveredUrl(url=f"https://{long}/x", discovery=page.discovery, due_at=capture.fetched_at, priority=1)
    page = replace(page, capture=capture, discovered_urls=(found,))
    index.add_urls([found])
    assert index.commit([page], plan).known == 0
    assert index.commit([page], plan).known == 1
    index.settle()
    [line] = index.stream(iter_export_lines)
    assert line["url"] == page.capture.url


def test_the_schedule_gets_the_result_of_a_capture(
    index: Index, capture_of: Callable[..., Capture], plan: Plan
) -> None:
    """`plan` gets whether a feed named new URLs, and how often in a row it did not."""
    index.register_sites([NEWS])
    told: list[tuple[bool, int, datetime]] = []

    def listening(seen: VisitResult) -> NextVisit:
        told.append((seen.changed, seen.unchanged_count, seen.first_seen_at))
        return plan(seen)

    feed = "https://news.example/feed"

    def fetched(minute: int, *urls: str) -> Ingest:
        capture = capture_of(feed, minute)
        found = Discovery(site="news", kind=UrlKind.ARTICLE, via=feed, via_kind=UrlKind.FEED)
        return Ingest(
            capture=capture,
            discovery=Discovery(site="news", kind=UrlKind.FEED),
            reading=Reading(outcome=Outcome.FEED, reason="RSS", content_digest=capture.payload_digest),
            discovered_urls=tuple(
                DiscoveredUrl(url=url, discovery=found, due_at=capture.fetched_at, priority=1) for url in urls
            ),
        )

    index.commit([fetched(0, "https://news.example/a")], plan=listening)
    index.commit([fetched(1, "https://news.example/a"), fetched(2, "https://news.example/a")], plan=listening)
    index.commit([fetched(3, "https://news.example/a", "https://news.example/b")], plan=listening)
    first = datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert told == [(True, 0, first), (False, 0, first), (False, 1, first), (True, 2, first)]


def test_two_writers_do_not_deadlock(index_url: str, article_at: Make, plan: Plan) -> None:
    """Two processes that write the same paragraphs, links and names in different orders both succeed."""
    link = [Link(url=f"https://x.example/{number}", anchor="x") for number in range(40)]

    def pages(reverse: bool) -> list[Ingest]:
        order = slice(None, None, -1) if reverse else slice(None)
        made = []
        for number in range(24):
            texts = [f"Shared paragraph {number % 5} {place}" for place in range(6)][order]
            groups = (LinkGroup(kind=LinkKind.LATEST, label="", links=tuple(link[order])),)
            url = f"https://news.example/{'ab'[reverse]}{number}"
            made.append(article_at(url, *texts, link_groups=groups, authors=("A", "B")[order], tags=("t", "u")[order]))
        return made[order]

    batches = {reverse: pages(reverse) for reverse in (False, True)}
    problems: list[BaseException] = []

    def write(reverse: bool) -> None:
        index = Index.open(index_url)
        try:
            index.register_sites([NEWS])
            for start in range(0, 24, 4):
                index.commit(batches[reverse][start : start + 4], plan)
        except BaseException as problem:  # noqa: BLE001 - told to the test
            problems.append(problem)
        finally:
            index.close()

    writers = [threading.Thread(target=write, args=(reverse,)) for reverse in (False, True)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert problems == []
    index = Index.open(index_url)
    try:
        index.settle()
        lines = list(index.stream(iter_export_lines))
        assert len(lines) == 48
        assert all(len(line["links"][0]["links"]) == 40 and len(line["authors"]) == 2 for line in lines)
    finally:
        index.close()


def test_a_site_registered_later_gets_its_pages(index: Index, article_at: Make, plan: Plan) -> None:
    """Imported pages belong to a site of their host until their site is registered; then they move, in search too."""
    url = "https://www.news.example/a"
    index.commit([article_at(url, "Tariffs on steel.", site="elsewhere")], plan)
    assert [site.name for site in index.ask(get_status).sites] == ["news.example"]
    index.register_sites([NEWS])
    index.settle()
    assert [(site.name, site.articles) for site in index.ask(get_status).sites] == [("news", 1)]
    assert index.ask(search_articles, "steel", Filters(site="news")).total == 1
    found = index.find_site("https://sport.news.example/x")
    assert found == NEWS
    assert index.find_site("https://other.example/") is None


def test_a_reset_index_is_empty(index: Index, article_at: Make, plan: Plan) -> None:
    """After `reset` no table has rows."""
    index.register_sites([NEWS])
    index.commit([article_at("https://news.example/a", "Tariffs.")], plan)
    index.reset()
    status = index.ask(get_status)
    assert (status.sites, status.captures, list(index.stream(iter_export_lines))) == ((), 0, [])
    assert index.ask(search_articles, "tariffs").total == 0
    index.register_sites([NEWS])
    assert index.commit([article_at("https://news.example/a", "Tariffs.")], plan).known == 0
    assert index.ask(search_articles, "tariffs").total == 1


def test_errors_have_names(sqlite_url: str, article_at: Make, plan: Plan) -> None:
    """An error of the database is one line that says what to do."""
    index = Index.open(sqlite_url)
    with index._database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE capture_groups")
    page = article_at("https://news.example/a", "x")
    group = LinkGroup(kind=LinkKind.RELATED, label="", links=(Link(url="https://x.example/", anchor=""),))
    article: Any = page.reading.article
    broken = replace(page, reading=replace(page.reading, article=replace(article, link_groups=(group,))))
    with pytest.raises(IndexFailure, match=r"no such table: capture_groups.*WARC files are untouched"):
        index.commit([broken], plan)
    index.close()


def test_paragraphs_outside_the_body_are_stored(index: Index, article_at: Make, plan: Plan) -> None:
    """Paragraphs of other roles are among the paragraphs, not in the body."""
    index.register_sites([NEWS])
    roles = (Role.BYLINE, Role.TEXT, Role.CAPTION, Role.DISCLAIMER)
    paragraphs = tuple(Paragraph(role=role, text=f"A {role.value}.") for role in roles)
    index.commit([article_at("https://news.example/a", paragraphs=paragraphs)], plan)
    [line] = index.stream(iter_export_lines)
    assert line["body"] == "A text."
    assert [paragraph["role"] for paragraph in line["paragraphs"]] == [role.value for role in roles]


def test_reading_sites_during_a_commit_does_not_disturb_it(
    index: Index, article_at: Make, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread looks up a site while the first commit inserts sites: all URLs have one afterwards."""
    loaded, filed = threading.Event(), threading.Event()

    def loading(connection: Connection) -> SiteRegistry:
        book = load_registry(connection)
        loaded.set()
        filed.wait(30)
        return book

    def meanwhile(connection: Connection, names: LookupTables, entries: Sequence[CommitEntry]) -> None:
        asking = threading.Thread(target=index.find_site, args=("https://news.example/a",))
        asking.start()
        loaded.wait(30)
        assign_sites(connection, names, entries)
        filed.set()
        asking.join()

    monkeypatch.setattr("storage.index.index.load_registry", loading)
    monkeypatch.setattr("storage.index.write.commit.assign_sites", meanwhile)
    index.commit([article_at("https://news.example/a", "First paragraph.")], plan)
    with index._database.read_transaction() as connection:
        assert connection.scalars(select(UrlRow.url).where(UrlRow.site_id.is_(None))).all() == []
