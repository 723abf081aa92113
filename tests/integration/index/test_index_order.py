"""Law 1: what the index holds is a function of the captures, not of the order in which they come."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select, text

from storage.index import Index
from storage.index.tables import Base
from storage.model import (
    Article,
    Capture,
    Dated,
    Discovery,
    Entry,
    Found,
    Image,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextLook,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    RefersTo,
    Role,
    Seen,
    Site,
    UrlKind,
)

MORNING = datetime(2026, 3, 1, 6, tzinfo=UTC)
NEWS = Site(name="news", url="https://www.news.example/", hosts=("static.news.example",))
OTHER = Site(name="other", url="https://other.example/", hosts=("amp.other.example", "news.example:8080"))
FRONT, FEED, ROBOTS = (
    "https://www.news.example/",
    "https://www.news.example/feed",
    "https://www.news.example/robots.txt",
)
PAGES = (
    "https://www.news.example/a",
    "https://www.news.example/a?amp=1",
    "https://news.example/b",
    "https://other.example/a",
    "https://amp.other.example/a",
    "http://www.stranger.example/x",
    "https://stranger.example/y",
    "https://sport.stranger.example/z",
)
CANONICAL = {
    "https://www.news.example/a?amp=1": "https://www.news.example/a",
    "https://amp.other.example/a": "https://other.example/a",
    "https://stranger.example/y": "http://www.stranger.example/x",
}
DISCLAIMER = "This page was put together by machines, and people have read it since. Errors are ours."


def plan(seen: Seen) -> NextLook:
    """Any schedule will do."""
    return NextLook(due_at=seen.fetched_at + timedelta(hours=1), failures=0, unchanged=seen.unchanged + 1)


@dataclass(frozen=True)
class Event:
    """What happens to a URL at a minute; numbers choose among few possibilities, so that much happens twice."""

    url: str
    minute: int
    what: str
    words: int
    trim: int
    names: int


events = st.builds(
    Event,
    url=st.sampled_from((*PAGES, *PAGES[:3], FRONT, FEED, ROBOTS)),
    minute=st.integers(0, 20),
    what=st.sampled_from(("page",) * 5 + ("same", "unmodified", "elsewhere", "gone", "redirect", "error")),
    words=st.integers(0, 2),
    trim=st.integers(0, 2),
    names=st.integers(0, 5),
)


def ingests(happenings: Sequence[Event]) -> list[Ingest]:
    """The captures of a world in the order of time."""
    done: list[Ingest] = []
    for number, event in enumerate(sorted(happenings, key=lambda event: event.minute)):
        done.append(_ingest(event, number, done))
    return done


def _ingest(event: Event, number: int, before: Sequence[Ingest]) -> Ingest:
    at = MORNING + timedelta(minutes=event.minute)
    originals = [one for one in before if one.capture.kind == "response" and one.capture.status == 200]
    same = [one for one in originals if one.capture.url == event.url]
    capture = Capture(
        url=event.url,
        # Not in the order of time: equal moments are decided by it.
        record_id=f"urn:uuid:{(number * 7919) % 1009:08d}",
        place=RecordPlace(warc=f"{number % 3}.warc.gz", offset=number * 100, length=100),
        kind="response",
        fetched_at=at,
        date=at.isoformat(),
        status=200,
        mime="text/html",
        payload_digest=f"sha256:{event.url}{event.words}{event.trim}",
        payload_size=1000 + number,
        etag=f'"{event.words}{event.trim}"' if event.names else None,
        crawl=f"run {number % 3}" if number % 3 else None,
    )
    discovery = _discovery(event.url, event.names, event.names % 2 == 0)
    nothing = Reading(outcome=Outcome.NOT_MODIFIED, reason="a revisit")
    match event.what:
        case "same" | "unmodified" if same:
            profile = "identical-payload-digest" if event.what == "same" else "server-not-modified"
            capture = replace(
                capture, kind="revisit", profile=profile, payload_size=0,
                status=200 if event.what == "same" else 304, refers_to=_reference(same[-1], event.names),
            )  # fmt: skip
            return Ingest(capture=capture, discovery=discovery, reading=nothing)
        case "elsewhere" if originals:
            capture = replace(
                capture, kind="revisit", profile="identical-payload-digest", payload_size=0,
                refers_to=_reference(originals[-1], event.names),
            )  # fmt: skip
            return Ingest(capture=capture, discovery=discovery, reading=_reading(event))
        case "gone":
            reading = Reading(outcome=Outcome.GONE, reason="404")
            return Ingest(capture=replace(capture, status=404), discovery=discovery, reading=reading)
        case "redirect":
            reading = Reading(outcome=Outcome.REDIRECT, reason="301")
            moved = replace(capture, status=301, redirect_url=PAGES[event.words])
            return Ingest(capture=moved, discovery=discovery, reading=reading, found=_found(event, at))
        case "error":
            reading = Reading(outcome=Outcome.ERROR, reason="503")
            return Ingest(capture=replace(capture, status=503), discovery=discovery, reading=reading)
        case _:
            return Ingest(capture=capture, discovery=discovery, reading=_reading(event), found=_found(event, at))


def _reference(original: Ingest, way: int) -> RefersTo:
    capture = original.capture
    return RefersTo(
        record_id=capture.record_id if way != 1 else None,
        url=capture.url if way != 2 else None,
        date=capture.date if way != 2 else None,
    )


def _discovery(url: str, variant: int, with_date: bool) -> Discovery:
    kind = {FRONT: UrlKind.LISTING, FEED: UrlKind.FEED, ROBOTS: UrlKind.ROBOTS}.get(url, UrlKind.ARTICLE)
    site = "other" if "other" in url else "stranger.example" if "stranger" in url else "news"
    if variant == 0:
        return Discovery(site=site, kind=kind)
    via = f"https://www.news.example/source{variant}"
    return Discovery(
        site=site, kind=kind, via=via, via_kind=UrlKind.FEED if with_date else UrlKind.LISTING,
        title="T" if with_date else None, published=MORNING if with_date else None, anchor=f"anchor {variant}",
    )  # fmt: skip


def _found(event: Event, at: datetime) -> tuple[Found, ...]:
    if event.what == "page" and event.url not in {FRONT, FEED}:
        return ()
    return tuple(
        Found(url=url, discovery=_discovery(url, event.names, event.url == FEED), due_at=at, priority=event.words)
        for url in (*PAGES[event.words :: 2], f"https://www.news.example/never/{event.trim}")
    )


def _groups(event: Event) -> tuple[LinkGroup, ...]:
    links = tuple(Link(url=url, anchor=f"Link {event.trim}") for url in PAGES[event.trim :: 3])
    latest = (Link(url=f"https://far.example/{event.trim}", anchor="far"),)
    return (
        LinkGroup(kind=LinkKind.RELATED, label=f"Related {event.names % 2}", links=links),
        LinkGroup(kind=LinkKind.LATEST, label="", links=latest),
        LinkGroup(kind=LinkKind.LATEST, label="", links=latest),
    )


def _reading(event: Event) -> Reading:
    if event.url == ROBOTS:
        return Reading(outcome=Outcome.ROBOTS, reason="robots.txt")
    content = f"sha256:{event.words}{event.trim}"
    if event.url == FEED:
        entries = tuple(Entry(url=url) for url in PAGES[event.words :])
        return Reading(outcome=Outcome.FEED, reason="RSS", title=f"Feed {event.trim}", entries=entries,
                       content_digest=content)  # fmt: skip
    if event.url == FRONT:
        return Reading(outcome=Outcome.LISTING, reason="links", title=f"News {event.trim}",
                       link_groups=_groups(event), content_digest=content)  # fmt: skip
    canonical = CANONICAL.get(event.url, event.url)
    body = [f"Story {canonical} begins here, at some length, version {event.words}.",
            f"Its second paragraph says more of {canonical}, so that it has a text of its own."]  # fmt: skip
    article = Article(
        url=event.url,
        canonical_url=canonical,
        headline=f"Headline {canonical}",
        dek=None if event.words else "A dek",
        authors=(f"Author {event.names}", "Zoë Second")[: event.trim],
        published=Dated(at=MORNING - timedelta(days=event.names), source="json-ld") if event.names else None,
        section=("World", "Economy", None)[event.trim],
        tags=tuple(f"tag {number}" for number in range(event.names)),
        language=("en", "de", None)[event.words],
        image=Image(url=f"https://img.example/{event.trim}.jpg") if event.trim else None,
        paragraphs=(
            *(Paragraph(role=Role.TEXT, text=one) for one in body),
            Paragraph(role=Role.BYLINE, text=f"By {event.names}"),
            Paragraph(role=Role.TEXT, text=DISCLAIMER),
            Paragraph(role=Role.PROMO, text=f"Subscribe to newsletter {event.trim}, it costs nothing at all"),
        ),
        link_groups=_groups(event),
    )
    return Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=article, content_digest=content)


KEYS = {
    "sites": "name", "urls": "url", "crawls": "run", "warc_files": "name", "captures": "record_id",
    "paragraphs": "text", "authors": "name", "tags": "name", "link_groups": "digest",
}  # fmt: skip
UNPLANNED = {"due_at", "priority", "failures", "unchanged"}


def dump(index: Index) -> dict[str, list[str]]:
    """All tables, surrogate ids replaced by what they stand for, without what only the schedule knows."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with index._database.reading() as connection:
        for table in Base.metadata.tables.values():
            rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        words = [] if index._database.is_postgres else _inverted(connection)
    names: dict[str, dict[Any, Any]] = {name: {row["id"]: row[key] for row in rows[name]} for name, key in KEYS.items()}
    names["articles"] = {
        row["id"]: (names["sites"][row["site_id"]], names["urls"][row["url_id"]]) for row in rows["articles"]
    }
    names["versions"] = {row["id"]: (names["articles"][row["article_id"]], row["digest"]) for row in rows["versions"]}
    documents = {row["doc_id"]: names["versions"][row["version_id"]] for row in rows["search_documents"]}
    dumped = {
        table.name: sorted(repr(_named(table, row, names)) for row in rows[table.name])
        for table in Base.metadata.tables.values()
    }
    return dumped | {"words": sorted(f"{documents[doc_id]} {word}" for doc_id, word in words)}


