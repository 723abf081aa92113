"""One run, from the locks to its end record.

    locks -> recover -> run begun -> seeds -> [ Scrapy: what is due, until nothing is ] -> settle -> end record

Whatever ends it, the steps behind the bracket are taken: what was fetched is kept, committed, and the file is closed.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from newsarchive.bucket.upload import Uploader
from newsarchive.config.schema import FILE_NAME, Config, SiteConfig
from newsarchive.crawl import event_loop
from newsarchive.crawl.backfill_queue import Beyond, Older
from newsarchive.crawl.budget import Budget
from newsarchive.crawl.download.client import Wire
from newsarchive.crawl.download.connect import Endpoints
from newsarchive.crawl.download.ip_addresses import spelt_out
from newsarchive.crawl.download.ssrf import Guard
from newsarchive.crawl.frontier import Frontier
from newsarchive.crawl.politeness import PolitenessSettings
from newsarchive.crawl.recorder import Keeper
from newsarchive.crawl.render import demand_browser, studio_of
from newsarchive.crawl.robots import Robots
from newsarchive.crawl.run_context import Limits, RunContext
from newsarchive.crawl.run_state import Recall
from newsarchive.crawl.seeds import seeds
from newsarchive.crawl.stopping import signals_stop
from newsarchive.crawl.url_pattern_yields import Harvest, Parking
from newsarchive.ingest.originals import ArchivedOriginals, OriginalsHere
from newsarchive.ingest.pipeline import Ingestor
from newsarchive.locks.site_locks import held
from newsarchive.version import VERSION
from storage.errors import ArchiveError, ConfigError, StorageError
from storage.index.cluster.leases import Hold
from storage.model import CrawlRun
from storage.warc.writer import ClosedFile, WarcWriter, utc_now

if TYPE_CHECKING:
    from newsarchive.archive import Archive

DAWN = datetime(1900, 1, 1, tzinfo=UTC)
"""No page of the web is dated before; an owner's `history` may be as long as it likes."""
GRACE = 3.0
"""Seconds that exchanges under way get to end, once a run is to stop."""
SHOWN_EVERY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a progress display is told, a few times a second."""

    counters: Mapping[str, int]
    """captures, bytes, revisits, and captures in the index by outcome: article, listing, feed ..."""
    waiting: int
    """URLs that are to be asked for, as far as they are in memory."""
    url: str
    """The one that came last."""


Progress = Callable[[Shown], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """How a run ended."""

    run: CrawlRun
    """With its end, outcome and counters."""
    problems: tuple[str, ...]
    """What the owner should know of, a line each: hosts that were left, a crash that was mended."""
    notes: tuple[str, ...] = ()
    """What is as it should be and yet worth a line: a budget that was spent, a family of URLs that was parked."""


def crawl(  # noqa: PLR0913 - what a run can be told
    archive: "Archive",
    sites: Sequence[str] | None = None,
    *,
    max_pages: int = 0,
    max_time: float = 0.0,
    progress: Progress | None = None,
    begun: Callable[[], None] = lambda: None,
    beyond: Beyond | None = None,
    now: Callable[[], datetime] | None = None,
    alone: bool = False,
) -> CrawlReport:
    """Fetch what is due of sites (None: of all), and keep it, until nothing is due or a limit (0: none) is reached.

    `begun` is called once the sites are ours. `beyond` makes it a backfill: what is old is asked for after what is due.
    `alone`: nothing but the crawl runs in this process; where other machines share the index, it is ended where it
    stands when they can no longer be sure of it.

    SIGINT or SIGTERM stops it in good order within seconds, a second one at once. ArchiveBusy where one of the sites is
    being crawled; StorageError where the disk takes no more: what was committed before is whole.
    """
    now = now or archive.now
    chosen = archive.config.chosen(sites or ())
    if not chosen:
        raise ConfigError("the archive has no site yet; nothing was fetched. To add one: newsarchive add URL")
    if beyond and beyond.max_bytes:
        chosen = tuple(replace(site, max_bytes=beyond.max_bytes) for site in chosen)
    demand_contact(archive.config, chosen)
    demand_browser(chosen)
    began = now()
    run = CrawlRun(
        id=f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}",
        sites=tuple(site.to_site(requisites=archive.config.requisites) for site in chosen),
        started_at=began,
    )
    if beyond is None and archive.config.history:
        beyond = Beyond(until=began - min(archive.config.history, began - DAWN))
    names = [site.name for site in chosen]
    with held(archive.folder / "locks", archive.config.index, names, utc_now(), "crawl", alone=alone) as hold:
        begun()
        here = _Run(archive, chosen, run, now, progress, beyond)
        report = here.go(max_pages, max_time, hold)
    # The sites are free again: an upload may take its time, and is no part of the crawl.
    return replace(report, problems=(*report.problems, *here.uploader.finish(archive.upload)))


class _Run:
    """The steps of one run."""

    def __init__(
        self,
        archive: "Archive",
        sites: Sequence[SiteConfig],
        run: CrawlRun,
        now: Callable[[], datetime],
        progress: Progress | None,
        beyond: Beyond | None,
    ) -> None:
        self._archive = archive
        self._beyond = beyond
        self._hold: Hold | None = None
        self._sites = sites
        self._run = run
        self._now = now
        self._progress = progress
        self._counters: Counter[str] = Counter()
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._outcome = "failed"
        self._ingestor: Ingestor | None = None
        self._all_in = False
        self.uploader = Uploader(archive.places, archive.config.keep_local)
        self._shown_at = 0.0

    def go(self, max_pages: int, max_time: float, hold: Hold | None) -> CrawlReport:
        self._hold = hold
        archive, index = self._archive, self._archive.index
        writer = self._writer()
        try:
            with archive.ingestor(writer.sync) as ingestor:
                self._ingestor = ingestor
                recovered = archive.recover(ingestor)
                if recovered.captures or recovered.mended:
                    self._problems.append(f"a run before was cut short: {recovered.captures} captures were taken up")
                self._problems += recovered.problems
                index.begin_crawl(self._run)
                ingestor.begin(self._run)
                index.add_due([found for site in self._sites for found in seeds(site, self._now())])
                event_loop.run(self._fetch(writer, ingestor, max_pages, max_time))
                archive.settle(ingestor)
                self._counters["versions"] = ingestor.articles
            self._all_in = True
        finally:
            ended = self._end(writer)
        return CrawlReport(run=ended, problems=tuple(self._problems), notes=tuple(self._notes))

    def _writer(self) -> WarcWriter:
        archive, run = self._archive, self._run
        config = archive.config
        return WarcWriter(
            archive.warc_folder,
            run=run,
            info=warc_info(config),
            originals=OriginalsHere(archive.index, archive.places) if self._hold else archive.index,
            size_limit=config.warc_size,
            age_limit=config.warc_age.total_seconds(),
            now=self._now,
            on_opened=lambda name: archive.index.warc_opened(name, run.id),
            on_closed=self._closed,
        )

    def _closed(self, file: ClosedFile) -> None:
        """Note a whole file, but never before all its captures are in: recovery passes over closed files."""
        index, run = self._archive.index, self._run
        if self._all_in:
            index.warc_closed(file, run.id)
        elif self._ingestor is not None:
            self._ingestor.note(lambda: index.warc_closed(file, run.id))
            self._ingestor.note(lambda: self.uploader.add(file.name, file.sha256))

    def _end(self, writer: WarcWriter) -> CrawlRun:
        """Write how it ended and close the file, as far as the disk lets us; the next start mends what it does not."""
        ended = replace(
            self._run,
            finished_at=self._now(),
            outcome=self._outcome,
            counters={name: count for name, count in sorted(self._counters.items()) if count},
        )
        with suppress(StorageError):
            writer.end(ended)
            writer.sync()
        # Before the file counts as closed: recovery passes over closed files, and would not find the end. An index that
        # takes nothing any more is told of below, or was what ended the run.
        with suppress(ArchiveError):
            self._archive.index.end_crawl(ended)
        with suppress(StorageError):
            writer.close()
        return ended

    async def _fetch(self, writer: WarcWriter, ingestor: Ingestor, max_pages: int, max_time: float) -> None:
        """The part between the brackets: everything here happens in the event loop."""
        reactor = event_loop.reactor()
        guard = Guard([host for site in self._sites if site.allow_private for host in hosts_of(site)])
        wire = Wire(reactor, Endpoints(reactor, guard), now=self._now)
        with ThreadPoolExecutor(1, thread_name_prefix="frontier") as executor:
            live = self._live(wire, writer, ingestor, executor, max_pages)
            stop = _Stop(live)
            if self._hold is not None:
                live.permitted = self._hold.demand
                self._hold.on_lost = lambda: reactor.callFromThread(stop.fail)
            timer = asyncio.get_running_loop().call_later(max_time, stop.stop) if max_time else None
            try:
                with signals_stop(self.uploader.hurry(stop.stop)):
                    await self._scrape(live)
                if live.keeper.failure is None:
                    await live.frontier.flush()
            finally:
                if timer is not None:
                    timer.cancel()
                stop.over()
                live.keeper.close()
                if live.studio is not None:
                    await live.studio.close()
                await wire.close()
        self._problems += live.frontier.problems
        self._notes += live.frontier.notes
        live.permitted()
        if live.keeper.failure is not None:
            raise live.keeper.failure
        self._outcome = "stopped" if stop.asked or live.frontier.spent else "finished"

    async def _scrape(self, live: RunContext) -> None:
        runner = AsyncCrawlerRunner(scrapy_settings(self._archive.config))
        await runner.crawl(runner.create_crawler("news"), live=live)

    def _live(
        self, wire: Wire, writer: WarcWriter, ingestor: Ingestor, executor: ThreadPoolExecutor, max_pages: int
    ) -> RunContext:
        config, index = self._archive.config, self._archive.index
        treated = {site.name: manners(config, site) for site in self._sites}
        harvest = Harvest({name: each.parking for name, each in treated.items()})
        robots = Robots(config.user_agent)
        frontier = Frontier(
            Older(index, self._beyond.until) if self._beyond else index,
            treated,
            robots,
            executor=executor,
            counters=self._counters,
            max_pages=max_pages,
            recall=Recall(index, ArchivedOriginals(index, self._archive.places), harvest, list(treated)),
            now=self._now,
        )
        return RunContext(
            wire=wire,
            keeper=Keeper(writer, ingestor),
            frontier=frontier,
            limits=Limits(seconds=config.timeout.total_seconds(), size=config.max_body, asset_size=config.max_asset),
            counters=self._counters,
            user_agent=config.user_agent,
            studio=studio_of(config, self._sites, self._now),
            shown=lambda url: self._show(frontier, url),
        )

    def _show(self, frontier: Frontier, url: str) -> None:
        if self._progress and time.monotonic() - self._shown_at >= SHOWN_EVERY:
            self._shown_at = time.monotonic()
            self._progress(Shown(counters=dict(self._counters), waiting=frontier.waiting, url=url))


class _Stop:
    """How a run comes to its end before its time."""

    def __init__(self, live: RunContext) -> None:
        self._live = live
        self._grace: asyncio.TimerHandle | None = None
        self.asked = False
        live.keeper.on_failure = lambda _: self.fail()

    def stop(self) -> None:
        """Hand out nothing more; what is under way gets a moment, then it is kept as far as it came."""
        self.asked = True
        self._live.frontier.stop()
        if self._grace is None:
            self._grace = asyncio.get_running_loop().call_later(GRACE, self._live.wire.stop)
        self._live.wake()

    def over(self) -> None:
        """It has ended."""
        if self._grace is not None:
            self._grace.cancel()

    def fail(self) -> None:
        """The disk or the index takes no more, or the sites are not ours any more: there is nothing to wait for."""
        self._live.frontier.abandon()
        self._live.wire.stop()
        self._live.wake()


def scrapy_settings(config: Config) -> Settings:
    """Scrapy's settings for an archive."""
    settings = Settings()
    settings.setmodule("newsarchive.settings", priority="project")
    settings.set("CONCURRENT_REQUESTS", config.concurrency, priority="cmdline")
    settings.set("USER_AGENT", config.user_agent, priority="cmdline")
    return settings


