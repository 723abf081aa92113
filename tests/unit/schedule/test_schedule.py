"""When to look again."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsarchive.schedule import AS_USUAL, FAILURES, next_look
from storage.model import SOURCE_KINDS, Outcome, Seen, UrlKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(**changes: object) -> Seen:
    usual: dict[str, object] = {
        "kind": UrlKind.ARTICLE,
        "outcome": Outcome.ARTICLE,
        "status": 200,
        "fetched_at": NOON,
        "changed": True,
        "failures": 0,
        "unchanged": 0,
        "first_seen_at": NOON,
    }
    return Seen(**(usual | changes))  # type: ignore[arg-type]  # the dict's values have the fields' types


def ages_of_looks(outcome: Outcome = Outcome.ARTICLE) -> list[timedelta]:
    """Follow an article that never changes until it is left alone."""
    ages: list[timedelta] = []
    at, unchanged, changed = NOON, 0, True
    while True:
        look = next_look(seen(outcome=outcome, fetched_at=at, changed=changed, unchanged=unchanged))
        if look.due_at is None:
            return ages
        at, unchanged, changed, outcome = look.due_at, look.unchanged, False, Outcome.NOT_MODIFIED
        ages.append(at - NOON)


def test_an_article_is_looked_at_again_at_the_ages_that_the_settings_name() -> None:
    """1 h, 6 h, 1 d, 7 d and 30 d after it appeared, and then no more."""
    assert tuple(ages_of_looks()) == AS_USUAL.recheck


def test_a_changed_article_is_looked_at_sooner() -> None:
    """An edit starts the ages anew: what was edited once is often edited twice."""
    late = NOON + timedelta(days=7)
    look = next_look(seen(fetched_at=late, unchanged=3, changed=True))
    assert look.due_at == late + AS_USUAL.recheck[0]
    assert look.unchanged == 0


def test_a_page_that_is_no_article_is_not_asked_for_again() -> None:
    """What links led to, and is no article, has been kept once; that is enough."""
    assert next_look(seen(outcome=Outcome.OTHER)).due_at is None
    assert next_look(seen(outcome=Outcome.REDIRECT)).due_at is None


def test_a_gone_article_is_confirmed_once() -> None:
    """A single 404 may be a mishap; the second in a row ends the matter."""
    first = next_look(seen(outcome=Outcome.GONE, status=404, changed=False))
    assert first.due_at is not None
    second = next_look(seen(outcome=Outcome.GONE, status=404, changed=False, failures=first.failures))
    assert second.due_at is None


def test_failures_make_the_crawler_more_patient_each_time() -> None:
    """Each failure in a row at least doubles the wait, up to a day."""
    waits = []
    for failures in range(3):
        look = next_look(seen(outcome=Outcome.ERROR, status=503, failures=failures, changed=False))
        assert look.due_at is not None
        waits.append(look.due_at - NOON)
    assert all(later >= 2 * sooner for sooner, later in pairwise(waits))


@pytest.mark.parametrize(
    ("truncated", "status", "given_up"),
    [("unspecified", 200, False), ("disconnect", 200, True), ("time", 200, True), (None, 503, True),
     # No HTTP at all: that is the server's doing.
     ("unspecified", None, True)],
)  # fmt: skip
def test_a_page_is_not_given_up_for_answers_that_our_own_stops_cut(
    truncated: str | None, status: int | None, given_up: bool
) -> None:
    """A run that a time limit ends may cut the same long page every time; it is asked for again all the same."""
    many = seen(
        outcome=Outcome.ERROR, status=status, truncated=truncated, failures=AS_USUAL.max_failures, changed=False
    )
    assert (next_look(many).due_at is None) is given_up


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
    """Whatever a feed, sitemap or listing answers, it is asked again within a day."""
    look = next_look(seen(kind=kind, outcome=outcome, changed=changed, failures=failures, unchanged=unchanged))
    assert look.due_at is not None
    assert NOON < look.due_at <= NOON + timedelta(days=1)


def test_every_failure_is_an_outcome_of_its_own_name() -> None:
    """Articles and listings are no failures, whatever else is one."""
    assert Outcome.ARTICLE not in FAILURES
    assert Outcome.LISTING not in FAILURES


def test_an_article_of_long_ago_is_fetched_once() -> None:
    """What was older than all ages when it was found is not asked for again and again."""
    old = NOON - timedelta(days=400)
    assert next_look(seen(published=old)).due_at is None
    assert next_look(seen(published=NOON - timedelta(days=3))).due_at == NOON + timedelta(hours=1)
    changed = next_look(seen(published=old, first_seen_at=NOON - timedelta(days=9)))
    assert changed.due_at == NOON + timedelta(hours=1), "it has changed since it was found"


def test_a_gone_article_may_come_back() -> None:
    """Once confirmed, it is looked for at the longer ages; a page that never was an article is not."""
    waits, failures = [], 0
    while True:
        look = next_look(seen(outcome=Outcome.GONE, status=404, changed=False, failures=failures, shown=True))
        if look.due_at is None:
            break
        waits.append(look.due_at - NOON)
        failures = look.failures
    assert waits == [timedelta(hours=1), timedelta(days=7), timedelta(days=30)]
    back = next_look(seen(changed=True, failures=2, shown=True))
    assert (back.failures, back.due_at) == (0, NOON + timedelta(hours=1))