def _inverted(connection: Connection) -> list[tuple[int, str]]:
    """What FTS5 has of each document."""
    connection.execute(text("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, search, instance)"))
    found = connection.execute(text("SELECT term, doc, col, offset FROM vocabulary")).all()
    connection.execute(text("DROP TABLE temp.vocabulary"))
    return [(row.doc, f"{row.term} {row.col} {row.offset}") for row in found]


def _named(table: Table, row: dict[str, Any], names: dict[str, dict[Any, Any]]) -> dict[str, Any]:
    line = {}
    for column, value in row.items():
        if column == "id" or (table.name == "frontier" and column in UNPLANNED):
            continue
        if column == "doc_id":
            line[column] = value >> 29
            continue
        keys = [key.column.table.name for key in table.c[column].foreign_keys]
        line[column] = names[keys[0]][value] if keys and value is not None else value
    return line


def different(left: dict[str, list[str]], right: dict[str, list[str]]) -> dict[str, tuple[set[str], set[str]]]:
    """Lines of each table that only one of two dumps has."""
    return {
        table: (set(left[table]) - set(right[table]), set(right[table]) - set(left[table]))
        for table in left
        if left[table] != right[table]
    }


def exported(index: Index) -> list[str]:
    """All versions as lines, sorted."""
    return sorted(json.dumps(line, ensure_ascii=False) for line in index.export(all_versions=True))


