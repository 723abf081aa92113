"""What a newspaper changes is a version, with the kinds of change in its record; what stands around it is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storage.article_parts import Image
from storage.index import Filters, Index
from storage.index.queries.articles import find_article_id, get_article
from storage.index.queries.export import iter_export_lines
from storage.index.queries.observations import list_changes
from storage.index.search.results import search_articles
from storage.index.views.articles import ArticleView
from storage.model import Ingest, Outcome, Paragraph, Reading, Role
from storage.observations import ObservedState
from storage.page_date import SourcedDate

Make = Callable[..., Ingest]
URL = "https://news.example/harbour"
TEXTS = ("The harbour opened on Monday after nine years.", "Ships from six countries came on the first day.")
BODY = tuple(Paragraph(role=Role.TEXT, text=text) for text in TEXTS)
CORRECTION = Paragraph(role=Role.CORRECTION, text="Correction: it was ten years, not nine.")


def commit(index: Index, plan: Any, *looks: Ingest) -> ArticleView:
    """Commit looks and return the article."""
    index.commit(looks, plan)
    index.settle()
    found = index.ask(get_article, index.ask(find_article_id, URL) or 0)
    assert found is not None
    return found


def seen(article: ArticleView) -> list[tuple[int | None, tuple[str, ...], bool]]:
    """Return version, kinds of change and "changed back" of each span."""
    return [(span.version, span.changed, span.is_changed_back) for span in article.history]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"headline": "Harbour open again"}, "headline"),
        ({"dek": "After nine years"}, "dek"),
        ({"authors": ("Ada Berg", "Jo Li")}, "byline"),
        ({"section": "Economy"}, "section"),
        ({"paragraphs": (*BODY, Paragraph(role=Role.CAPTION, text="The new quay"))}, "caption"),
        ({"image": Image(url="https://news.example/quay.jpg", caption="The new quay")}, "caption"),
        ({"paragraphs": (*BODY, CORRECTION)}, "correction"),
        ({"paragraphs": (CORRECTION, *BODY)}, "correction"),
        ({"paragraphs": BODY[:1]}, "body"),
    ],
)
def test_each_kind_of_change_makes_a_version_and_has_its_name_in_its_record(
    index: Index, article_at: Make, plan: Any, change: dict[str, Any], kind: str
) -> None:
    """In the list of versions, in the export, in the list of edits, and as a search filter."""
    article = commit(index, plan, article_at(URL, *TEXTS), article_at(URL, *TEXTS, minute=60, **change))
    assert [line.changed for line in article.versions] == [(), (kind,)]
    lines = list(index.stream(iter_export_lines, all_versions=True))
    assert [(line["version"], line["changed"]) for line in lines] == [(1, []), (2, [kind])]
    assert [change.event for change in index.ask(list_changes, limit=5)] == ["edited"]
    hits = index.ask(search_articles, f"changed:{kind}").hits
    assert [hit.number for hit in hits] == [2]
    assert index.ask(search_articles, "changed:dek").total == (kind == "dek")


def test_a_correction_is_found_by_its_words_and_by_is_corrected(index: Index, article_at: Make, plan: Any) -> None:
    """An article without one is not; the export has the correction's text."""
    corrected = article_at(URL, minute=60, paragraphs=(*BODY, CORRECTION))
    other = article_at("https://news.example/rain", "Rain fell on the town for a week.", minute=5)
    commit(index, plan, article_at(URL, *TEXTS), corrected, other)
    assert [hit.number for hit in index.ask(search_articles, "is:corrected").hits] == [2]
    assert [hit.url for hit in index.ask(search_articles, "ten years is:corrected").hits] == [URL]
    assert index.ask(search_articles, "rain is:corrected").total == 0
    assert index.ask(search_articles, "is:edited").total == 1
    assert [line["corrections"] for line in index.stream(iter_export_lines, Filters(corrected=True))] == [
        [CORRECTION.text]
    ]


def _metadata(field: str, minute: int, make: Make) -> Ingest:
    at = datetime.fromisoformat("2026-03-01T05:00:00Z") + timedelta(minutes=minute)
    values: dict[str, Any] = {
        "published": {"published": SourcedDate(at=at, source="json-ld")},
        "modified": {"modified": SourcedDate(at=at, source="meta")},
        "tags": {"tags": ("harbour", f"day {minute}")},
        "image": {"image": Image(url=f"https://img.example/{minute}.jpg")},
    }
    return make(URL, *TEXTS, minute=minute, **values[field])


@pytest.mark.parametrize("field", ["published", "modified", "tags", "image"])
def test_changed_metadata_alone_is_an_event_and_no_version(
    index: Index, article_at: Make, plan: Any, field: str
) -> None:
    """With the old and the new value and both captures; it is searched for and exported."""
    looks = [_metadata(field, minute, article_at) for minute in (0, 60)]
    article = commit(index, plan, *looks, article_at("https://news.example/rain", "Rain fell for a week."))
    assert len(article.versions) == 1
    (event,) = article.metadata_changes
    assert event.field == field
    assert event.old is not None
    assert event.old != event.new
    assert [event.record_before, event.record] == [look.capture.record_id for look in looks]
    assert [event.seen_before, event.seen] == [look.capture.fetched_at for look in looks]
    assert [hit.url for hit in index.ask(search_articles, f"changed:{field}").hits] == [URL]
    (line,) = [line for line in index.stream(iter_export_lines) if line["url"] == URL]
    assert [(each["field"], each["old"], each["new"]) for each in line["metadata_changes"]] == [
        (field, event.old, event.new)
    ]


