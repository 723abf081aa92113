"""Health check of the archive: `status`, `doctor`, the browser and the metrics report its findings."""

import os
import shutil
import tomllib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from importlib.resources import files
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from newsarchive.alerts.matching import list_failures
from newsarchive.bucket.upload import describe_waiting, files_to_upload
from newsarchive.config.schema import Config, SiteConfig
from newsarchive.config.units import humanize_size, pluralize
from newsarchive.maintenance.rfc3161 import STAMP_FAILED
from storage.errors import BucketRefused, BucketUnreachable
from storage.index import Index
from storage.index.frontier.host_state import load_backoffs
from storage.index.frontier.url_queue import next_due_by_site
from storage.index.queries.aggregates import FAILED_OUTCOMES, count_articles_per_day, count_outcomes_by_site
from storage.index.queries.articles import iter_captures
from storage.index.queries.status import SourceHealth, get_status, list_crawls, list_source_health, list_warc_files
from storage.index.queries.visit_schedule import Answer, get_visit_schedule, list_failed_looks, list_lapsed_articles
from storage.index.reader import Reader
from storage.index.views.articles import CaptureFilters, WarcFileView
from storage.index.views.status import CrawlView, SiteStatus, Status
from storage.index_address import sqlite_file
from storage.model import Outcome
from storage.places import Places, WarcFile
from storage.places.chain import ParsedChain
from storage.places.file_names import owning_machine
from storage.warc.spider_output import SPIDER

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
CLOCK_TOLERANCE = timedelta(hours=1)
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


_TEXTS = tomllib.loads(files("newsarchive.operations").joinpath("findings.toml").read_text("utf-8"))
_ANSWERS: dict[str, str] = _TEXTS.pop("answers")


def make_finding(name: str, subject: str = "", *, site: str | None = None, **facts: object) -> Finding:
    """Return a finding with its texts from findings.toml, which say the facts."""
    texts = _TEXTS[name]
    stated: str = texts.get("subject", "")
    return Finding(
        severity=Severity(texts.get("severity", Severity.ERROR)),
        code=stated.lower().replace(" ", "-") or texts.get("code", name),
        subject=stated or subject,
        site=site,
        **{key: texts.get(key, "").format(site=site, **facts) for key in ("sentence", "meaning", "command")},
    )


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
    """Feeds, sitemaps and listings of the configured sites that are unhealthy, or whose last fetch failed."""
    missing: tuple[MissingWarc, ...]
    unsent: int
    """WARC files that wait to be uploaded to the bucket."""
    unsent_bytes: int
    disk_used: int
    """Bytes of the archive's folder and of its WARC files."""
    disk_free: int


def check_health(index: Index, config: Config, now: datetime, reader: Reader | None = None) -> HealthReport:
    """Check these sites, sources, WARC files, uploads and disks; findings leave out what a `reader` excludes."""
    reader, folder, places, sites = reader or index, config.folder, config.places, config.sites
    status = reader.ask(get_status, now)
    crawls = reader.ask(list_crawls, limit=MAX_RUNS)
    recent = reader.ask(count_outcomes_by_site, (now - WEEK).date())
    unresponsive = {each.host: each.reason for each in index.read(load_backoffs) if each.reason}
    checked = tuple(_collect_site(reader, site, crawls, recent.get(site.name, {}), unresponsive, now) for site in sites)
    by_name = {site.name: site for site in status.sites}
    known_sources = reader.ask(list_source_health, [site.name for site in checked])
    sources = tuple(each for each in known_sources if each.failures or each.state in UNHEALTHY)
    missing, of_files = _compare_files(index, reader, places, now)
    unsent = files_to_upload(places)
    scheduled = index.read(next_due_by_site, [site.name for site in checked])
    of_sites = [each for site in checked for each in _check_site(site, by_name.get(site.name), scheduled, now)]
    is_index_empty = any(each.code == INDEX_EMPTY for each in of_files)  # then it knows nothing of crawls either
    findings = [
        *(each for each in of_sites if each.code != NEVER_CRAWLED or not is_index_empty),
        *_check_spiders(reader, sites, now),
        *_check_lapsed(reader, by_name, now),
        *(
            make_finding(f"source-{each.state}", f"{each.site}: {each.kind} {each.url}", site=each.site, source=each)
            for each in sources
            if each.state in UNHEALTHY
        ),
        *(make_finding("warc-missing", file.warc, captures=file.captures) for file in missing),
        *of_files,
        *_check_uploads(places, unsent, now),
        *([make_finding(STAMP_FAILED)] if (folder / STAMP_FAILED).exists() else []),
        *(make_finding("alerts-undelivered", count=count, problem=error) for count, error in list_failures(folder)),
        *(each for each in check_disks(config) if each.severity is not Severity.OK),
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
        disk_free=min(shutil.disk_usage(each).free for each in _list_disks(config).values()),
    )