def deliver(index: Index, batches: Sequence[Sequence[Ingest]], *, sites_first: bool = True) -> None:
    """Fill an empty index."""
    index.reset()
    index._learn_after = 3  # so that boilerplate is learnt in between, at other times in each order
    index.warc_opened("z.warc.gz")
    if sites_first:
        index.register_sites([NEWS, OTHER])
    for batch in batches:
        index.commit(batch, plan)
    if not sites_first:
        index.register_sites([NEWS, OTHER])
    index.settle()


def _copy(ingest: Ingest, elsewhere: bool) -> Ingest:
    """The same record once more, in a later file perhaps; a revisit that could be read, unread this time."""
    if elsewhere:
        ingest = replace(
            ingest, capture=replace(ingest.capture, place=RecordPlace(warc="z.warc.gz", offset=1, length=9))
        )
    if ingest.capture.kind == "revisit":
        ingest = replace(ingest, reading=Reading(outcome=Outcome.NOT_MODIFIED, reason="a revisit"))
    return ingest


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Ingest], list[list[Ingest]], bool]:
    """A world, an order of its captures cut into batches with some delivered twice, and when sites are named."""
    world = ingests(draw(st.lists(events, min_size=1, max_size=14)))
    order = draw(st.permutations(world))
    copies = draw(st.lists(st.sampled_from(world), max_size=3))
    order = draw(st.permutations([*order, *(_copy(ingest, draw(st.booleans())) for ingest in copies)]))
    batches: list[list[Ingest]] = [[]]
    for ingest in order:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(ingest)
    return world, batches, draw(st.booleans())


@pytest.mark.parametrize("examples", [40])
def test_any_order_gives_the_same_index(index: Index, examples: int) -> None:
    """However captures are ordered, cut into batches and repeated, exports and tables are the same."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(deliveries())
    def holds(delivery: tuple[list[Ingest], list[list[Ingest]], bool]) -> None:
        world, batches, sites_first = delivery
        deliver(index, [world])
        tables, lines = dump(index), exported(index)
        deliver(index, batches, sites_first=sites_first)
        assert different(tables, dump(index)) == {}
        assert exported(index) == lines

    holds()
