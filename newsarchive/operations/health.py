"""How the archive does, and what of it needs a person: what `newsarchive status` shows and `--check` decides by."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from newsarchive.bucket.upload import waiting, waiting_words
from newsarchive.config.schema import SiteConfig
from newsarchive.config.units import about
from newsarchive.operations.coverage import MANY_FAILED, SILENT_AFTER, usual
from storage.errors import BucketRefused, BucketUnreachable
from storage.index import Index
from storage.index.frontier.host_state import Family, HostMemory
from storage.index.queries.aggregates import FAILED
from storage.index.queries.watching import SourceHealth
from storage.index.views.articles import CaptureFilters
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.model import Outcome
from storage.places import Places, WarcFile
from storage.places.other_machines import keeper_of

WEEK = timedelta(days=7)
LOOKED_BACK = timedelta(weeks=9)
RUNS = 500
"""Runs among which a site's last is looked for."""
THIN = 0.4
"""Share of the usual below which a day is a thin one; what is usual must be worth counting for that."""
WORTH_COUNTING = 5
NO_CRAWL_FOR = timedelta(days=1)
UNWELL = frozenset({"failing", "silent", "overflowing"})
"""States of a source that an owner should look into."""
UNSENT_FOR = timedelta(hours=1)
"""A WARC file that has waited for longer is no matter of a crawl that is just about it."""
LOW = 2_000_000_000
"""Bytes left on the disk below which somebody should make room."""
SHOWN = 20
"""Captures of a missing file that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that needs a person."""

    about: str
    """A site's name, or what else it is about."""
    what: str
    """What is wrong and what can be done: whole sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Articles of one day."""

    day: date
    articles: int
    usual: float | None
    """Of such a weekday; None where that cannot be told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHealth:
    """How one configured site does."""

    name: str
    last_crawl: CrawlView | None
    week: tuple[Day, ...]
    """The last seven days, today last; today is not over."""
    failed: Mapping[Outcome, int]
    """Captures of the last seven days that failed, by kind."""
    captures: int
    """Of the last seven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A WARC file that the index knows and the folder does not have."""

    warc: str
    captures: int
    urls: tuple[str, ...]
    """Of the first of its captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the archive does."""

    status: Status
    sites: tuple[SiteHealth, ...]
    concerns: tuple[Concern, ...]
    parked: tuple[Family, ...]
    sources: tuple[SourceHealth, ...]
    """Feeds, sitemaps and listings of the configured sites that are not as they were: failing, silent, overflowing."""
    hosts: tuple[HostMemory, ...]
    """Hosts that are left in peace at present."""
    missing: tuple[Missing, ...]
    unsent: int
    """WARC files that wait to be uploaded into the bucket."""
    unsent_bytes: int
    disk_used: int
    """Bytes of the archive's own folder and of its WARC files."""
    disk_free: int
    next_run_brings: datetime | None
    """When the next URL becomes due: a crawl before then finds nothing to do."""


def health(index: Index, sites: Iterable[SiteConfig], folder: Path, places: Places, now: datetime) -> Health:
    """Look at everything; `folder` is the archive's own."""
    status = index.status(now)
    warcs = places.folder
    crawls = index.crawls(limit=RUNS)
    recent = index.outcomes_of_sites((now - WEEK).date())
    found = tuple(_site(index, site.name, crawls, recent.get(site.name, {}), now) for site in sites)
    missing, unknown = _missing(index, places, now)
    unsent = waiting(places)
    free = shutil.disk_usage(warcs if warcs.exists() else folder).free
    by_name = {site.name: site for site in status.sites}
    unwell = tuple(each for each in index.source_health([site.name for site in found]) if each.state in UNWELL)
    concerns = [
        *(each for site in found for each in _of_site(site, by_name.get(site.name), now)),
        *(_of_source(each) for each in unwell),
        *_of_files(missing),
        *unknown,
        *_of_unsent(places, unsent, now),
        *_of_disk(free),
    ]
    return Health(
        status=status,
        sites=found,
        concerns=tuple(concerns),
        parked=tuple(family for family in index.families() if family.parked_at is not None),
        sources=unwell,
        hosts=tuple(host for host in index.hosts() if host.ready_at is not None and host.ready_at > now),
        missing=missing,
        unsent=len(unsent),
        unsent_bytes=sum(file.size for file in unsent),
        disk_used=sum(_size(place) for place in {folder.resolve(), warcs.resolve()}),
        disk_free=free,
        next_run_brings=index.next_due_at([site.name for site in found]),
    )


