"""How a site does against itself: how many articles such a day usually has, and whether all is well.

Newspapers have weekly habits, so a Sunday is measured against Sundays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from storage.index.queries.aggregates import FAILED
from storage.index.views.status import LastCrawl, SiteCount
from storage.model import Outcome

WEEKS = 8
LEAST_WEEKS = 3
"""With fewer weeks before it there is no saying what is usual for a day."""
ENOUGH = 3.0
"""Articles a day below which there is no telling a quiet day from a gap."""
MANY_FAILED = 0.2
SILENT_AFTER = timedelta(days=2)


def usual(counts: Mapping[date, int], day: date) -> float | None:
    """The median of the same weekday in the weeks before; None where the counts do not reach far enough back.

    >>> sundays = {date(2026, 3, 1): 8, date(2026, 3, 8): 10, date(2026, 3, 15): 9}
    >>> usual(sundays, date(2026, 3, 22)), usual(sundays, date(2026, 3, 15))
    (9, None)
    """
    if not counts:
        return None
    first = min(counts)
    before = [day - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    known = [counts.get(each, 0) for each in before if each >= first]
    return median(known) if len(known) >= LEAST_WEEKS else None


def is_low(count: int, expected: float | None) -> bool:
    """True where a day has less than half of what such a day usually has.

    >>> is_low(4, 10.0), is_low(6, 10.0), is_low(0, 1.0), is_low(0, None)
    (True, False, False, False)
    """
    return expected is not None and expected >= ENOUGH and count < expected / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the archive does, for one line."""

    is_good: bool
    remarks: tuple[str, ...]
    """Whole sentences, what needs looking into; one that says that all is well where nothing does."""


def health(
    sites: tuple[SiteCount, ...],
    recent: Mapping[str, Mapping[Outcome, int]],
    last_crawl: LastCrawl | None,
    alarms: int,
    *,
    now: datetime,
) -> Health:
    """What an owner should look into. `recent` has the last week's captures by site and outcome."""
    remarks: list[str] = []
    if last_crawl is not None and last_crawl.outcome in {"failed", "interrupted"}:
        remarks.append(f"The last crawl was {last_crawl.outcome}.")
    crawled = [site for site in sites if site.configured]
    if silent := [site for site in crawled if site.last_capture and now - site.last_capture > SILENT_AFTER]:
        remarks.append(f"Nothing has come in for two days or more from {_names(silent)}.")
    if never := [site for site in crawled if site.last_capture is None]:
        remarks.append(f"Nothing has come in yet from {_names(never)}.")
    for site in crawled:
        outcomes = recent.get(site.name, {})
        total, bad = sum(outcomes.values()), sum(count for outcome, count in outcomes.items() if outcome in FAILED)
        if total >= 10 and bad / total > MANY_FAILED:
            remarks.append(f"{bad:,} of {total:,} captures of {site.name} failed in the last week.")
    if alarms:
        remarks.append(f"{alarms:,} {'source wants' if alarms == 1 else 'sources want'} looking into.")
    return Health(is_good=not remarks, remarks=tuple(remarks) or ("All sites answer.",))


def _names(sites: list[SiteCount]) -> str:
    named = ", ".join(site.name for site in sites[:3])
    return named if len(sites) <= 3 else f"{named} and {len(sites) - 3} more"