def usual_count(counts: Mapping[date, int], day: date) -> float | None:
    """Return the median of the same weekday in the weeks before; None if too few weeks are known.

    >>> sundays = {date(2026, 3, 1): 8, date(2026, 3, 8): 10, date(2026, 3, 15): 9}
    >>> usual_count(sundays, date(2026, 3, 22)), usual_count(sundays, date(2026, 3, 15))
    (9, None)
    """
    first = min(counts, default=day)
    before = [day - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    known = [counts.get(each, 0) for each in before if each >= first]
    return median(known) if len(known) >= MIN_WEEKS else None


def is_thin(count: int, usual: float | None) -> bool:
    """Return True if a day has far fewer articles than usual.

    >>> is_thin(3, 10.0), is_thin(4, 10.0), is_thin(1, 5.0), is_thin(0, 4.9), is_thin(0, None)
    (True, False, True, False, False)
    """
    return usual is not None and usual >= MIN_USUAL and count < THIN * usual


def check_disks(config: Config) -> Iterator[Finding]:
    """Check the free space of each file system that the archive writes to."""
    for subject, each in _list_disks(config).items():
        free, state = shutil.disk_usage(each).free, os.statvfs(each)
        if state.f_files and state.f_favail <= 0:  # some file systems have no limit, and report 0 of 0
            yield make_finding("disk-full-of-files", subject)
        elif free < LOW_DISK:
            yield make_finding("disk-full" if free < FULL_DISK else "disk-low", subject, free=humanize_size(free))
        else:
            sentence = f"{humanize_size(free)} free."
            yield Finding(severity=Severity.OK, code="disk", subject=subject, sentence=sentence)


def _list_disks(config: Config) -> dict[str, Path]:
    """Return a folder on each file system that the archive writes to, by what it writes there."""
    index = (sqlite_file(config.index) or config.warc_folder / "-").parent
    folders = (config.warc_folder, index, config.search_folder, config.folder)
    found: dict[int, tuple[str, Path]] = {}
    for name, folder in zip(("WARC files", "index", "search folder", "settings"), folders, strict=True):
        existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        found.setdefault(existing.stat().st_dev, (f"disk of the {name}", existing))
    return dict(found.values()) if len(found) > 1 else {"disk": config.folder}


def _collect_site(
    reader: Reader, site: SiteConfig, crawls: Iterable[CrawlView], recent: Mapping[Outcome, int],
    unresponsive: Mapping[str, str], now: datetime,
) -> SiteHealth:  # fmt: skip
    name = site.name
    # Without ports, as back-off is stored by them.
    hosts = [urlsplit(url).hostname or "" for url in (site.url, *(f"//{host}" for host in site.hosts))]
    counts = reader.ask(count_articles_per_day, name, (now - (WEEKS + 1) * WEEK).date())
    days = [now.date() - timedelta(days=back) for back in range(6, -1, -1)]
    return SiteHealth(
        name=name,
        last_crawl=next((crawl for crawl in crawls if name in crawl.sites), None),
        week=tuple(ArticleDay(day=day, articles=counts.get(day, 0), usual=usual_count(counts, day)) for day in days),
        failed={outcome: count for outcome, count in sorted(recent.items()) if outcome in FAILED_OUTCOMES},
        captures=sum(recent.values()),
        refusal=next((unresponsive[host] for host in hosts if host in unresponsive), ""),
    )


def _check_site(
    site: SiteHealth, status: SiteStatus | None, scheduled: Container[str], now: datetime
) -> Iterator[Finding]:
    """Check a site by its status, as far as a reader may know it, and by the names of the sites with scheduled URLs."""
    finding = partial(make_finding, subject=site.name, site=site.name)
    crawl = site.last_crawl
    last_capture = status.last_capture if status else None
    if crawl is not None and status is not None and site.name not in scheduled and not status.older:
        yield finding("nothing-scheduled")
    if crawl is None and last_capture is None:
        yield finding(NEVER_CRAWLED)
        return
    if crawl is not None and crawl.outcome in {"failed", "interrupted"}:
        yield finding("crawl-failed", what="failed" if crawl.outcome == "failed" else "was interrupted")
    begun = crawl.started_at if crawl else None
    if begun is not None and (last_capture is None or last_capture < begun) and (site.refusal or last_capture is None):
        why = f"The site {site.refusal}" if site.refusal else "The site gave no answer that could be captured"
        since = f"since {last_capture:%Y-%m-%d %H:%M} UTC" if last_capture else "in any crawl"
        yield finding("site-down", why=why, since=since)
    if status is None or last_capture is None:
        return
    if last_capture > now + CLOCK_TOLERANCE:
        yield finding("captures-in-future", last=last_capture)
    if begun is not None and now - begun > OVERDUE_AFTER and status.due:
        yield finding("crawl-overdue", age=_format_age(now - begun), due=status.due)
    elif now - last_capture > SILENT_AFTER:
        yield finding("site-silent", age=_format_age(now - last_capture), url=status.url)
    failed = sum(site.failed.values())
    are_all_failed = failed == site.captures >= MIN_FAILED
    if are_all_failed or (site.captures >= MIN_CAPTURES and failed / site.captures > MAX_FAILED_SHARE):
        outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in site.failed.items())
        yield finding("captures-failed", failed=failed, captures=site.captures, outcomes=outcomes)
    yesterday = site.week[-2]
    if is_thin(yesterday.articles, yesterday.usual):
        yield finding("thin-day", day=yesterday)