def _site(
    index: Index, name: str, crawls: Iterable[CrawlView], recent: Mapping[Outcome, int], now: datetime
) -> SiteHealth:
    counts = index.articles_per_day(name, (now - LOOKED_BACK).date())
    days = [now.date() - timedelta(days=back) for back in range(6, -1, -1)]
    return SiteHealth(
        name=name,
        last_crawl=next((crawl for crawl in crawls if name in crawl.sites), None),
        week=tuple(Day(day=day, articles=counts.get(day, 0), usual=usual(counts, day)) for day in days),
        failed={outcome: count for outcome, count in sorted(recent.items()) if outcome in FAILED},
        captures=sum(recent.values()),
    )


def _of_site(site: SiteHealth, held: SiteStatus | None, now: datetime) -> Iterator[Concern]:
    crawl = site.last_crawl
    if crawl is None or held is None or held.last_capture is None:
        yield Concern(about=site.name, what=f"It was never crawled. Run: newsarchive crawl {site.name}")
        return
    begun = crawl.started_at
    if crawl.outcome in ("failed", "interrupted"):
        yield Concern(about=site.name, what=f"Its last crawl was {crawl.outcome}. Run it again: newsarchive crawl")
    if begun is not None and now - begun > NO_CRAWL_FOR and held.due:
        yield Concern(
            about=site.name,
            what=f"No crawl has run for {_days(now - begun)}, and {held.due:,} URLs are due. See: newsarchive schedule",
        )
    elif now - held.last_capture > SILENT_AFTER:
        what = f"Nothing has come in for {_days(now - held.last_capture)}. Look at {held.url}"
        yield Concern(about=site.name, what=what)
    failed = sum(site.failed.values())
    if site.captures >= 10 and failed / site.captures > MANY_FAILED:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in site.failed.items())
        yield Concern(
            about=site.name, what=f"{failed:,} of {site.captures:,} captures of the last week failed: {kinds}"
        )
    yield from _thin(site)


def _thin(site: SiteHealth) -> Iterator[Concern]:
    """Yesterday, measured against such days."""
    day = site.week[-2]
    if day.usual is not None and day.usual >= WORTH_COUNTING and day.articles < THIN * day.usual:
        yield Concern(
            about=site.name,
            what=f"{day.day} brought {day.articles:,} articles; {day.usual:g} are usual. Are its feeds still right?",
        )


def _of_source(source: SourceHealth) -> Concern:
    habits = source.habits
    if source.state == "failing":
        what = f"It has failed {source.failures} times in a row. Look at it, or take it out of newsarchive.toml"
    elif source.state == "silent" and habits is not None:
        what = (
            f"Nothing new since {habits.fresh_at:%Y-%m-%d %H:%M} UTC, which is unlike it. Open it in a browser; where "
            "it has moved, write its new address into newsarchive.toml"
        )
    else:
        what = "Items came and went between two looks: some may be lost. It is read more often now; crawl more often"
    return Concern(about=f"{source.site}: {source.kind} {source.url}", what=what)


def _of_files(missing: Iterable[Missing]) -> Iterator[Concern]:
    for file in missing:
        yield Concern(
            about=file.warc,
            what=f"The file is gone, and with it {file.captures:,} captures that the index lists. Put it back from a "
            "backup, or make the index anew without it: newsarchive rebuild",
        )


def _of_disk(free: int) -> Iterator[Concern]:
    if free < LOW:
        yield Concern(about="disk", what=f"Only {about(free)} are left. Crawls stop in good order where nothing is.")


def _of_unsent(places: Places, unsent: tuple[WarcFile, ...], now: datetime) -> Iterator[Concern]:
    """Files that have waited too long for the bucket."""
    late = []
    for file in unsent:
        with suppress(FileNotFoundError):  # moved meanwhile
            if now.timestamp() - (places.folder / file.name).stat().st_mtime > UNSENT_FOR.total_seconds():
                late.append(file)
    if late:
        yield Concern(about="bucket", what=f"{waiting_words(tuple(late))}. See why with: newsarchive places --upload")


def _missing(index: Index, places: Places, now: datetime) -> tuple[tuple[Missing, ...], tuple[Concern, ...]]:
    """Files that no place has; where the bucket cannot be asked none is called missing, and that is said."""
    try:
        there = {file.name for file in places.files()}
    except (BucketUnreachable, BucketRefused) as problem:
        return (), (Concern(about="bucket", what=f"{str(problem)[:1].upper()}{str(problem)[1:]}"),)
    lost = []
    for file in index.warc_files():
        if (
            file.name not in there
            and keeper_of(file.name, now, bucket=bool(places.bucket), shared=index.is_shared) is None
        ):
            captures = index.captures(CaptureFilters(warc=file.name), order="oldest", limit=SHOWN)
            lost.append(
                Missing(warc=file.name, captures=file.captures, urls=tuple(capture.url for capture in captures))
            )
    return tuple(lost), ()


def _size(folder: Path) -> int:
    """Bytes of the files that lie in a folder itself; a file that goes meanwhile has none."""
    total = 0
    for path in folder.iterdir() if folder.exists() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
