"""Sites: all of them, and one: how it is covered, from what, and what it prints under every article."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response

from newsarchive.operations.coverage import usual
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.language_names import language_name
from newsarchive.web.pages.day_chart import Chart, chart, days_until
from storage.errors import NotFound
from storage.index.queries.aggregates import FAILED
from storage.index.reader import Reader
from storage.index.views.articles import Filters
from storage.index.views.status import SiteCount
from storage.model import UrlKind

router = APIRouter()

DAYS, LEAST_DAYS = 56, 14
BEFORE = 56
"""Days before those that are drawn: what is usual is told by them."""
LINES = 10
BOILERPLATE = 60
ALARMS = 20
STATES = {
    "failing": "does not answer",
    "silent": "brings nothing any more",
    "overflowing": "loses items between two looks",
    "sinking": "names little that others do not",
    "new": "not known yet",
    "fine": "fine",
}


@router.get("/sites", include_in_schema=False)
def sites(door: AtDoor) -> Response:
    """All sites."""
    week = (door.now - timedelta(days=7)).date()
    return door.page(
        "sites.html", sites=door.index.site_counts(), recent=door.index.outcomes_of_sites(week), failed=FAILED
    )


@router.get("/site/{name}", include_in_schema=False)
def site(door: AtDoor, name: str) -> Response:
    """One site."""
    index = door.index
    found = next(iter(index.site_counts(name)), None)
    if found is None:
        raise NotFound(f"The archive has no site that is named {name}.")
    boilerplate = index.boilerplate(name, limit=BOILERPLATE + 1)
    return door.page(
        "site.html",
        site=found,
        language_name=language_name,
        outcomes=index.outcomes_of_sites(site=name).get(name, {}),
        chart=coverage(door, found),
        sources=sources(index, name),
        alarms=index.alarms([name], limit=ALARMS),
        profile=index.site_profile(name),
        newest=index.articles(Filters(site=name), limit=LINES),
        boilerplate=boilerplate[:BOILERPLATE],
        more_boilerplate=len(boilerplate) > BOILERPLATE,
        failed=FAILED,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A feed, sitemap or listing in the table of them."""

    url: str
    kind: UrlKind
    title: str | None
    state: str
    daily: float | None
    """Items a day; None where it is not known."""
    entries: int | None
    looked_at: datetime


def sources(index: Reader, site: str) -> tuple[Source, ...]:
    """What is asked for, with how it fares; and what imports alone made known, of which that cannot be told."""
    named = index.sources(site)
    entries = {each.url: each.entries for each in named}
    asked = tuple(
        Source(
            url=each.url, kind=each.kind, title=each.title, state=STATES[each.state], daily=each.daily,
            entries=entries.get(each.url), looked_at=each.looked_at,
        )
        for each in index.source_health([site])
    )  # fmt: skip
    known = {each.url for each in asked}
    return asked + tuple(
        Source(
            url=each.url, kind=each.kind, title=each.title, state="not asked for", daily=None, entries=each.entries,
            looked_at=each.last_seen,
        )
        for each in named
        if each.url not in known
    )  # fmt: skip


def coverage(door: Door, found: SiteCount) -> Chart | None:
    """Articles by day, up to the day of the newest capture, against what is usual for such a day."""
    if found.last_capture is None:
        return None
    days = days_until(found.last_capture.astimezone(UTC).date(), DAYS + BEFORE)
    counts = Counter(door.index.articles_per_day(found.name, days[0]))
    known = {day: counts[day] for day in days if not counts or day >= min(counts)}
    # Of a site that prints since last week, eight weeks of nothing would say nothing.
    begun = min(counts, default=days[-1])
    shown = [day for day in days[BEFORE:] if day >= min(begun, days[-LEAST_DAYS])]
    expected = {day: value for day in shown if (value := usual(known, day)) is not None}
    # Of the last day not all has been printed yet: it is not measured.
    expected.pop(days[-1], None)
    return chart(shown, counts, expected)
