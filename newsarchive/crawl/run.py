"""One crawl, from the locks to its end record.

    locks -> recover -> run begun -> seeds -> [ Scrapy: due URLs, until there are none ] -> settle -> end record

However the part in brackets ends, what was fetched is recorded and committed, and the WARC file is closed.
"""

import asyncio
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.settings import BaseSettings

from newsarchive.alerts.delivery import follow_alerts
from newsarchive.bucket.upload import BackgroundUploader
from newsarchive.config.schema import FILE_NAME, Config, SiteConfig
from newsarchive.config.toml_file import load_config
from newsarchive.config.units import pluralize
from newsarchive.crawl import event_loop
from newsarchive.crawl.backfill_queue import BackfillQueue
from newsarchive.crawl.budget import NO_LIMIT, Budget
from newsarchive.crawl.credentials import CredentialMask
from newsarchive.crawl.download.client import RecordingClient
from newsarchive.crawl.download.connect import GuardedEndpoints
from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.crawl.named_pages import NamedPages
from newsarchive.crawl.politeness import PolitenessSettings
from newsarchive.crawl.recorder import Recorder
from newsarchive.crawl.refill import IndexQueue
from newsarchive.crawl.render import create_renderer, require_browser
from newsarchive.crawl.robots import Robots
from newsarchive.crawl.run_context import RunContext
from newsarchive.crawl.run_state import RunState
from newsarchive.crawl.scrapy_host import ScrapyHost
from newsarchive.crawl.scrapy_settings import configure_crawl, run_spider
from newsarchive.crawl.site_spider import SpiderRun
from newsarchive.crawl.url_pattern_yields import ParkingRules, UrlPatternYields
from newsarchive.ingest.discovery import SOURCE
from newsarchive.ingest.index_warcs import settle
from newsarchive.ingest.originals import ArchivedOriginals, LocalOriginals
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.locks.site_locks import lock_sites
from newsarchive.maintenance.rfc3161 import stamp_head
from newsarchive.maintenance.site_names import hand_over_renamed_sites
from newsarchive.schedule.visits import interval_bounds
from newsarchive.urls.ssrf import AddressGuard, is_loopback, literal_address
from newsarchive.version import VERSION
from storage.errors import ArchiveError, ConfigError, StorageError
from storage.index.cluster.leases import Lease
from storage.index.frontier.url_queue import advance_due_times, find_urls
from storage.index.queries.status import list_source_health
from storage.index.write import runs, warc_files
from storage.model import Capture, ClosedWarc, CrawlRun, DiscoveredUrl, Discovery, DueUrl, UrlKind
from storage.warc.tombstones import digest_url
from storage.warc.writer import WarcWriter

if TYPE_CHECKING:
    from newsarchive.archive import Archive

