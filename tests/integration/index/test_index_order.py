"""Law 1: the index is a function of the captures, not of the order in which they are committed."""

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.article_parts import Image
from storage.index import Index
from storage.index.queries.export import iter_export_lines
from storage.index.rows.entry import is_read
from storage.index.write import warc_files
from storage.index.write.replace_readings import RereadFilter
from storage.model import (
    Article,
    Capture,
    DiscoveredUrl,
    Discovery,
    FeedEntry,
    Ingest,
    Link,
    LinkGroup,
    LinkKind,
    NextVisit,
    Outcome,
    Paragraph,
    Reading,
    RecordPlace,
    RefersTo,
    Role,
    Site,
    UrlKind,
    VisitResult,
)
from storage.page_date import PageDate, SourcedDate
from tests.sizes import few_and_all

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


def plan(seen: VisitResult) -> NextVisit:
    """Any schedule will do."""
    return NextVisit(
        due_at=seen.fetched_at + timedelta(hours=1), failure_count=0, unchanged_count=seen.unchanged_count + 1
    )


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


def ingests(happenings: Sequence[Event], extractor: str = "1") -> list[Ingest]:
    """The captures of a world in the order of time, as a version of the reading code reads them."""
    done: list[Ingest] = []
    for number, event in enumerate(sorted(happenings, key=lambda event: event.minute)):
        done.append(_ingest(event, number, done, extractor))
    return done


def _ingest(event: Event, number: int, before: Sequence[Ingest], extractor: str) -> Ingest:
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
            return Ingest(capture=capture, discovery=discovery, reading=_reading(event, extractor))
        case "gone":
            reading = Reading(outcome=Outcome.GONE, reason="404", extractor=extractor)
            return Ingest(capture=replace(capture, status=404), discovery=discovery, reading=reading)
        case "redirect":
            reading = Reading(outcome=Outcome.REDIRECT, reason="301", extractor=extractor)
            moved = replace(capture, status=301, redirect_url=PAGES[event.words])
            return Ingest(capture=moved, discovery=discovery, reading=reading, discovered_urls=_found(event, at))
        case "error":
            reading = Reading(outcome=Outcome.ERROR, reason="503", extractor=extractor)
            return Ingest(capture=replace(capture, status=503), discovery=discovery, reading=reading)
        case _:
            reading = _reading(event, extractor)
            found = _found(event if extractor == "1" else replace(event, trim=event.words), at)
            return Ingest(capture=capture, discovery=discovery, reading=reading, discovered_urls=found)


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
        title="T" if with_date else None, published=PageDate.from_time(MORNING) if with_date else None,
        anchor=f"anchor {variant}",
    )  # fmt: skip


def _found(event: Event, at: datetime) -> tuple[DiscoveredUrl, ...]:
    if event.what == "page" and event.url not in {FRONT, FEED}:
        return ()
    return tuple(
        DiscoveredUrl(
            url=url, discovery=_discovery(url, event.names, event.url == FEED), due_at=at, priority=event.words
        )
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


def _reading(event: Event, extractor: str) -> Reading:
    content = f"sha256:{event.words}{event.trim}"
    if extractor == "2":
        event = _read_otherwise(event)
    return replace(_read(event, content), extractor=extractor)


def _read_otherwise(event: Event) -> Event:
    """What a later version of the reading code makes of an event's page: other words, another article, none at all."""
    match event.names:
        case 0:
            return replace(event, words=0)
        case 1:
            return replace(event, url=FRONT if event.url != FRONT else PAGES[3])
        case 2:
            return replace(event, url=PAGES[0] if event.url == PAGES[1] else event.url, trim=2)
        case 3:
            return replace(event, names=5)
        case _:
            return event


def _read(event: Event, content: str) -> Reading:
    if event.url == ROBOTS:
        return Reading(outcome=Outcome.ROBOTS, reason="robots.txt")
    if event.url == FEED:
        entries = tuple(FeedEntry(url=url) for url in PAGES[event.words :])
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
        published=SourcedDate(at=MORNING - timedelta(days=event.names), source="json-ld") if event.names else None,
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
        boxes=_boxes(event),
    )
    return Reading(outcome=Outcome.ARTICLE, reason="JSON-LD", article=article, content_digest=content)


def _boxes(event: Event) -> bytes | None:
    """Boxes of a page: most have the dek in one place and a promo in another, some are in doubt, some say otherwise."""
    in_doubt, differs = event.names == 1, event.names == 2
    boxes: dict[str, Any] = {
        "body": ["div.story", "div.more"] if differs else ["div.story"],
        "beside": [] if in_doubt or differs else ["div.more"],
        "dek": [] if event.words else ["p.lead"],
        "narrow": {"div.more": [[1, 250]]} if in_doubt else {},
        "lines": {"p.lead": f"Line {event.trim}"} if event.words else {},
    }
    return None if event.names == 5 else zlib.compress(json.dumps(boxes).encode())


Dump = Callable[..., dict[str, list[str]]]
Difference = Callable[[dict[str, list[str]], dict[str, list[str]]], dict[str, tuple[set[str], set[str]]]]


