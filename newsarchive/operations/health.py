"""Health check of the archive: `status`, `doctor`, the browser and the metrics report its findings."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from newsarchive.bucket.upload import describe_waiting, files_to_upload
from newsarchive.config.schema import SiteConfig
from newsarchive.config.units import humanize_size
from newsarchive.operations.lapsed_articles import describe_lapsed
from storage.errors import BucketRefused, BucketUnreachable
from storage.index import Index
from storage.index.frontier.host_state import load_backoffs
from storage.index.queries.aggregates import FAILED_OUTCOMES, count_articles_per_day, count_outcomes_by_site
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import SourceHealth, get_status, list_crawls, list_source_health, list_warc_files
from storage.index.queries.visit_schedule import list_lapsed_articles
from storage.index.reader import Reader
from storage.index.views.articles import CaptureFilters, WarcFileView
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.model import Outcome
from storage.places import Places, WarcFile
from storage.places.file_names import owning_machine

WEEK = timedelta(days=7)
WEEKS = 8
"""Weeks before a day that tell how many articles are usual."""
MIN_WEEKS = 3
"""Known weeks without which no number is usual."""
MIN_USUAL = 5.0
"""Articles a day below which a low count is not distinguishable from chance."""
THIN = 0.4
"""Share of the usual number below which a day is thin."""
MAX_RUNS = 500
"""Newest runs among which the last one of each site is looked for."""
MIN_CAPTURES = 10
MIN_FAILED = 3
"""Captures without which not even failures of all of them are a finding."""
MAX_FAILED_SHARE = 0.2
MIN_LAPSED, LAPSED_SHARE = 5, 0.2
"""Known articles, and their share of those that a run fetched, whose pages are no articles any more: from both on it is
a finding. Below, articles were withdrawn."""
SILENT_AFTER = timedelta(days=2)
OVERDUE_AFTER = timedelta(days=1)
UPLOAD_OVERDUE_AFTER = timedelta(hours=1)
"""A running crawl may still upload a younger file."""
LOW_DISK = 2_000_000_000
FULL_DISK = 200_000_000
MAX_URLS = 20
"""URLs that are listed of a missing file."""
NEVER_CRAWLED = "never-crawled"
INDEX_EMPTY = "index-empty"
UNHEALTHY = frozenset({"failing", "silent", "overflowing"})
"""States of a source that are findings."""


class Severity(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    WARNING = "warning"
    """Works, but its owner should know."""
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a check."""

    severity: Severity
    code: str
    """Kind of the finding, such as "warc-missing"."""
    subject: str
    """Name of the site, source, file or component."""
    sentence: str
    """The problem. The browser shows it to all readers, so it has no paths, addresses of servers or credentials."""
    meaning: str = ""
    """Cause or consequence for the archive's owner; "" if the sentence says enough."""
    command: str = ""
    """The next command, or "" if there is none."""
    site: str | None = None
    """Name of the site that it is about, or None."""

    def __str__(self) -> str:
        """Return the finding as one line."""
        command = f"Next: {self.command}" if self.command else ""
        return f"{self.subject}: {' '.join(filter(None, (self.sentence, self.meaning, command)))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDay:
    """Articles of one day."""

    day: date
    articles: int
    usual: float | None
    """Usual number for such a weekday; None if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteHealth:
    """Facts about one configured site."""

    name: str
    last_crawl: CrawlView | None
    week: tuple[ArticleDay, ...]
    """The last seven days, today last; today is not over."""
    failed: Mapping[Outcome, int]
    """Failed captures of the last seven days, by outcome."""
    captures: int
    """Captures of the last seven days."""
    refusal: str = ""
    """Why one of its hosts is backed off, such as "does not respond"; "" if none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingWarc:
    """A WARC file that is in the index but not in storage."""

    warc: str
    captures: int
    urls: tuple[str, ...]
    """URLs of its first captures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """Result of `check_health`."""

    status: Status
    sites: tuple[SiteHealth, ...]
    findings: tuple[Finding, ...]
    sources: tuple[SourceHealth, ...]
    """Unhealthy feeds, sitemaps and listings of the configured sites."""
    missing: tuple[MissingWarc, ...]
    unsent: int
    """WARC files that wait to be uploaded to the bucket."""
    unsent_bytes: int
    disk_used: int
    """Bytes of the archive's folder and of its WARC files."""
    disk_free: int


