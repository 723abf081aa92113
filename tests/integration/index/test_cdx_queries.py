"""Captures in the order of a CDX file, on each database."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage.index import Index
from storage.index.queries.cdx import (
    ALL_KEYS,
    count_cdx_pages,
    get_cdx_line,
    get_cdx_line_at,
    iter_cdx_lines,
    iter_cdx_lines_of_articles,
    match_domain,
    match_exact,
    match_host,
    match_prefix,
)
from storage.index.views.articles import Exclusions, Filters
from storage.index.views.cdx import CdxLine, CdxQuery
from storage.model import Capture, Discovery, Ingest, Outcome, Reading, UrlKind

URLS = tuple(
    f"http://{host}/{path}"
    for host in ("news.example", "www.news.example", "sport.news.example", "other.example")
    for path in ("", "a", "a/b", "a?x=1", "b")
)
CaptureOf = Callable[..., Capture]


@pytest.fixture(scope="module")
def filled(shared_index: Index, shared_capture_of: CaptureOf, plan: Callable[..., object]) -> Index:
    """Three captures of each of twenty URLs, and two of one at the same time."""
    captures = [shared_capture_of(url, minute) for minute in (30, 10, 20) for url in URLS]
    captures += [shared_capture_of(URLS[0], 10)]
    batch = [
        Ingest(
            capture=capture,
            discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
            reading=Reading(outcome=Outcome.OTHER, reason="a test"),
        )
        for capture in captures
    ]
    shared_index.commit(batch, plan)  # type: ignore[arg-type]
    return shared_index


def order(line: CdxLine) -> tuple[object, ...]:
    """Return the sort key of a line."""
    return (line.urlkey, line.fetched_at, line.record_id)


@pytest.mark.parametrize("reverse", [False, True])
def test_all_captures_come_once_and_in_order(filled: Index, reverse: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every capture is returned once and in order, for any batch size."""
    for size in (1, 3, 640):
        monkeypatch.setattr("storage.index.queries.cdx._FIRST_BATCH", size)
        lines = list(filled.stream(iter_cdx_lines, CdxQuery(keys=ALL_KEYS, reverse=reverse)))
        assert len(lines) == 61
        assert lines == sorted(lines, key=order, reverse=reverse)


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        (match_exact("https://www.news.example/a"), 6),
        (match_prefix("http://news.example/a"), 18),
        (match_host("http://news.example"), 31),
        (match_domain("http://news.example"), 46),
        (match_domain("http://example"), 61),
        (match_exact("http://nobody.example/"), 0),
    ],
)
def test_urls_are_interpreted_as_typed(filled: Index, keys: tuple[object, ...], count: int) -> None:
    """The match type exact includes http, https and "www."; prefix, host and domain are ranges."""
    lines = list(filled.stream(iter_cdx_lines, CdxQuery(keys=keys)))  # type: ignore[arg-type]
    assert len(lines) == count
    assert lines == sorted(lines, key=order)


@pytest.mark.parametrize("page_size", [1, 4, 100])
@pytest.mark.parametrize("url", [URLS[0], None])
def test_pages_are_the_whole(filled: Index, page_size: int, url: str | None) -> None:
    """Pages of one URL count captures, those of many count URLs; each capture is on exactly one page."""
    keys = match_exact(url) if url else ALL_KEYS
    asked = CdxQuery(keys=keys, page=0, page_size=page_size)
    pages = [
        list(filled.stream(iter_cdx_lines, CdxQuery(keys=keys, page=number, page_size=page_size)))
        for number in range(filled.ask(count_cdx_pages, asked) + 1)
    ]
    assert pages[-1] == []
    assert sorted(line for page in pages for line in page) == sorted(filled.stream(iter_cdx_lines, CdxQuery(keys=keys)))


def test_an_export_continues_after_a_line(filled: Index) -> None:
    """A query resumes after any line."""
    lines = list(filled.stream(iter_cdx_lines, CdxQuery(keys=ALL_KEYS)))
    for number, line in enumerate(lines):
        after = (line.urlkey, line.fetched_at, line.record_id)
        assert list(filled.stream(iter_cdx_lines, CdxQuery(keys=ALL_KEYS, after=after))) == lines[number + 1 :]


def test_the_nearest_comes_first(filled: Index) -> None:
    """Captures are sorted by distance on both sides of a time, within the bounds of the query."""
    lines = list(filled.stream(iter_cdx_lines, CdxQuery(keys=match_exact(URLS[1]))))
    for line in lines:
        for shift in (-400, 0, 1, 400):
            moment = line.fetched_at + timedelta(seconds=shift)
            found = [
                abs(one.fetched_at - moment)
                for one in filled.stream(iter_cdx_lines, CdxQuery(keys=match_exact(URLS[1]), closest=moment))
            ]
            assert found == sorted(found)
            assert len(found) == len(lines)
    since = lines[0].fetched_at + timedelta(minutes=5)
    assert all(
        one.fetched_at >= since
        for one in filled.stream(iter_cdx_lines, CdxQuery(keys=match_exact(URLS[1]), since=since))
    )


def test_excluded_urls_look_like_missing_ones(filled: Index) -> None:
    """Excluded captures are on no page and in no count, in any order."""
    shown = filled.excluding(Exclusions(urlkeys=("example,news)/a",)))
    assert len(list(shown.stream(iter_cdx_lines, CdxQuery(keys=ALL_KEYS)))) == 61 - 18
    assert list(shown.stream(iter_cdx_lines, CdxQuery(keys=match_exact(URLS[1]), closest=None))) == []
    assert shown.ask(count_cdx_pages, CdxQuery(keys=match_exact(URLS[1]), page=0)) == 0
    assert len(list(shown.stream(iter_cdx_lines_of_articles, Filters()))) == 61 - 18
    hidden = next(filled.stream(iter_cdx_lines, CdxQuery(keys=match_exact(URLS[1]))))
    assert (shown.ask(get_cdx_line, hidden.id), shown.ask(get_cdx_line_at, hidden.warc, hidden.offset)) == (None, None)
    assert filled.ask(get_cdx_line_at, hidden.warc, hidden.offset) == hidden


def test_long_urls_are_distinguished(index: Index, capture_of: CaptureOf, plan: Callable[..., object]) -> None:
    """URLs with the same truncated urlkey are told apart by the URL itself."""
    urls = [f"http://news.example/{'a' * 700}{end}" for end in "xy"]
    batch = [
        Ingest(
            capture=capture_of(url),
            discovery=Discovery(site="news", kind=UrlKind.ARTICLE),
            reading=Reading(outcome=Outcome.OTHER, reason="a test"),
        )
        for url in urls
    ]
    index.commit(batch, plan)  # type: ignore[arg-type]
    assert [line.url for line in index.stream(iter_cdx_lines, CdxQuery(keys=match_exact(urls[0]), url=urls[0]))] == [
        urls[0]
    ]