def exported(index: Index) -> list[str]:
    """All versions as lines, sorted."""
    return sorted(json.dumps(line, ensure_ascii=False) for line in index.stream(iter_export_lines, all_versions=True))


def deliver(index: Index, batches: Sequence[Sequence[Ingest]], *, sites_first: bool = True) -> None:
    """Fill an empty index."""
    index.reset()
    index._learn_after = 3  # so that boilerplate is learnt in between, at other times in each order
    for name in ("-.warc.gz", "z.warc.gz"):
        index.write(warc_files.record_opened_warc, name)
    if sites_first:
        index.register_sites([NEWS, OTHER])
    for batch in batches:
        index.commit(batch, plan)
    if not sites_first:
        index.register_sites([NEWS, OTHER])
    index.settle()


def _copy(ingest: Ingest, elsewhere: bool) -> Ingest:
    """The same record once more: in a later file perhaps, or in an earlier one that no crawl wrote, if it is a crawl's.

    A revisit that could be read is unread this time.
    """
    if elsewhere:
        name = "-.warc.gz" if ingest.capture.crawl else "z.warc.gz"
        place = RecordPlace(warc=name, offset=1, length=9)
        ingest = replace(ingest, capture=replace(ingest.capture, place=place, crawl=None))
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


@pytest.mark.parametrize("examples", few_and_all(3, 15))
def test_any_order_gives_the_same_index(index: Index, examples: int, dump: Dump, different: Difference) -> None:
    """In any order, with any batches and repetitions, exports and tables are the same."""

    @settings(
        max_examples=examples, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    @given(deliveries())
    def holds(delivery: tuple[list[Ingest], list[list[Ingest]], bool]) -> None:
        world, batches, sites_first = delivery
        deliver(index, [world])
        tables, lines = dump(index), exported(index)
        deliver(index, batches, sites_first=sites_first)
        assert different(tables, dump(index)) == {}
        assert exported(index) == lines

    holds()


def happenings_of(chance: Random) -> list[Event]:
    """A world by chance: more unlike each other than those that are made to be shrunk."""
    return [
        Event(
            url=chance.choice((*PAGES, *PAGES[:3], FRONT, FEED, ROBOTS)),
            minute=chance.randrange(21),
            what=chance.choice(("page",) * 5 + ("same", "unmodified", "elsewhere", "gone", "redirect", "error")),
            words=chance.randrange(3),
            trim=chance.randrange(3),
            names=chance.randrange(6),
        )
        for _ in range(chance.randint(1, 14))
    ]


def read_again(index: Index, told: Sequence[Ingest], sizes: Sequence[int], *, everything: bool = False) -> int:
    """Read again what is to be, so many units at once; returns how many captures that were. Ends when sizes do."""
    by_record = {ingest.capture.record_id: ingest for ingest in told}
    units = index.iter_captures_to_reread(RereadFilter(extractor="2", everything=everything))
    done = 0
    for size in sizes:
        batch = [by_record[held.record_id] for unit in islice(units, size) for held in unit]
        if batch:
            done += index.replace_readings(batch, plan).captures
    return done


@pytest.mark.parametrize("seeds", few_and_all(1, 20))
def test_replaced_readings_leave_no_trace_of_the_old_ones(
    index: Index, seeds: int, dump: Dump, different: Difference
) -> None:
    """In any portions, interrupted and resumed, with commits in between, the rows are those of a new index."""
    for seed in range(seeds):
        chance = Random(seed)
        happenings = happenings_of(chance)
        before = chance.randint(0, len(happenings))
        sizes = [chance.randint(1, 3) for _ in range(chance.randint(1, 9))]
        now = ingests(happenings, "2")
        deliver(index, [now])
        tables, lines = dump(index, waiting=False), exported(index)
        deliver(index, [ingests(happenings)[:before]])
        read_again(index, now, sizes)
        index.commit(now[before:], plan)
        read_again(index, now, [1] * len(now))
        if chance.random() < 0.3:
            assert read_again(index, now, [1] * len(now), everything=True) == sum(map(is_read, now))
        index.settle()
        assert different(tables, dump(index, waiting=False)) == {}, seed
        assert exported(index) == lines, seed
        assert list(index.iter_captures_to_reread(RereadFilter(extractor="2"))) == []


@pytest.mark.parametrize("seeds", few_and_all(1, 12))
def test_a_dry_run_leaves_no_trace(index: Index, seeds: int, dump: Dump, different: Difference) -> None:
    """A dry run returns what the real run returns, and changes no row."""
    for seed in range(seeds):
        happenings = happenings_of(Random(seed))
        deliver(index, [ingests(happenings)])
        before = dump(index)
        told = {ingest.capture.record_id: ingest for ingest in ingests(happenings, "2")}
        units = list(index.iter_captures_to_reread(RereadFilter(extractor="2")))
        batch = [told[held.record_id] for unit in units for held in unit]
        said = index.replace_readings(batch, plan, dry_run=True)
        assert different(before, dump(index)) == {}
        assert index.replace_readings(batch, plan) == said