EARLIEST_DATE = datetime(1900, 1, 1, tzinfo=UTC)
"""No web page is dated before, however long the owner's `history` is."""
PROGRESS_INTERVAL = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)
OnProgress = Callable[[Mapping[str, int], int, str], None]
"""Shows the counters of a run (captures, and those in the index by outcome), the URLs that wait, and the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """Result of a run."""

    run: CrawlRun
    """With its end, outcome and counters."""
    problems: tuple[str, ...]
    """Lines for the owner about what went wrong, such as hosts that were backed off, or an earlier crash."""
    notes: tuple[str, ...] = ()
    """Lines about what is normal and worth mentioning, such as a spent budget or a parked URL pattern."""
    is_interrupted: bool = False
    """Ctrl-C stopped it."""


def crawl(  # noqa: PLR0913 - the options of a run
    archive: "Archive", sites: Sequence[str | SiteConfig] | None = None, *, max_pages: int = 0, max_time: float = 0.0,
    max_bytes: int = 0, progress: OnProgress | None = None, on_locked: Callable[[], None] = lambda: None,
    until: datetime | None = None, now: Callable[[], datetime] | None = None, sole_process: bool = False,
    host: ScrapyHost[CrawlReport] | None = None, pages: NamedPages | None = None,
) -> CrawlReport:  # fmt: skip
    """Fetch and record the due URLs of sites (None: of all), until none is due or a limit (0: none) is reached.

    `max_bytes`, on the wire, stands in place of the sites' own limits. `on_locked` is called once the sites are locked.
    With `until`, which is aware, older URLs are fetched after the due ones, except those of pages dated before.
    `sole_process`: the process does nothing else, so it is killed if it loses the lease on its sites. `host`: the
    process is Scrapy's, and this a thread of it. `pages`: fetch only these, and no limit of a site counts.

    The first SIGINT or SIGTERM stops the run in order within seconds, the second one ends the process at once. Raises
    ArchiveBusy if one of the sites is being crawled, StorageError if the disk is full; what was committed stays.
    """
    now = now or archive.now
    named = [site for site in sites or () if isinstance(site, str)]
    chosen = tuple(site for site in sites or () if isinstance(site, SiteConfig)) or archive.config.select_sites(named)
    if not chosen:
        raise ConfigError("the archive has no sites yet; nothing was fetched. Add one with: newsarchive add URL")
    if max_bytes:
        chosen = tuple(replace(site, max_bytes=max_bytes) for site in chosen)
    require_contact(archive.config, chosen)
    require_browser(chosen)
    counters: Counter[str] = Counter()
    spiders = SpiderRun(archive.config.folder, chosen, counters)
    spiders.reads_anew = pages is not None
    began = now()
    run = CrawlRun(
        id=f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        sites=tuple(site.to_site(requisites=archive.config.requisites) for site in chosen),
        started_at=began,
    )
    if until is None and archive.config.history and pages is None:
        until = began - min(archive.config.history, began - EARLIEST_DATE)
    uploader = BackgroundUploader(archive.places, archive.config.keep_local)
    locked = lock_sites(archive.config, "crawl", [site.name for site in chosen], sole_process=sole_process)
    with follow_alerts(archive, now), locked as lease:
        on_locked()
        report = _CrawlRun(
            archive=archive, sites=chosen, run=run, lease=lease, uploader=uploader, until=until,
            max_pages=max_pages, max_time=max_time, progress=progress, now=now, host=host, pages=pages,
            counters=counters, spiders=spiders,
        ).execute()  # fmt: skip
    # The sites are unlocked: uploads may take long, and are not part of the crawl.
    unstamped = [] if report.is_interrupted else stamp_head(archive.config, daily=True)
    return replace(report, problems=(*report.problems, *uploader.finish(archive.upload), *unstamped))


def prepare_crawl(settings: BaseSettings, folder: Path, sites: Sequence[str]) -> ScrapyHost[CrawlReport]:
    """Prepare a crawl in a process of Scrapy's: set what the archive owns; ConfigError if somebody overrides it."""
    configure_crawl(settings, load_config(folder))

    def start(host: ScrapyHost[CrawlReport]) -> CrawlReport:
        from newsarchive.archive import Archive

        with Archive.open(folder) as archive:
            return crawl(archive, sites, host=host)

    return ScrapyHost(start)


