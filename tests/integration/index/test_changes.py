"""Changes of articles as rows: edits, and articles that were gone, moved or back, with the kinds of each edit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from newsarchive.diff.edits import EditKind
from newsarchive.ingest.index_warcs import classify_edits
from storage.index import Index
from storage.index.queries import observations
from storage.index.queries.observations import find_changes, list_changes, load_histories
from storage.index.views.articles import Exclusions
from storage.index.views.history import ALL_CHANGES, ChangeFilters, ChangeView
from storage.model import Ingest, Outcome, Paragraph, Reading, Role

Make = Callable[..., Ingest]
URL, OTHER = "https://news.example/harbour", "https://news.example/council"
BEFORE = "The harbour opened on Monday after nine years of work, the mayor said."
AFTER = "The harbour opened on Monday after eleven years of work, the mayor said."


def gone(look: Ingest, outcome: Outcome = Outcome.GONE) -> Ingest:
    """Return a look that finds no article."""
    return replace(look, reading=Reading(outcome=outcome, reason="404"))


@pytest.fixture(scope="module")
def edited_index(shared_index: Index, shared_article_at: Make, plan: Any) -> Index:
    """An index in which one article was edited, taken down, shown again and corrected, and another one silently cut."""
    index, article_at = shared_index, shared_article_at
    note = Paragraph(role=Role.CORRECTION, text="Correction: the work took eleven years, not nine.")
    text = Paragraph(role=Role.TEXT, text=AFTER)
    looks = [
        article_at(URL, BEFORE), article_at(URL, AFTER, minute=60), gone(article_at(URL, minute=120)),
        article_at(URL, AFTER, minute=180), article_at(URL, minute=1500, paragraphs=(text, note)),
        article_at(OTHER, BEFORE, "The council voted for the plan in the evening.", section="Politics"),
        article_at(OTHER, BEFORE, minute=90, section="Politics", authors=("Ada Berg",)),
    ]  # fmt: skip
    index.commit(looks[::-1], plan)
    index.settle()
    classify_edits(index)
    return index


def told(changes: tuple[ChangeView, ...]) -> list[tuple[str, str, tuple[str, ...], str | None]]:
    """Return the last part of the URL, event, kinds and notice of each change."""
    return [(one.url.rsplit("/", 1)[1], one.event, one.kinds, one.notice) for one in changes]


def test_each_change_of_an_article_is_a_row(edited_index: Index) -> None:
    """Newest first; what was there before and after stands in it."""
    changes = edited_index.ask(list_changes, limit=10)
    assert told(changes) == [
        ("harbour", "edited", ("correction",), "noted"),
        ("harbour", "back", (), None),
        ("harbour", "gone", (), None),
        ("council", "edited", ("removed", "byline"), "silent"),
        ("harbour", "edited", ("numbers",), "silent"),
    ]
    assert (changes[-1].before, changes[-1].after) == (BEFORE, AFTER)
    assert [(one.version_before, one.version) for one in changes] == [(2, 3), (2, 2), (2, None), (1, 2), (1, 2)]
    assert changes[-1].seen_before < changes[-1].seen
    assert (changes[-1].added, changes[-1].removed) == (6, 4)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (ALL_CHANGES, 5),
        (ChangeFilters(event="gone"), 1),
        (ChangeFilters(event=("gone", "back")), 2),
        (ChangeFilters(kind="numbers"), 1),
        (ChangeFilters(kind=("byline", "correction")), 2),
        (ChangeFilters(kind="number"), 0),
        (ChangeFilters(notice="silent"), 2),
        (ChangeFilters(section="Politics"), 1),
        (ChangeFilters(section="politícs"), 1),
        (ChangeFilters(section="Polit"), 0),
        (ChangeFilters(author="ada bérg"), 1),
        (ChangeFilters(site="nowhere"), 0),
        (ChangeFilters(kind="numbers", size=10), 1),
        (ChangeFilters(kind="numbers", size=11), 0),
    ],
)
def test_changes_are_filtered_and_counted_by_day(edited_index: Index, filters: ChangeFilters, found: int) -> None:
    """A page, a feed and an export show the same."""
    assert len(edited_index.ask(list_changes, filters, limit=10)) == found
    page = edited_index.ask(find_changes, filters, limit=10)
    assert (page.total, sum(page.days.values()), page.since) == (found, found, None)
    assert page.changes == edited_index.ask(list_changes, filters, limit=10)


def test_of_too_many_changes_those_of_the_last_days_are_counted(edited_index: Index) -> None:
    """The days are whole, and the filter of time that is left finds the others: none is lost, none is there twice."""
    every = edited_index.ask(list_changes, limit=10)
    last = edited_index.ask(find_changes, limit=10, most=4)
    assert last.since == every[0].seen.date()
    assert last.changes == every[:1]
    before = ChangeFilters(until=datetime(last.since.year, last.since.month, last.since.day, tzinfo=UTC))
    rest = edited_index.ask(find_changes, before, limit=10, most=4)
    assert (rest.since, rest.changes, rest.total) == (None, every[1:], 4)
    # A day with more than that is counted whole.
    assert edited_index.ask(find_changes, before, limit=10, most=1).changes == every[1:]
    # Few articles have all of their changes counted.
    few = edited_index.ask(find_changes, ChangeFilters(section="politics"), limit=10, most=1)
    assert (few.since, few.total) == (None, 1)


def test_changes_of_many_articles_are_found_by_time(edited_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same are found, whether the site, section or author has few articles or many."""
    for filters in (
        ChangeFilters(site="news.example"),
        ChangeFilters(section="POLITICS"),
        ChangeFilters(author="ADA BERG"),
    ):
        by_article = edited_index.ask(list_changes, filters, limit=10)
        with monkeypatch.context() as patched:
            patched.setattr(observations, "_FEW", 0)
            assert edited_index.ask(list_changes, filters, limit=10) == by_article != ()
            assert edited_index.ask(find_changes, filters, limit=10, most=4).since is not None


