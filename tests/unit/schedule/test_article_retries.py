"""Planning of visits after answers that show no article."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.schedule.visits import DEFAULT_INTERVALS, FAILURE_OUTCOMES, GONE_AFTER, OTHER_OUTCOMES, plan_next_visit
from storage.model import NextVisit, Outcome, UrlKind, VisitEnd, VisitResult

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ODD = sorted(FAILURE_OUTCOMES | OTHER_OUTCOMES)


def answer(outcome: Outcome, at: datetime = NOON, failures: int = 0, **facts: object) -> VisitResult:
    usual: dict[str, object] = {
        "kind": UrlKind.ARTICLE, "outcome": outcome, "status": 200, "fetched_at": at, "changed": False,
        "failure_count": failures, "unchanged_count": 2, "first_seen_at": NOON - DAY,
    }  # fmt: skip
    return VisitResult(**(usual | facts))  # type: ignore[arg-type]  # the dict's values have the fields' types


def times_of_visits(
    outcome: Outcome, *, is_named: bool, until: timedelta = timedelta(days=200), **facts: object
) -> list[datetime]:
    """Return when a URL is visited that always gives one answer."""
    times, at, failures = [NOON], NOON, 0
    while True:
        planned = plan_next_visit(answer(outcome, at, failures, **facts))
        due = planned.due_while_named if is_named else planned.due_at
        if due is None or due > NOON + until:
            return times
        times.append(due)
        at, failures = due, planned.failure_count


@pytest.mark.parametrize("outcome", ODD)
def test_no_single_answer_ends_the_visits_of_an_article(outcome: Outcome) -> None:
    """Whatever a known article answers once, it is fetched again within a day, also where no source names it."""
    planned = plan_next_visit(answer(outcome, was_article=True))
    assert planned.due_at is not None
    assert NOON < planned.due_at <= NOON + HOUR


@pytest.mark.parametrize("status", [302, 404, 410, 503])
@pytest.mark.parametrize("outcome", ODD)
def test_no_day_of_answers_ends_the_visits_of_an_article(outcome: Outcome, status: int) -> None:
    """After a day of nothing but such answers a known article is still fetched again."""
    facts = {"status": status, "gone_since": NOON if status == 410 else None}
    at, failures, planned = NOON, 0, None
    while at <= NOON + DAY:
        planned = plan_next_visit(answer(outcome, at, failures, was_article=True, **facts))
        assert planned.due_at is not None
        at, failures = planned.due_at, planned.failure_count


@pytest.mark.parametrize("was_article", [False, True])
@pytest.mark.parametrize("outcome", ODD)
def test_a_named_url_is_fetched_at_least_monthly(outcome: Outcome, was_article: bool) -> None:
    """Whatever it answers, and for however long, the pauses of a URL that a source names are a month at most."""
    times = times_of_visits(outcome, is_named=True, was_article=was_article)
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert times[-1] > NOON + timedelta(days=170)
    assert max(pauses) <= timedelta(days=30)
    assert len(times) < 20


def test_pauses_grow_within_the_plan_of_an_article() -> None:
    """Minutes, hours, days; none of the ages at which an article is checked is left out."""
    times = times_of_visits(Outcome.REDIRECT, is_named=True, was_article=True, first_seen_at=NOON)
    ages = [at - NOON for at in times]
    assert ages[1] == timedelta(minutes=10)
    for age in DEFAULT_INTERVALS.recheck:
        assert any(age - timedelta(minutes=10) <= each <= age for each in ages)


def test_the_end_of_the_plan_ends_the_visits_where_no_source_names_it() -> None:
    """An article that is nothing but odd answers is given up after a month, and the reason is stored."""
    times = times_of_visits(Outcome.REDIRECT, is_named=False, was_article=True)
    assert timedelta(days=28) <= times[-1] - NOON <= timedelta(days=50)
    last = plan_next_visit(answer(Outcome.REDIRECT, times[-1], len(times) - 1, was_article=True))
    assert (last.due_at, last.ended_by) == (None, VisitEnd.PLAN)


def test_a_confirmed_410_ends_the_visits_of_a_named_url() -> None:
    """RFC 9110: 410 is meant to last. It counts once every answer of two days was 410."""
    first = plan_next_visit(answer(Outcome.GONE, status=410, gone_since=NOON, was_article=True))
    assert first.due_at == NOON + HOUR
    late = NOON + GONE_AFTER
    last = plan_next_visit(answer(Outcome.GONE, late, 3, status=410, gone_since=NOON, was_article=True))
    assert last == NextVisit(due_at=None, ended_by=VisitEnd.GONE, failure_count=4, unchanged_count=2)


def test_a_404_is_never_final_while_a_source_names_the_url() -> None:
    """A 404 may be a mistake, however often it is repeated."""
    long_ago = {"first_seen_at": NOON - timedelta(days=40)}
    planned = plan_next_visit(answer(Outcome.GONE, status=404, failures=50, was_article=True, **long_ago))
    assert planned.due_at is None
    assert planned.due_while_named == NOON + timedelta(days=30)


def test_no_age_at_which_an_article_is_checked_is_left_out_after_404s() -> None:
    """An article that was gone for days is looked at when it would have been checked: it may be back, and edited."""
    planned = plan_next_visit(answer(Outcome.GONE, status=404, failures=5, was_article=True))
    assert planned.due_at == NOON + timedelta(days=6)  # seven days after it was first seen


@pytest.mark.parametrize(
    ("age", "failures", "expected"), [(50, 1, 60), (330, 1, 360), (330, 0, 360), (5, 0, 60), (20 * 60, 4, 24 * 60)]
)
def test_a_404_shortly_before_such_an_age_waits_no_longer_than_until_then(
    age: int, failures: int, expected: int
) -> None:
    """Ages in minutes, from ten minutes after the answer on."""
    first_seen = NOON - timedelta(minutes=age)
    missing = answer(Outcome.GONE, NOON, failures, status=404, was_article=True, first_seen_at=first_seen)
    planned = plan_next_visit(missing)
    assert planned.due_at == first_seen + timedelta(minutes=expected)


@pytest.mark.parametrize("outcome", [Outcome.GONE, Outcome.ERROR, Outcome.CHALLENGE, Outcome.REDIRECT])
def test_a_page_that_was_never_an_article_is_looked_at_every_two_days_while_it_is_named(outcome: Outcome) -> None:
    """Ten times, however soon each of them failed: a source names an article for some days only."""
    for failures in range(10):
        may_be_article = outcome is Outcome.REDIRECT
        planned = plan_next_visit(answer(outcome, status=404, failures=failures, may_be_article=may_be_article))
        assert planned.due_while_named is not None
        assert planned.due_while_named <= NOON + timedelta(days=2)


def test_a_304_of_a_page_that_was_no_article_does_not_count_as_an_article() -> None:
    """A shell that is not modified is still a shell."""
    shell = plan_next_visit(answer(Outcome.NOT_MODIFIED, status=304, repeats_no_article=True, was_article=True))
    assert (shell.failure_count, shell.due_at) == (1, NOON + timedelta(minutes=10))


def test_other_pages_that_only_a_listing_links_are_fetched_seldom() -> None:
    """The pages of a menu are named by every front page: three more fetches in the first month."""
    times = times_of_visits(Outcome.OTHER, is_named=True, until=timedelta(days=37), first_seen_at=NOON)
    assert [at - NOON for at in times] == [timedelta(days=day) for day in (0, 1, 8)]
    alike = times_of_visits(Outcome.OTHER, is_named=True, first_seen_at=NOON, may_be_article=True)
    assert [at - NOON for at in alike[:6]] == [timedelta(days=day) for day in (0, 1, 3, 5, 7, 9)]
    assert len(alike) < 20, "after ten fetches once a month"
    promised = times_of_visits(Outcome.OTHER, is_named=True, until=DAY, is_listed_as_article=True)
    assert len(promised) > 4, "a feed that lists it says that it is an article"


def test_an_article_whose_plan_is_over_is_fetched_monthly_while_a_source_names_it() -> None:
    """Edits of a month later are found too."""
    over = plan_next_visit(answer(Outcome.NOT_MODIFIED, was_article=True, unchanged_count=9))
    assert (over.due_at, over.ended_by) == (None, VisitEnd.PLAN)
    assert over.due_while_named == NOON + timedelta(days=30)


@given(
    outcome=st.sampled_from(ODD), failures=st.integers(0, 40), was_article=st.booleans(), listed=st.booleans(),
    age=st.timedeltas(timedelta(), timedelta(days=400)),
)  # fmt: skip
def test_a_source_that_names_a_url_never_makes_it_due_later(
    outcome: Outcome, failures: int, was_article: bool, listed: bool, age: timedelta
) -> None:
    """The pause of a named URL is between ten minutes and a month."""
    planned = plan_next_visit(
        answer(outcome, NOON, failures, first_seen_at=NOON - age, was_article=was_article, is_listed_as_article=listed)
    )
    assert planned.due_while_named is not None
    assert NOON + timedelta(minutes=10) <= planned.due_while_named <= NOON + timedelta(days=30)
    assert planned.due_at is None or not was_article or planned.due_at == planned.due_while_named


@pytest.mark.parametrize("outcome", sorted({*ODD} - {Outcome.GONE}))
def test_a_page_that_a_source_promised_is_looked_at_also_after_it_was_named(outcome: Outcome) -> None:
    """The source may have named it only in an outage of the site: the ages at which an article is checked remain."""
    times = times_of_visits(outcome, is_named=False, is_listed_as_article=True, first_seen_at=NOON)
    assert times[-1] == NOON + max(DEFAULT_INTERVALS.recheck)
    assert len(times) <= 30


@pytest.mark.parametrize(("outcome", "most"), [(Outcome.GONE, 6), (Outcome.ERROR, 10), (Outcome.LOGIN_WALL, 10)])
def test_failures_of_a_page_with_the_url_of_an_article_are_followed_by_few_looks(outcome: Outcome, most: int) -> None:
    """Until the last age at which an article is checked, also if no source names it any more."""
    times = times_of_visits(outcome, is_named=False, may_be_article=True, first_seen_at=NOON, status=404)
    assert times[-1] == NOON + max(DEFAULT_INTERVALS.recheck)
    assert len(times) <= most


@pytest.mark.parametrize("outcome", [Outcome.REDIRECT, Outcome.OTHER, Outcome.LISTING])
def test_a_page_with_the_url_of_an_article_is_looked_at_also_after_it_was_named(outcome: Outcome) -> None:
    """A front page may have named an article only while its site redirected: ages from a day on remain."""
    times = times_of_visits(outcome, is_named=False, may_be_article=True, first_seen_at=NOON)
    assert [at - NOON for at in times] == [
        age for age in (timedelta(), *DEFAULT_INTERVALS.recheck) if not age or age >= DAY
    ]
    assert len(times_of_visits(outcome, is_named=False, first_seen_at=NOON)) == 1, "nothing says that it is an article"