def test_dates_of_feeds_and_counted_back_dates_make_no_event(index: Index, article_at: Make, plan: Any) -> None:
    """They change without any change of the page."""
    at = datetime.fromisoformat("2026-03-01T05:00:00Z")
    dates = [("feed", 0), ("relative", 3), ("relative", 7), ("sitemap", 9)]
    looks = [
        article_at(URL, *TEXTS, minute=number, published=SourcedDate(at=at + timedelta(minutes=minutes), source=source))
        for number, (source, minutes) in enumerate(dates)
    ]
    assert commit(index, plan, *looks).metadata_changes == ()


def test_an_undone_edit_refers_to_the_first_version_again(index: Index, article_at: Make, plan: Any) -> None:
    """Version 1, 2, 1: two rows, three spans, and "changed back"; version 1 is not seen while 2 stands."""
    headlines = ("Harbour opens", "Harbour to open", "Harbour opens", "Harbour opens")
    looks = [article_at(URL, *TEXTS, minute=60 * n, headline=headline) for n, headline in enumerate(headlines)]
    article = commit(index, plan, *looks)
    assert len(article.versions) == 2
    assert seen(article) == [(1, (), False), (2, ("headline",), False), (1, ("headline",), True)]
    first = article.versions[0]
    times = [look.capture.fetched_at for look in looks]
    assert [(span.first_seen, span.last_seen) for span in first.spans] == [(times[0], times[0]), (times[2], times[3])]
    assert article.current.number == 1
    assert article.current.spans == first.spans
    (line,) = index.stream(iter_export_lines)
    assert [(span["version"], span["changed_back"]) for span in line["history"]] == [(1, False), (2, False), (1, True)]


def test_an_article_that_was_withdrawn_and_is_back_is_told_so(index: Index, article_at: Make, plan: Any) -> None:
    """A 404 is a span of its own; a server error says nothing of the article."""
    looks = [article_at(URL, *TEXTS, minute=60 * n) for n in range(4)]
    for number, outcome, status in ((1, Outcome.ERROR, 503), (2, Outcome.GONE, 404)):
        reading = Reading(outcome=outcome, reason=f"HTTP {status}")
        looks[number] = replace(looks[number], capture=replace(looks[number].capture, status=status), reading=reading)
    article = commit(index, plan, *looks)
    assert [(span.state, span.version, span.looks, span.is_back) for span in article.history] == [
        (ObservedState.SHOWN, 1, 1, False),
        (ObservedState.GONE, None, 1, False),
        (ObservedState.SHOWN, 1, 1, True),
    ]


def test_new_boilerplate_makes_no_version(index: Index, article_at: Make, plan: Any) -> None:
    """The site's notice gets other words on all articles: they keep one version, and a real edit makes the second."""
    notices = ("The News is written by people of this town since 1906.", "The News is a member of the press council.")
    urls = [f"https://news.example/{n}" for n in range(8)]

    def look(number: int, day: int, *more: str) -> Ingest:
        own = [f"Story {number} has its own first paragraph, which no other story has, and goes on like so."] * 1
        own.append(f"Its second paragraph tells what happened in street number {number} on that day.")
        return article_at(urls[number], *own, *more, notices[day], minute=1000 * day + number)

    index.commit([look(number, day) for day in (0, 1) for number in range(8)], plan)
    index.commit([replace(look(3, 1, "A third paragraph was added."))], plan)
    index.settle()
    found = [index.ask(get_article, article_id) for article_id in range(1, 9)]
    versions = {article.url: [line.changed for line in article.versions] for article in found if article is not None}
    assert versions.pop(urls[3]) == [(), ("body",)]
    assert set(map(tuple, versions.values())) == {((),)}
    assert all(len(article.history) == 1 for article in found if article is not None and article.url != urls[3])


def test_kinds_and_events_do_not_depend_on_the_order_of_captures(
    index: Index, article_at: Make, plan: Any, dump: Any
) -> None:
    """Late captures between others change what was seen before what, and nothing else remains."""
    looks = [
        _metadata("tags", 0, article_at),
        article_at(URL, *TEXTS, minute=10, authors=("Ada Berg",)),
        _metadata("tags", 20, article_at),
        article_at(URL, *TEXTS, minute=30, authors=("Ada Berg",), section="World"),
        article_at(URL, *TEXTS[:1], minute=40),
    ]
    commit(index, plan, *looks)
    expected = dump(index)
    for order in ((4, 2, 0, 3, 1), (1, 3, 2, 4, 0)):
        index.reset()
        for number in order:
            index.commit([looks[number]], plan)
        index.settle()
        assert dump(index) == expected