def manners(config: Config, site: SiteConfig) -> PolitenessSettings:
    """How a site is to be treated."""
    return PolitenessSettings(
        delay=(config.delay if site.delay is None else site.delay).total_seconds(),
        obey_robots=config.obey_robots if site.obey_robots is None else site.obey_robots,
        max_delay=config.max_delay.total_seconds(),
        max_crawl_delay=config.max_crawl_delay.total_seconds(),
        budget=budget(config, site),
        parking=Parking(after=config.park_after, exempt=site.not_traps),
    )


def budget(config: Config, site: SiteConfig) -> Budget:
    """What a site may take of one run."""
    longest = config.max_time if site.max_time is None else site.max_time
    return Budget(
        pages=config.max_pages if site.max_pages is None else site.max_pages,
        size=(config.max_bytes if site.max_bytes is None else site.max_bytes) or 0,
        seconds=longest.total_seconds() if longest else 0.0,
        hours=site.hours,
    )


def demand_contact(config: Config, sites: Sequence[SiteConfig]) -> None:
    """ConfigError where a site of somebody else's would be asked by a crawler that does not say who runs it."""
    if config.contact and config.contact in config.user_agent:
        return
    for site in sites:
        host = urlsplit(site.url).hostname or ""
        address = spelt_out(host)
        if host == "localhost" or (address and ip_address(address).is_loopback):
            continue
        what = "contact is not set" if not config.contact else "user_agent does not name the contact"
        raise ConfigError(
            f"{what} in {config.folder / FILE_NAME}, and {site.name} is somebody's site; nothing was fetched. Its "
            'owner must be able to reach you: write contact = "you@your.domain", or the address of a page about you'
        )


def hosts_of(site: SiteConfig) -> list[str]:
    """The host names that a site's settings name."""
    urls = [site.url, *site.listings, *site.feeds, *site.sitemaps, *(f"//{host}" for host in site.hosts)]
    return [name for url in urls if (name := urlsplit(url).hostname)]


def warc_info(config: Config) -> dict[str, Any]:
    """What the warcinfo records of an archive's runs say of it."""
    said = {
        "software": f"newsarchive/{VERSION}",
        "operator": " ".join(filter(None, (config.operator, f"({config.contact})" if config.contact else ""))),
        "http-header-user-agent": config.user_agent,
        "robots": "obey" if config.obey_robots else "ignore",
    }
    return {name: value for name, value in said.items() if value}