def _check_spiders(reader: Reader, sites: Iterable[SiteConfig], now: datetime) -> Iterator[Finding]:
    """Check for sites whose own spider could not read the newest response of a URL."""
    for name in (site.name for site in sites if site.spider):
        filters = CaptureFilters(site=name, outcome=Outcome.ERROR, since=now - WEEK)
        failed = {each.url for each in reader.stream(iter_captures, filters) if SPIDER in each.reason}
        newest = (reader.ask(get_visit_schedule, url, now) for url in sorted(failed))
        if errors := [each for each in newest if each and each.outcome is Outcome.ERROR and SPIDER in each.reason]:
            count = pluralize(len(errors), "complete response")
            yield make_finding("spider-failed", name, site=name, count=count, error=errors[0])


def _check_lapsed(reader: Reader, sites: Mapping[str, SiteStatus], now: datetime) -> Iterator[Finding]:
    """Check for sites of which a run of the last week found many articles to be none any more, or several in a row."""
    by_site: dict[str, tuple[int, Counter[Answer]]] = {}
    for name, checked, answers in reader.ask(list_lapsed_articles, now - WEEK, at_least=MIN_LAPSED):
        if answers.total() >= LAPSED_SHARE * checked:
            by_site.setdefault(name, (checked, answers))
    for name in sites:
        failed = Counter(answer for _, answer in reader.ask(list_failed_looks, name, now - WEEK))
        if failed.total() >= MIN_LAPSED:
            by_site.setdefault(name, (failed.total(), failed))
    for name, (checked, answers) in sorted(by_site.items()):
        url = sites[name].url if name in sites else ""
        yield make_finding("articles-lapsed", name, site=name, lapsed=describe_lapsed(checked, answers, url), url=url)