def check_health(
    index: Index,
    sites: Iterable[SiteConfig],
    folder: Path,
    places: Places,
    now: datetime,
    *,
    reader: Reader | None = None,
) -> HealthReport:
    """Check these sites, sources, WARC files, uploads and disk.

    `reader`: one with exclusions; the findings then mention nothing that is excluded.
    """
    reader = reader or index
    status = reader.ask(get_status, now)
    crawls = reader.ask(list_crawls, limit=MAX_RUNS)
    recent = reader.ask(count_outcomes_by_site, (now - WEEK).date())
    unresponsive = {each.host: each.reason for each in index.read(load_backoffs) if each.reason}
    checked = tuple(_collect_site(reader, site, crawls, recent.get(site.name, {}), unresponsive, now) for site in sites)
    by_name = {site.name: site for site in status.sites}
    sources = tuple(
        each for each in reader.ask(list_source_health, [site.name for site in checked]) if each.state in UNHEALTHY
    )
    missing, of_files = _compare_files(index, reader, places, now)
    unsent = files_to_upload(places)
    of_sites = [each for site in checked for each in _check_site(site, by_name.get(site.name), now)]
    is_index_empty = any(each.code == INDEX_EMPTY for each in of_files)  # then it knows nothing of crawls either
    findings = [
        *(each for each in of_sites if each.code != NEVER_CRAWLED or not is_index_empty),
        *_check_lapsed(reader, by_name, now),
        *map(_check_source, sources),
        *map(_check_missing, missing),
        *of_files,
        *_check_uploads(places, unsent, now),
        *(each for each in check_disks(folder, places) if each.severity is not Severity.OK),
    ]
    return HealthReport(
        status=status,
        sites=checked,
        findings=tuple(findings),
        sources=sources,
        missing=missing,
        unsent=len(unsent),
        unsent_bytes=sum(file.size for file in unsent),
        disk_used=sum(_folder_size(each) for each in {folder.resolve(), places.folder.resolve()}),
        disk_free=min(shutil.disk_usage(each).free for each in _disk_folders(folder, places)),
    )