@dataclass(slots=True, kw_only=True, eq=False)
class _CrawlRun:
    """The steps of one run."""

    archive: "Archive"
    sites: Sequence[SiteConfig]
    run: CrawlRun
    lease: Lease | None
    uploader: BackgroundUploader
    until: datetime | None
    max_pages: int
    max_time: float
    progress: OnProgress | None
    now: Callable[[], datetime]
    host: ScrapyHost[CrawlReport] | None
    pages: NamedPages | None
    counters: Counter[str]
    spiders: SpiderRun
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _ingestor: Ingestor | None = None
    _recovered_versions: int = 0
    _is_all_committed: bool = False
    _last_progress: float = 0.0
    _signals: list[int] = field(default_factory=list)
    """Signals that stopped the run."""

    def execute(self) -> CrawlReport:
        archive, outcome = self.archive, "failed"
        archive.config, renamed = hand_over_renamed_sites(archive.config, archive.index, self.sites)
        self.notes += renamed
        writer = self._open_writer()
        try:
            with archive.index.follow_search(), archive.ingestor(writer.sync) as ingestor:
                self._ingestor = ingestor
                self._begin(ingestor)
                run_in_loop = event_loop.run if self.host is None else self.host.run
                outcome = run_in_loop(self._fetch(writer, ingestor))
                settle(archive.places, ingestor)
                self.counters["versions"] = ingestor.new_versions - self._recovered_versions
                sources = archive.index.ask(list_source_health, [site.name for site in self.sites])
                failed = [each for each in sources if each.failures and each.last_fetched_at >= self.run.started_at]
                self.notes += [f"{each.site}: {each.failure_line}" for each in failed]
            self._is_all_committed = True
        finally:
            run = self._end(writer, outcome)
        self.uploader.skips_rest = bool(self._signals)
        problems, notes = tuple(self.problems), tuple(self.notes)
        return CrawlReport(run=run, problems=problems, notes=notes, is_interrupted=signal.SIGINT in self._signals)

    def _open_writer(self) -> WarcWriter:
        archive, config, run_id = self.archive, self.archive.config, self.run.id
        return WarcWriter(
            archive.config.warc_folder,
            run=self.run,
            info=warc_info(config),
            originals=LocalOriginals(archive.index, archive.places) if self.lease else archive.index,
            size_limit=config.warc_size,
            age_limit=config.warc_age.total_seconds(),
            machine=archive.places.machine,
            chain=archive.places.chain,
            now=self.now,
            on_opened=lambda name: archive.index.write(warc_files.record_opened_warc, name, run_id),
            on_closed=self._register_closed,
        )

    def _register_closed(self, file: ClosedWarc) -> None:
        """Register a closed file in the index, after its captures are committed: recovery skips closed files."""
        register = partial(self.archive.index.write, warc_files.record_closed_warc, file, self.run.id)
        if self._is_all_committed:
            register()
        elif self._ingestor is not None:
            self._ingestor.run_after_commit(register)
            self._ingestor.run_after_commit(partial(self.uploader.add, file.name, file.sha256))

    def _begin(self, ingestor: Ingestor) -> None:
        """Recover from a crash of an earlier run, and write the run and its seeds to the index."""
        recovered = self.archive.recover(ingestor)
        if recovered.captures or recovered.repaired:
            self.problems.append(f"{recovered.cause}: recovered {pluralize(recovered.captures, 'capture')}")
        self._recovered_versions = recovered.versions
        self.problems += recovered.problems
        self.archive.index.begin_crawl(self.run)
        ingestor.register_run(self.run)
        seeds = [found for site in self.sites for found in list_seeds(site, self.now())]
        self._advance_sources({found.url for found in seeds})
        seeds += self.spiders.start(self.now())
        self.archive.index.add_urls(seeds if self.pages is None else self.pages.list_seeds(self.now()))

    def _advance_sources(self, urls: Collection[str]) -> None:
        """Make front pages, listings and feeds due that wait for longer than the settings allow by now."""
        own = {site.name: self.archive.get_intervals(site) for site in self.sites}
        known = [each for each in self.archive.index.read(find_urls, urls) if each.discovery.site in own]
        advanced = {
            each.url_id: each.last_fetched_at + max(interval_bounds(each.discovery.kind, own[each.discovery.site]))
            for each in known
            if each.last_fetched_at
            and not each.failure_count
            and each.discovery.kind in (UrlKind.LISTING, UrlKind.FEED)
        }
        self.archive.index.write(advance_due_times, advanced)

    async def _fetch(self, writer: WarcWriter, ingestor: Ingestor) -> str:
        """Fetch in the event loop until nothing is due or the run is stopped; return the outcome."""
        reactor = event_loop.reactor()
        private = [site for site in self.sites if site.allow_private]
        urls = [url for site in private for url in (site.url, *site.listings, *site.feeds, *site.sitemaps)]
        urls += [f"//{host}" for site in private for host in site.hosts]
        guard = AddressGuard([urlsplit(url).hostname or "" for url in urls])
        client = RecordingClient(reactor, GuardedEndpoints(reactor, guard), now=self.now)
        with ThreadPoolExecutor(1, thread_name_prefix="frontier") as executor:
            context = self._create_context(client, writer, ingestor, executor)
            context.recorder.on_failure = lambda _: context.abandon()
            if self.lease is not None:
                context.require_lease = self.lease.require
                self.lease.on_lost = lambda: reactor.callFromThread(context.abandon)
            timer = asyncio.get_running_loop().call_later(self.max_time, context.stop) if self.max_time else None
            try:
                self.spiders.attach(context.frontier, writer)
                with stop_on_signals(context.stop, self._signals):
                    if self.host is not None:
                        await self.host.hold(context)
                    else:
                        await run_spider(self.archive.config, context)
                if context.recorder.failure is None:
                    await context.frontier.flush()
            finally:
                if timer is not None:
                    timer.cancel()
                context.recorder.close()
                if context.renderer is not None:
                    await context.renderer.browser.close()
                await client.close()
        self.problems += context.frontier.problems + self.spiders.problems
        self.notes += context.frontier.notes
        context.require_lease()
        if context.recorder.failure is not None:
            raise context.recorder.failure
        # Scrapy's own conditions, such as CLOSESPIDER_TIMEOUT, give other reasons.
        is_closed_early = context.close_reason != "finished" or context.frontier.is_page_limit_reached
        return "stopped" if context.is_stopped or is_closed_early else "finished"

    def _create_context(
        self, client: RecordingClient, writer: WarcWriter, ingestor: Ingestor, executor: ThreadPoolExecutor
    ) -> RunContext:
        config, index = self.archive.config, self.archive.index
        settings = {site.name: politeness_settings(config, site) for site in self.sites}
        if self.pages is not None:
            settings = {name: replace(each, budget=NO_LIMIT) for name, each in settings.items()}
        pattern_yields = UrlPatternYields({name: each.parking for name, each in settings.items()})
        queue = BackfillQueue(index, self.until) if self.until else IndexQueue(index)
        frontier = FrontierWindow(
            self.pages or queue,
            settings,
            Robots(config.user_agent),
            executor=executor,
            counters=self.counters,
            max_pages=self.max_pages,
            refused=ingestor.taken_down.union(map(digest_url, () if self.pages else ingestor.unwatched)),
            on_postponed=self.pages.postponed.__setitem__ if self.pages is not None else lambda *_: None,
            state=RunState(index, ArchivedOriginals(index, self.archive.places), pattern_yields, list(settings)),
            now=self.now,
        )
        return RunContext(
            client=client,
            recorder=Recorder(
                writer.write, ingestor.submit, CredentialMask(self.archive.folder, self.spiders.cookies).apply
            ),
            flush_soon=ingestor.flush_soon,
            spiders=self.spiders,
            frontier=frontier,
            config=config,
            counters=self.counters,
            renderer=create_renderer(config, self.sites, self.now),
            on_fetched=partial(self._report_progress, frontier),
            on_read=self.pages.record_reading if self.pages is not None else lambda _: None,
        )

    def _report_progress(self, frontier: FrontierWindow, due: DueUrl, capture: Capture | None) -> None:
        if self.pages is not None and capture is not None:
            self.pages.record_capture(due, capture)
        if self.progress and time.monotonic() - self._last_progress >= PROGRESS_INTERVAL:
            self._last_progress = time.monotonic()
            self.progress(self.counters, frontier.waiting, due.url)

    def _end(self, writer: WarcWriter, outcome: str) -> CrawlRun:
        """Write the end of the run and close the file, as far as the disk permits; the next run recovers the rest."""
        counters = {name: count for name, count in sorted(self.counters.items()) if count}
        ended = replace(self.run, finished_at=self.now(), outcome=outcome, counters=counters)
        with suppress(StorageError):
            writer.write_run_end(ended)
            writer.sync()
        # Before the file counts as closed: recovery skips closed files, and would not find the end. If the index fails
        # here, its error is raised elsewhere, or was what ended the run.
        with suppress(ArchiveError):
            self.archive.index.write(runs.end_crawl, ended)
        with suppress(StorageError):
            writer.close()
        return ended