def test_a_withheld_article_has_no_changes(edited_index: Index) -> None:
    """Neither in lists nor in counts."""
    reader = edited_index.excluding(Exclusions(urlkeys=("example,news)/harbour",)))
    assert [one.url for one in reader.ask(list_changes, limit=10)] == [OTHER]
    assert reader.ask(find_changes, limit=10).total == 1


@pytest.mark.parametrize("urlkeys", [(), ("example,news)/harbour",)])
@pytest.mark.parametrize("filters", [ALL_CHANGES, ChangeFilters(event="gone"), ChangeFilters(kind="numbers", size=10)])
def test_what_is_counted_of_too_many_changes_is_what_is_listed_since_then(
    edited_index: Index, filters: ChangeFilters, urlkeys: tuple[str, ...]
) -> None:
    """Under filters that match few of them, and with withheld articles, which count neither by day nor in all."""
    reader = edited_index.excluding(Exclusions(urlkeys=urlkeys))
    every, page = reader.ask(list_changes, filters, limit=10), reader.ask(find_changes, filters, limit=10, most=1)
    assert page.since is not None
    assert page.changes == tuple(one for one in every if one.seen.date() >= page.since)
    assert page.total == sum(page.days.values()) == len(page.changes)
    assert min(page.days, default=page.since) >= page.since


def test_a_change_that_an_earlier_capture_shows_takes_the_place_of_the_later_one(
    index: Index, article_at: Make, plan: Any
) -> None:
    """Captures may come in any order: the rows are those of all captures together."""
    index.commit([article_at(URL, BEFORE), article_at(URL, AFTER, minute=300)], plan)
    index.settle()
    classify_edits(index)
    late = index.ask(list_changes, limit=10)
    index.commit([article_at(URL, AFTER, minute=100)], plan)
    index.settle()
    classify_edits(index)
    (change,) = index.ask(list_changes, limit=10)
    assert change.seen < late[0].seen
    assert change.kinds == ("numbers",)


def test_an_edit_that_is_undone_is_changed_back_to_the_version_that_stood_before(
    index: Index, article_at: Make, plan: Any
) -> None:
    """Texts 1, 2, 1, 3, gone, 2: the third and the last change are returns; the order of arrival does not matter."""
    texts = {1: BEFORE, 2: AFTER, 3: "The harbour will not open, the mayor said on Monday after nine years of work."}
    looks = [article_at(URL, texts[number], minute=60 * at) for at, number in enumerate((1, 2, 1, 3))]
    looks += [gone(article_at(URL, minute=240)), article_at(URL, texts[2], minute=300)]
    for look in looks[::-1]:
        index.commit([look], plan)
    index.settle()
    classify_edits(index)
    changes = index.ask(list_changes, limit=10)
    assert [(one.version_before, one.version, "changed-back" in one.kinds) for one in changes] == [
        (3, 2, True), (3, None, False), (1, 3, False), (2, 1, True), (1, 2, False)
    ]  # fmt: skip
    assert changes[3].kinds[0] == EditKind.CHANGED_BACK
    assert set(changes[3].kinds[1:]) == set(changes[4].kinds)
    (article,) = index.ask(load_histories, [changes[0].article]).values()
    assert [span.is_changed_back for span in article.spans[1:]] == ["changed-back" in c.kinds for c in changes[::-1]]
    for filters in (ChangeFilters(kind="changed-back"), ChangeFilters(kind=("typo", "changed-back"))):
        assert index.ask(list_changes, filters, limit=10) == (changes[0], changes[3])
        assert index.ask(find_changes, filters, limit=10).total == 2
    assert changes[3] in index.ask(list_changes, ChangeFilters(kind="numbers"), limit=10)