def usual_count(counts: Mapping[date, int], day: date) -> float | None:
    """Return the median of the same weekday in the weeks before; None if too few weeks are known.

    >>> sundays = {date(2026, 3, 1): 8, date(2026, 3, 8): 10, date(2026, 3, 15): 9}
    >>> usual_count(sundays, date(2026, 3, 22)), usual_count(sundays, date(2026, 3, 15))
    (9, None)
    """
    if not counts:
        return None
    first = min(counts)
    before = [day - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    known = [counts.get(each, 0) for each in before if each >= first]
    return median(known) if len(known) >= MIN_WEEKS else None


def is_thin(count: int, usual: float | None) -> bool:
    """Return True if a day has far fewer articles than usual.

    >>> is_thin(3, 10.0), is_thin(4, 10.0), is_thin(1, 5.0), is_thin(0, 4.9), is_thin(0, None)
    (True, False, True, False, False)
    """
    return usual is not None and usual >= MIN_USUAL and count < THIN * usual


def check_disks(folder: Path, places: Places) -> tuple[Finding, ...]:
    """Check the free space of the file systems of the WARC files and, if it is another, of the archive's folder."""
    folders = _disk_folders(folder, places)
    names = ("disk",) if len(folders) == 1 else ("disk of the WARC files", "disk of the index")
    return tuple(_check_disk(each, name) for each, name in zip(folders, names, strict=True))


def _disk_folders(folder: Path, places: Places) -> tuple[Path, ...]:
    """Return a folder on each file system that the archive writes to."""
    if not places.folder.exists() or not folder.exists():
        return (places.folder if places.folder.exists() else folder,)
    is_same = places.folder.stat().st_dev == folder.stat().st_dev
    return (places.folder,) if is_same else (places.folder, folder)


def _check_disk(folder: Path, subject: str) -> Finding:
    free = shutil.disk_usage(folder).free
    if not _has_free_files(folder):
        return Finding(
            severity=Severity.ERROR,
            code="disk-full",
            subject=subject,
            sentence="The file system has no room for another file, although bytes are free.",
            meaning="A crawl stops when the disk is full; nothing that was committed is lost.",
            command="df -i",
        )
    return Finding(
        severity=Severity.ERROR if free < FULL_DISK else Severity.WARNING if free < LOW_DISK else Severity.OK,
        code="disk-full" if free < FULL_DISK else "disk-low" if free < LOW_DISK else "disk",
        subject=subject,
        sentence=f"{humanize_size(free)} free.",
        meaning="A crawl stops when the disk is full; nothing that was committed is lost." if free < LOW_DISK else "",
        command="df -h" if free < LOW_DISK else "",
    )


def _has_free_files(folder: Path) -> bool:
    state = os.statvfs(folder)
    # Some file systems have no limit, and report 0 of 0.
    return not state.f_files or state.f_favail > 0


def _collect_site(
    reader: Reader,
    site: SiteConfig,
    crawls: Iterable[CrawlView],
    recent: Mapping[Outcome, int],
    unresponsive: Mapping[str, str],
    now: datetime,
) -> SiteHealth:
    name = site.name
    counts = reader.ask(count_articles_per_day, name, (now - (WEEKS + 1) * WEEK).date())
    days = [now.date() - timedelta(days=back) for back in range(6, -1, -1)]
    return SiteHealth(
        name=name,
        last_crawl=next((crawl for crawl in crawls if name in crawl.sites), None),
        week=tuple(ArticleDay(day=day, articles=counts.get(day, 0), usual=usual_count(counts, day)) for day in days),
        failed={outcome: count for outcome, count in sorted(recent.items()) if outcome in FAILED_OUTCOMES},
        captures=sum(recent.values()),
        refusal=next((unresponsive[host] for host in _list_hosts(site) if host in unresponsive), ""),
    )


def _list_hosts(site: SiteConfig) -> list[str]:
    """Return the names of a site's hosts, without ports, as back-off is stored by them."""
    return [urlsplit(url).hostname or "" for url in (site.url, *(f"//{host}" for host in site.hosts))]


def _check_site(site: SiteHealth, status: SiteStatus | None, now: datetime) -> Iterator[Finding]:
    def finding(code: str, sentence: str, *, severity: Severity = Severity.WARNING, **more: str) -> Finding:
        return Finding(severity=severity, code=code, subject=site.name, site=site.name, sentence=sentence, **more)

    crawl_command = f"newsarchive crawl {site.name}"
    crawl = site.last_crawl
    last_capture = status.last_capture if status else None
    if crawl is not None and status is not None and not (status.due or status.scheduled or status.older):
        yield finding(
            "nothing-scheduled",
            "The site is configured, and no URL of it is scheduled: its crawls fetch nothing.",
            meaning="Its front page and sources may belong to another site in newsarchive.toml, or be refused.",
            command=crawl_command,
        )
    if crawl is None and last_capture is None:
        yield finding(NEVER_CRAWLED, "The site has never been crawled.", command=crawl_command)
        return
    if crawl is not None and crawl.outcome in {"failed", "interrupted"}:
        sentence = "The last crawl failed." if crawl.outcome == "failed" else "The last crawl was interrupted."
        yield finding("crawl-failed", sentence, severity=Severity.ERROR, command=crawl_command)
    begun = crawl.started_at if crawl else None
    if begun is not None and (last_capture is None or last_capture < begun) and (site.refusal or last_capture is None):
        why = f"The site {site.refusal}" if site.refusal else "The site gave no answer that could be captured"
        since = f"since {last_capture:%Y-%m-%d %H:%M} UTC" if last_capture else "in any crawl"
        meaning = (
            "Open it in a browser to see whether it is online; if it has moved, correct its URL in newsarchive.toml."
        )
        sentence = f"{why}: nothing was captured {since}."
        yield finding("site-down", sentence, severity=Severity.ERROR, meaning=meaning, command=crawl_command)
    if status is None or last_capture is None:
        return
    if begun is not None and now - begun > OVERDUE_AFTER and status.due:
        sentence = f"No crawl has run for {_format_age(now - begun)}, and {status.due:,} URLs are due."
        yield finding("crawl-overdue", sentence, command="newsarchive schedule")
    elif now - last_capture > SILENT_AFTER:
        age = _format_age(now - last_capture)
        meaning = f"Open {status.url} in a browser to see whether the site is online."
        yield finding("site-silent", f"Nothing was captured for {age}.", meaning=meaning, command=crawl_command)
    failed = sum(site.failed.values())
    are_all_failed = failed == site.captures >= MIN_FAILED
    if are_all_failed or (site.captures >= MIN_CAPTURES and failed / site.captures > MAX_FAILED_SHARE):
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in site.failed.items())
        sentence = f"{failed:,} of {site.captures:,} captures of the last week failed: {outcomes}."
        yield finding("captures-failed", sentence, severity=Severity.ERROR, command="newsarchive serve --open")
    yesterday = site.week[-2]
    if is_thin(yesterday.articles, yesterday.usual):
        sentence = f"{yesterday.day} has {yesterday.articles:,} articles; {yesterday.usual:g} are usual."
        yield finding("thin-day", sentence, meaning="Check its feeds and listings in newsarchive.toml.")