def describe_lapsed(checked: int, answers: Counter[Answer], site_url: str) -> str:
    """Return a sentence such as "55 articles of 55 answer with a redirect to /sorry."."""
    head = f"{answers.total():,} articles of {checked:,}"
    phrases = Counter(describe_answer(each, site_url) for each in answers.elements())
    named = sorted(phrases.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(named) == 1:
        return f"{head} answer with {named[0][0]}."
    parts = [f"{count:,} {'answers' if count == 1 else 'answer'} with {phrase}" for phrase, count in named]
    return f"{head} are no articles any more: {', '.join(parts)}."


def describe_answer(answer: Answer, site_url: str) -> str:
    """Return what a page answers, to follow "answers with"."""
    if answer.outcome is Outcome.REDIRECT and answer.redirect_url:
        target, site = urlsplit(answer.redirect_url), urlsplit(site_url)
        is_here = target.netloc.removeprefix("www.") == site.netloc.removeprefix("www.")
        return f"a redirect to {(target.path or '/') if is_here else answer.redirect_url}"
    if answer.outcome in (Outcome.ERROR, Outcome.GONE):
        is_cut = answer.status is None or 200 <= answer.status < 300
        return "an incomplete or unreadable response" if is_cut else f"HTTP {answer.status}"
    return _ANSWERS.get(answer.outcome, "a page that is no article")


def _check_uploads(places: Places, unsent: Sequence[WarcFile], now: datetime) -> Iterator[Finding]:
    late, limit = [], (now - UPLOAD_OVERDUE_AFTER).timestamp()
    for file in unsent:
        with suppress(FileNotFoundError):  # moved meanwhile
            late += [file] if (places.folder / file.name).stat().st_mtime < limit else []
    if late:
        yield make_finding("upload-overdue", "bucket", waiting=describe_waiting(tuple(late)))


def _compare_files(
    index: Index, reader: Reader, places: Places, now: datetime
) -> tuple[tuple[MissingWarc, ...], tuple[Finding, ...]]:
    """Return files that are stored nowhere, and findings on those that the index lacks or knows otherwise."""
    try:
        stored = {file.name: file for file in places.files()}
    except (BucketUnreachable, BucketRefused) as problem:
        sentence = f"{str(problem)[:1].upper()}{str(problem)[1:]}"
        return (), (make_finding("bucket-unreachable", "bucket", problem=sentence),)
    missing, known = [], index.read(list_warc_files)
    owner = partial(owning_machine, bucket=bool(places.bucket), shared=index.is_shared)
    for file in known:
        if file.name in stored or owner(file.name, now, places.machine):
            continue
        captures = reader.stream(iter_captures, CaptureFilters(warc=file.name), order="oldest", limit=MAX_URLS)
        urls = tuple(capture.url for capture in captures)
        if urls or not reader.exclude:
            missing.append(MissingWarc(warc=file.name, captures=file.captures, urls=urls))
    chain = places.chain.load([file.name for file in known if file.state != "closed"])
    return tuple(missing), tuple(_check_known_files(stored, known, chain))


def _check_known_files(
    stored: Mapping[str, WarcFile], known: Sequence[WarcFileView], chain: ParsedChain
) -> Iterator[Finding]:
    """Check for closed files that the index lacks (it is new, of before them, or another's), or has in another size."""
    names = {file.name for file in known}
    lacking = [file for file in stored.values() if file.name not in names and not file.is_open and file.size]
    if lacking:
        noun, verb = ("file", "is") if len(lacking) == 1 else ("files", "are")
        count = f"{len(lacking):,} WARC {noun} ({humanize_size(sum(file.size for file in lacking))})"
        is_known = any(file.name in names for file in stored.values())
        yield make_finding("warc-unindexed" if is_known else INDEX_EMPTY, "index", count=count, verb=verb)
    for row in known:
        file = stored.get(row.name)
        link = chain.find(row.name)
        size = row.size if row.state == "closed" else link and link.size
        if file and not file.is_open and size not in {None, file.size}:
            yield make_finding("warc-changed", row.name, size=file.size, known_size=size)


def _folder_size(folder: Path) -> int:
    """Return the bytes of the files in a folder, subfolders excluded; a file that disappears meanwhile counts 0."""
    total = 0
    for path in folder.iterdir() if folder.exists() else ():
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _format_age(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return pluralize(round(hours), "hour") if hours < 48 else pluralize(round(hours / 24), "day")
