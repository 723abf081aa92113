"""Walks over all rows in batches by key: complete, each row once, on both databases, whatever is written meanwhile."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from newsarchive.ingest.index_warcs import classify_edits
from storage.index import Index
from storage.index.queries import articles, export, listings
from storage.index.queries.articles import CaptureOrder, iter_captures, list_captures
from storage.index.queries.export import list_version_keys
from storage.index.queries.listings import list_listings
from storage.index.queries.observations import iter_changes, list_changes
from storage.index.views.articles import ALL_CAPTURES, EVERYTHING, NO_EXCLUSIONS, Exclusions, Filters
from storage.index.views.history import ALL_CHANGES
from storage.model import Discovery, Ingest, Link, LinkGroup, LinkKind, Outcome, Reading, UrlKind
from storage.page_date import SourcedDate

Make = Callable[..., Ingest]
TEXT = "The harbour opened on Monday after {} years of work, the mayor said in the evening."


@pytest.fixture(autouse=True, params=[1, 2, 3, 1000])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The size of a batch."""
    size: int = request.param
    monkeypatch.setattr(articles, "_AT_ONCE", size)
    monkeypatch.setattr(listings, "_LISTINGS_AT_ONCE", size)
    monkeypatch.setattr(export, "_KEYS", size)
    return size


@pytest.fixture(scope="module")
def filled(shared_index: Index, shared_article_at: Make, plan: Any) -> Index:
    """An index that is only read, as `fill` leaves it."""
    fill(shared_index, shared_article_at, plan)
    return shared_index


def fill(index: Index, article_at: Make, plan: Any) -> None:
    """Add five articles, several at the same time and of the same date, some with versions, and a listing."""
    day = SourcedDate(at=article_at("https://news.example/x").capture.fetched_at, offset=0, is_day=True, source="meta")
    looks = [
        article_at(f"https://news.example/{name}", TEXT.format(years), minute=minute, published=published)
        for name, minute, years, published in [
            ("a", 0, 3, day), ("b", 0, 4, day), ("c", 0, 5, None), ("d", 5, 6, None), ("e", 5, 7, day),
            ("a", 60, 8, day), ("b", 60, 9, day), ("a", 120, 10, day),
        ]
    ]  # fmt: skip
    looks += [make_listing(article_at("https://news.example/", minute=minute)) for minute in (0, 0, 60, 60, 120)]
    index.commit(looks, plan)
    index.settle()
    classify_edits(index)


def make_listing(page: Ingest) -> Ingest:
    """Return a page as the front page, with one link."""
    group = LinkGroup(
        kind=LinkKind.LISTING, label="", links=(Link(url=page.capture.url + page.capture.date, anchor="A"),)
    )
    return replace(
        page,
        discovery=Discovery(site="news", kind=UrlKind.LISTING),
        reading=Reading(
            outcome=Outcome.LISTING, reason="links", link_groups=(group,), content_digest=page.capture.date
        ),
    )


def test_captures_are_walked_newest_first(filled: Index) -> None:
    """Those of one time in the order of their record ids."""
    walked = list(filled.walk(partial(list_captures, filters=ALL_CAPTURES)))
    assert len(walked) == 13
    assert walked == list(filled.stream(iter_captures))
    assert walked == sorted(walked, key=lambda each: (each.fetched_at, each.record_id), reverse=True)


def test_listings_are_walked_with_their_links(filled: Index) -> None:
    """Each capture of a listing, with the links that it shows."""
    walked = list(filled.walk(partial(list_listings, filters=replace(ALL_CAPTURES, outcome=Outcome.LISTING))))
    assert [each.capture.outcome for each in walked] == [Outcome.LISTING] * 5
    assert [each.groups[0].links[0].url for each in walked] == [each.capture.url + each.capture.date for each in walked]


@pytest.mark.parametrize("all_versions", [False, True])
@pytest.mark.parametrize("filters", [EVERYTHING, Filters(query="harbour"), Filters(site=("news", "news.example"))])
def test_articles_are_walked_by_date(filled: Index, filters: Filters, *, all_versions: bool) -> None:
    """Each once, of one date as well; of an article its newest version first."""
    filled.update_search()
    rows = list(filled.walk(partial(list_version_keys, filters=filters, all_versions=all_versions)))
    assert len(rows) == (8 if all_versions else 5)
    assert [tuple(row[1:]) for row in rows] == sorted((tuple(row[1:]) for row in rows), reverse=True)
    lines = filled.ask(lambda scope: list(export.load_articles(scope, [row[0] for row in rows])))
    exported = list(filled.stream(export.iter_export_lines, filters, all_versions=all_versions))
    assert sorted((each.to_dict() for each in lines), key=str) == sorted(exported, key=str)


@pytest.mark.parametrize("limit", [None, 0, 1, 2, 3])
def test_changes_are_walked_last_seen_first(filled: Index, at_once: int, limit: int | None, monkeypatch: Any) -> None:
    """By key, with and without a limit, also those that were seen at the same time."""
    monkeypatch.setattr("storage.index.queries.observations._AT_ONCE", at_once)
    every = filled.ask(list_changes, limit=100)
    assert len(every) == 3
    assert len({each.seen for each in every}) == 2
    assert list(iter_changes(filled, ALL_CHANGES, limit=limit)) == list(every[:limit])


@pytest.mark.parametrize("exclude", [NO_EXCLUSIONS, Exclusions(urlkeys=("example,news)/b",))])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_captures_are_read_in_parts(
    filled: Index, exclude: Exclusions, order: CaptureOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the ids of a query are read, the captures of each part are: in order, each once, as all at once."""
    reader = filled.excluding(exclude)
    every = list(reader.stream(iter_captures, order=order))
    assert len(every) > 6
    keys = [(each.fetched_at, each.record_id) for each in every]
    assert keys == sorted(keys, reverse=order == "newest")
    monkeypatch.setattr("storage.index.queries.articles.STREAMING", {"stream_results": True, "yield_per": 2})
    assert list(reader.stream(iter_captures, order=order)) == every
    assert list(reader.stream(iter_captures, order=order, limit=5, offset=1)) == every[1:6]
    older = [each for each in every if keys[3] > (each.fetched_at, each.record_id)]
    assert list(reader.stream(iter_captures, order=order, before=every[3])) == older


def test_what_is_written_meanwhile_doubles_nothing(index: Index, article_at: Make, plan: Any) -> None:
    """New captures and versions are newer than the key; rows behind it come as they were, each once."""
    fill(index, article_at, plan)

    def interrupted(walk: Iterator[Any]) -> list[Any]:
        first = next(walk)
        minute = 500 + len(written)
        written.append(article_at("https://news.example/d", TEXT.format(minute), minute=minute))
        index.commit(written[-1:], plan)
        return [first, *walk]

    written: list[Ingest] = []
    captures = interrupted(index.walk(partial(list_captures, filters=ALL_CAPTURES)))
    assert len(captures) == len({each.id for each in captures}) == 13
    keys = interrupted(index.walk(partial(list_version_keys, filters=EVERYTHING, all_versions=False)))
    assert len(keys) == len({row[2] for row in keys}) == 5