def _check_lapsed(reader: Reader, sites: Mapping[str, SiteStatus], now: datetime) -> Iterator[Finding]:
    """Check for sites of which a run of the last week found many articles to be none any more."""
    reported: set[str] = set()
    for each in reader.ask(list_lapsed_articles, now - WEEK, at_least=MIN_LAPSED):
        if each.site in reported or each.lapsed < LAPSED_SHARE * each.checked:
            continue
        reported.add(each.site)
        url = sites[each.site].url if each.site in sites else ""
        yield Finding(
            severity=Severity.ERROR,
            code="articles-lapsed",
            subject=each.site,
            site=each.site,
            sentence=describe_lapsed(each, url),
            meaning="The articles stay as they were, and their pages are fetched again with growing pauses."
            f" Open {url} in a browser to see what the site answers to readers.",
            command=f"newsarchive crawl {each.site}",
        )


def _check_source(source: SourceHealth) -> Finding:
    rates = source.habits
    if source.state == "failing":
        sentence = f"The last {source.failures} fetches failed."
        meaning = "Correct its URL in newsarchive.toml, or remove it."
    elif source.state == "silent" and rates is not None:
        sentence = f"No new item since {rates.last_new_at:%Y-%m-%d %H:%M} UTC, longer than ever before."
        meaning = "Open it in a browser; if it has moved, correct its URL in newsarchive.toml."
    else:
        sentence = "Items appeared and disappeared between two fetches; some may be lost."
        meaning = "It is fetched more often now; run crawls more often, too."
    return Finding(
        severity=Severity.ERROR if source.state == "failing" else Severity.WARNING,
        code=f"source-{source.state}",
        subject=f"{source.site}: {source.kind} {source.url}",
        sentence=sentence,
        meaning=meaning,
        command="newsarchive schedule" if source.state == "overflowing" else "",
        site=source.site,
    )


def _check_missing(file: MissingWarc) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="warc-missing",
        subject=file.warc,
        sentence=f"The file is missing, and with it {file.captures:,} captures that the index lists.",
        meaning="Mount its disk, or restore it from a backup. If it is lost for good: newsarchive rebuild --forget",
        command="newsarchive verify",
    )


