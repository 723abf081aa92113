"""The table `days` agrees with the captures after every change."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from storage.index import Index
from storage.index.queries.aggregates import count_captures_per_day
from storage.index.schema.tables import CaptureRow, DailyCapturesRow
from storage.model import Capture, Discovery, Ingest, NextVisit, Outcome, Reading, Site, UrlKind, VisitResult

Plan = Callable[[VisitResult], NextVisit]
DAY = 24 * 60


def counted_and_kept(index: Index) -> tuple[Counter[tuple[int, str, str]], Counter[tuple[int, str, str]]]:
    """Return the numbers of captures, counted and from the table."""
    with index._database.read_transaction() as connection:
        captures = connection.execute(select(CaptureRow.site_id, CaptureRow.fetched_at, CaptureRow.outcome)).all()
        days = connection.execute(select(DailyCapturesRow)).all()
    counted = Counter((row.site_id, row.fetched_at.date().isoformat(), row.outcome) for row in captures)
    return counted, Counter({(row.site_id, row.day, row.outcome): row.captures for row in days})


def test_days_follow_the_captures(
    index: Index, article_at: Callable[..., Ingest], capture_of: Callable[..., Capture], plan: Plan
) -> None:
    """Captures that are added, moved, read again or deleted leave no superfluous rows and no zero counts."""
    page = "https://stranger.example/a"
    index.commit([article_at(page, "One.", site="stranger.example", minute=minute) for minute in (0, 1, DAY)], plan)
    counted, kept = counted_and_kept(index)
    assert counted == kept
    assert sum(kept.values()) == 3

    index.register_sites([Site(name="stranger", url="https://stranger.example/")])
    counted, kept = counted_and_kept(index)
    assert counted == kept
    assert len({site for site, _, _ in kept}) == 1

    first = article_at(page, "Original.", site="stranger", minute=2 * DAY)
    revisit = capture_of(page, 3 * DAY, kind="revisit", payload_size=0, profile="identical-payload-digest")
    unread = Ingest(
        capture=replace(revisit, refers_to=None),
        discovery=Discovery(site="stranger", kind=UrlKind.ARTICLE),
        reading=Reading(outcome=Outcome.NOT_MODIFIED, reason="a revisit that names no original"),
    )
    index.commit([unread], plan)
    index.commit([first], plan)
    index.settle()
    counted, kept = counted_and_kept(index)
    assert counted == kept

    index.reset()
    assert counted_and_kept(index) == (Counter(), Counter())


def test_a_late_evening_belongs_to_its_day_in_utc(index: Index, article_at: Callable[..., Ingest], plan: Plan) -> None:
    """Days are in UTC, whatever the time zone of the database is."""
    index.register_sites([Site(name="news", url="https://news.example/")])
    late = article_at("https://news.example/a", "Late.", minute=17 * 60 + 59)
    early = article_at("https://news.example/b", "Early.", minute=18 * 60)
    index.commit([late, early], plan)
    days = index.ask(count_captures_per_day, late.capture.fetched_at.date() - timedelta(days=1))
    assert [(day.isoformat(), captures) for day, captures in days.items()] == [("2026-03-01", 1), ("2026-03-02", 1)]