@contextmanager
def stop_on_signals(stop: Callable[[], None], received: list[int]) -> Iterator[None]:
    """Call `stop` in the event loop on the first SIGINT or SIGTERM, noted in `received`; abort on the second one."""
    if threading.current_thread() is not threading.main_thread():
        yield  # a program that crawls in a thread handles its own signals
        return
    reactor = event_loop.reactor()

    def handle_first(number: int, _: object) -> None:
        received.append(number)
        for each in SIGNALS:
            signal.signal(each, _abort)
        reactor.callFromThread(stop)

    before = {each: signal.signal(each, handle_first) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _abort(number: int, _: object) -> None:
    os.write(2, b"\naborted; the next crawl recovers what was fetched\n")
    os._exit(128 + number)


def list_seeds(site: SiteConfig, now: datetime) -> Iterator[DiscoveredUrl]:
    """Yield the front page of a site, and the listings, feeds and sitemaps of its settings."""
    front = () if site.spider else (site.url,)  # of which its own spider decides
    seeds = ((UrlKind.LISTING, (*front, *site.listings)), (UrlKind.FEED, site.feeds), (UrlKind.SITEMAP, site.sitemaps))
    for kind, urls in seeds:
        for url in urls:
            yield DiscoveredUrl(url=url, discovery=Discovery(site=site.name, kind=kind), due_at=now, priority=SOURCE)


def politeness_settings(config: Config, site: SiteConfig) -> PolitenessSettings:
    """Return the politeness settings of a site, with its limits in one run."""
    max_time = config.max_time if site.max_time is None else site.max_time
    return PolitenessSettings(
        delay=(config.delay if site.delay is None else site.delay).total_seconds(),
        obey_robots=config.obey_robots if site.obey_robots is None else site.obey_robots,
        max_delay=config.max_delay.total_seconds(),
        max_crawl_delay=config.max_crawl_delay.total_seconds(),
        budget=Budget(
            pages=config.max_pages if site.max_pages is None else site.max_pages,
            size=(config.max_bytes if site.max_bytes is None else site.max_bytes) or 0,
            seconds=max_time.total_seconds() if max_time else 0.0,
            hours=site.hours,
        ),
        parking=ParkingRules(after=config.park_after, exempt=site.trap_exceptions),
    )


def require_contact(config: Config, sites: Sequence[SiteConfig]) -> None:
    """Raise ConfigError if a crawler that does not name its operator would crawl the site of somebody else."""
    if config.contact and config.contact in config.user_agent:
        return
    for site in sites:
        host = urlsplit(site.url).hostname or ""
        if not is_loopback(literal_address(host) or host):
            problem = "contact is not set" if not config.contact else "user_agent does not contain the contact"
            raise ConfigError.create("no-contact", problem=problem, file=config.folder / FILE_NAME, name=site.name)


def warc_info(config: Config) -> dict[str, Any]:
    """Return the fields of the warcinfo records of an archive's runs."""
    fields = {
        "software": f"newsarchive/{VERSION}",
        "operator": " ".join(filter(None, (config.operator, f"({config.contact})" if config.contact else ""))),
        "http-header-user-agent": config.user_agent,
        "robots": "obey" if config.obey_robots else "ignore",
    }
    return {name: value for name, value in fields.items() if value}