def _check_uploads(places: Places, unsent: Sequence[WarcFile], now: datetime) -> Iterator[Finding]:
    late = []
    for file in unsent:
        with suppress(FileNotFoundError):  # moved meanwhile
            if now.timestamp() - (places.folder / file.name).stat().st_mtime > UPLOAD_OVERDUE_AFTER.total_seconds():
                late.append(file)
    if late:
        yield Finding(
            severity=Severity.WARNING,
            code="upload-overdue",
            subject="bucket",
            sentence=f"{describe_waiting(tuple(late))}.",
            meaning="Until then they are stored in the folder only.",
            command="newsarchive bucket --upload",
        )


def _compare_files(
    index: Index, reader: Reader, places: Places, now: datetime
) -> tuple[tuple[MissingWarc, ...], tuple[Finding, ...]]:
    """Return files that are stored nowhere, and findings on those that the index lacks or knows otherwise."""
    try:
        stored = {file.name: file for file in places.files()}
    except (BucketUnreachable, BucketRefused) as problem:
        finding = Finding(
            severity=Severity.ERROR,
            code="bucket-unreachable",
            subject="bucket",
            sentence="The bucket cannot be listed, so missing files cannot be told.",
            meaning=f"{str(problem)[:1].upper()}{str(problem)[1:]}.",
            command="newsarchive bucket --check",
        )
        return (), (finding,)
    missing = []
    known = index.read(list_warc_files)
    for file in known:
        if file.name in stored or owning_machine(
            file.name, now, places.machine, bucket=bool(places.bucket), shared=index.is_shared
        ):
            continue
        captures = reader.stream(iter_captures, CaptureFilters(warc=file.name), order="oldest", limit=MAX_URLS)
        urls = tuple(capture.url for capture in captures)
        if urls or not reader.exclude:
            missing.append(MissingWarc(warc=file.name, captures=file.captures, urls=urls))
    return tuple(missing), (*_check_unindexed(stored, known), *_check_sizes(stored, known))


def _check_unindexed(stored: Mapping[str, WarcFile], known: Sequence[WarcFileView]) -> Iterator[Finding]:
    """Yield a finding if the index lacks closed files: it is new, of before them, or another archive's."""
    names = {file.name for file in known}
    lacking = [file for file in stored.values() if file.name not in names and not file.is_open and file.size]
    if not lacking:
        return
    size = humanize_size(sum(file.size for file in lacking))
    count = f"{len(lacking):,} WARC {'file' if len(lacking) == 1 else 'files'} ({size})"
    is_known = any(file.name in names for file in stored.values())
    yield Finding(
        severity=Severity.ERROR,
        code="warc-unindexed" if is_known else INDEX_EMPTY,
        subject="index",
        sentence=f"{count} {'is' if len(lacking) == 1 else 'are'} not in the index, and no page of them can be found."
        if is_known
        else f"The index knows none of the {count} of the archive: no page of them can be found.",
        meaning="The files are untouched. The index is older than they are, or an import has not finished."
        if is_known
        else "The files are untouched. The index is empty, or another archive's.",
        command="newsarchive crawl" if is_known else "newsarchive rebuild",
    )


def _check_sizes(stored: Mapping[str, WarcFile], known: Iterable[WarcFileView]) -> Iterator[Finding]:
    """Yield a finding for each closed file that has another size than when it was closed."""
    for row in known:
        file = stored.get(row.name)
        if file is None or file.is_open or row.state != "closed" or row.size is None or file.size == row.size:
            continue
        yield Finding(
            severity=Severity.ERROR,
            code="warc-changed",
            subject=row.name,
            sentence=f"The file has {file.size:,} bytes; it had {row.size:,} when it was closed.",
            meaning="Captures in it may be lost. Restore it from a backup, or see what can be read.",
            command="newsarchive verify",
        )


def _folder_size(folder: Path) -> int:
    """Return the bytes of the files in a folder, subfolders excluded; a file that disappears meanwhile counts 0."""
    total = 0
    for path in folder.iterdir() if folder.exists() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _format_age(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
