"""Planning of the next visit of a URL."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.schedule.visits import DEFAULT_INTERVALS, FAILURE_OUTCOMES, plan_next_visit
from storage.model import SOURCE_KINDS, Outcome, UrlKind, VisitEnd, VisitResult

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def visit(**changes: object) -> VisitResult:
    usual: dict[str, object] = {
        "kind": UrlKind.ARTICLE,
        "outcome": Outcome.ARTICLE,
        "status": 200,
        "fetched_at": NOON,
        "changed": True,
        "failure_count": 0,
        "unchanged_count": 0,
        "first_seen_at": NOON,
    }
    return VisitResult(**(usual | changes))  # type: ignore[arg-type]  # the dict's values have the fields' types


def ages_at_visits(outcome: Outcome = Outcome.ARTICLE) -> list[timedelta]:
    """Return the ages at which an article that never changes is checked."""
    ages: list[timedelta] = []
    at, unchanged, changed = NOON, 0, True
    while True:
        next_visit = plan_next_visit(visit(outcome=outcome, fetched_at=at, changed=changed, unchanged_count=unchanged))
        if next_visit.due_at is None:
            return ages
        at, unchanged, changed, outcome = next_visit.due_at, next_visit.unchanged_count, False, Outcome.NOT_MODIFIED
        ages.append(at - NOON)


def test_an_article_is_checked_at_the_ages_in_the_settings() -> None:
    """1 h, 6 h, 1 d, 7 d and 30 d after it appeared, and then never again."""
    assert tuple(ages_at_visits()) == DEFAULT_INTERVALS.recheck


def test_a_changed_article_is_checked_sooner() -> None:
    """An edit restarts the ages: articles that were edited once are often edited again."""
    late = NOON + timedelta(days=7)
    next_visit = plan_next_visit(visit(fetched_at=late, unchanged_count=3, changed=True))
    assert next_visit.due_at == late + DEFAULT_INTERVALS.recheck[0]
    assert next_visit.unchanged_count == 0


def test_a_page_that_is_no_article_is_not_fetched_again_where_no_source_names_it() -> None:
    """Linked pages that never were articles are archived once."""
    assert plan_next_visit(visit(outcome=Outcome.OTHER)).due_at is None
    assert plan_next_visit(visit(outcome=Outcome.REDIRECT)).due_at is None


def test_a_missing_page_that_no_source_names_is_confirmed_once() -> None:
    """A single 404 may be a mistake; after the second in a row the URL is given up, if it never was an article."""
    first = plan_next_visit(visit(outcome=Outcome.GONE, status=404, changed=False))
    assert first.due_at is not None
    second = plan_next_visit(visit(outcome=Outcome.GONE, status=404, changed=False, failure_count=first.failure_count))
    assert (second.due_at, second.ended_by) == (None, VisitEnd.NO_ARTICLE)


def test_the_retry_delay_grows_with_each_failure() -> None:
    """Each consecutive failure at least doubles the delay, up to a day."""
    waits = []
    for failures in range(3):
        next_visit = plan_next_visit(visit(outcome=Outcome.ERROR, status=503, failure_count=failures, changed=False))
        assert next_visit.due_at is not None
        waits.append(next_visit.due_at - NOON)
    assert all(later >= 2 * sooner for sooner, later in pairwise(waits))


@pytest.mark.parametrize(
    ("truncated", "status", "given_up"),
    [("unspecified", 200, False), ("disconnect", 200, True), ("time", 200, True), (None, 503, True),
     # No HTTP response at all: the server is the cause.
     ("unspecified", None, True)],
)  # fmt: skip
def test_a_page_is_not_given_up_for_responses_cut_by_the_end_of_a_run(
    truncated: str | None, status: int | None, given_up: bool
) -> None:
    """A run with a time limit may cut the same long page every time; it is still retried."""
    many = visit(
        outcome=Outcome.ERROR,
        status=status,
        truncated=truncated,
        failure_count=DEFAULT_INTERVALS.max_failures,
        changed=False,
    )
    assert (plan_next_visit(many).due_at is None) is given_up


@given(
    kind=st.sampled_from(sorted(SOURCE_KINDS)),
    outcome=st.sampled_from(list(Outcome)),
    changed=st.booleans(),
    failures=st.integers(0, 1000),
    unchanged=st.integers(0, 10_000),
)
def test_a_source_is_never_given_up(
    kind: UrlKind, outcome: Outcome, changed: bool, failures: int, unchanged: int
) -> None:
    """Whatever a feed, sitemap or listing answers, it is fetched again within a day."""
    next_visit = plan_next_visit(
        visit(kind=kind, outcome=outcome, changed=changed, failure_count=failures, unchanged_count=unchanged)
    )
    assert next_visit.due_at is not None
    assert NOON < next_visit.due_at <= NOON + timedelta(days=1)


def test_a_source_that_answers_with_another_page_is_fetched_with_growing_pauses() -> None:
    """Each answer of an outage that names nothing new doubles them, up to the longest of its kind."""
    at, unchanged, count = NOON, 0, 0
    while at < NOON + timedelta(days=3):
        answer = visit(
            kind=UrlKind.FEED, outcome=Outcome.OTHER, fetched_at=at, changed=False, unchanged_count=unchanged
        )
        found = plan_next_visit(answer)
        assert found.due_at is not None
        assert found.due_at - at <= DEFAULT_INTERVALS.source_max_interval
        at, unchanged, count = found.due_at, found.unchanged_count, count + 1
    assert count <= 10


def test_a_page_to_which_a_front_page_once_redirected_is_fetched_seldom() -> None:
    """It is no listing: /sorry, of an outage. Where it names new pages, it is one, and fetched like any."""
    stray = visit(kind=UrlKind.LISTING, outcome=Outcome.OTHER, changed=False, unchanged_count=9, is_stray_target=True)
    assert plan_next_visit(stray).due_at == NOON + timedelta(days=2)
    again = visit(kind=UrlKind.LISTING, outcome=Outcome.OTHER, changed=True, unchanged_count=9, is_stray_target=True)
    due_at = plan_next_visit(again).due_at
    assert due_at is not None
    assert due_at <= NOON + DEFAULT_INTERVALS.listing_max_interval


def test_articles_and_listings_are_no_failures() -> None:
    """A readable page is never retried as a failure."""
    assert Outcome.ARTICLE not in FAILURE_OUTCOMES
    assert Outcome.LISTING not in FAILURE_OUTCOMES


def test_an_old_article_is_fetched_once() -> None:
    """An article that was found when it was older than all ages is not checked again."""
    old = NOON - timedelta(days=400)
    assert plan_next_visit(visit(published=old)).due_at is None
    assert plan_next_visit(visit(published=NOON - timedelta(days=3))).due_at == NOON + timedelta(hours=1)
    changed = plan_next_visit(visit(published=old, first_seen_at=NOON - timedelta(days=9)))
    assert changed.due_at == NOON + timedelta(hours=1), "it has changed since it was found"
