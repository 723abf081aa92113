"""One run while it runs: what the scheduler, the downloader and the spider of Scrapy share.

    scheduler --next--> Due --Scrapy--> fetch: wire, then kept, then answered --> scheduler

Scrapy makes its components itself; they find this object as the spider's argument `live`.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twisted.internet.error import DNSLookupError

from newsarchive.crawl.capture import Keeper
from newsarchive.crawl.connect import NotPublicError
from newsarchive.crawl.courtesy import Answer
from newsarchive.crawl.frontier import Frontier
from newsarchive.crawl.robots import RobotsAnswer
from newsarchive.crawl.studio import Studio
from newsarchive.crawl.wire import Fetched, Wire
from newsarchive.logfile import LOG
from storage.errors import ArchiveBusy
from storage.model import Capture, Due, Exchange, Reading, UrlKind
from storage.warc.payload import header, http_headers

CONDITIONS = ("if-none-match", "if-modified-since")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one answer may take."""

    seconds: float
    size: int
    asset_size: int = 0
    """Of a page's requisite; 0: as of any."""

    def size_of(self, kind: UrlKind) -> int:
        """The size that an answer of a kind may have."""
        return min(self.size, self.asset_size or self.size) if kind is UrlKind.ASSET else self.size


@dataclass(slots=True, kw_only=True, eq=False)
class Live:
    """The parts of a run."""

    wire: Wire
    keeper: Keeper
    frontier: Frontier
    limits: Limits
    counters: Counter[str]
    user_agent: str
    studio: Studio | None = None
    """Draws pages; None where no site asks for it."""
    wake: Callable[[], None] = field(default=lambda: None)
    """Makes Scrapy ask the scheduler again; set by the scheduler."""
    shown: Callable[[str], None] = field(default=lambda _: None)
    """Told each URL that was fetched."""
    permitted: Callable[[], None] = field(default=lambda: None)
    """Raises ArchiveBusy where the sites may be another machine's by now: nothing may be asked for any more."""

    async def fetch(self, due: Due, url: str, headers: Sequence[tuple[str, str]]) -> Capture | None:
        """Fetch and keep. When it returns, the answer is in the WARC file; None: no byte came, and nothing was kept."""
        answer = Answer(silent=True)
        began = time.monotonic()
        try:
            self.permitted()
            limit = self.limits.size_of(due.discovery.kind)
            if self._draws(due):
                # What it shows may have changed where its document has not.
                headers = [(name, value) for name, value in headers if name.lower() not in CONDITIONS]
            fetched = await self.wire.fetch(url, headers, seconds=self.limits.seconds, limit=limit)
            ended = time.monotonic()
            capture = None
            answer = Answer(silent=True, why=hindrance(fetched), guarded=_cause(fetched, NotPublicError))
            for attempt in fetched.attempts:
                exchange = attempt.exchange(due.url, due.discovery)
                capture, aside = await self._kept(due, exchange, began)
                kept = 0.0 if aside else time.monotonic() - ended
                answer = replace(answer_to(due, capture, exchange), aside=aside, kept=kept)
        except ArchiveBusy as lost:
            self.keeper.fail(lost)
            raise
        finally:
            self.frontier.answered(due, answer)
            self.wake()
        self.shown(due.url)
        if capture is None:
            self.counters["silent"] += 1
            LOG.warning("%s - silent %s (%s)", due.discovery.site, due.url, answer.why)
        return capture

    def _draws(self, due: Due) -> bool:
        return self.studio is not None and self.studio.wants(due)

    async def _kept(self, due: Due, exchange: Exchange, began: float) -> tuple[Capture, float]:
        """Keep an answer, and draw it where it is to be drawn; returns for how many seconds that went on."""
        studio = self.studio if self._draws(due) else None
        if studio is None or not studio.is_page(exchange):
            capture = await self.keeper.keep(exchange, self._committed(due, len(exchange.response), began))
            self._count(capture, exchange)
            return capture, 0.0
        capture = await self._keep_part(studio.as_part(exchange))
        since = time.monotonic()
        drawn = await studio.draw(due, exchange, self._keep_part)
        if drawn is not None:
            await self.keeper.keep(drawn, self._committed(due, len(drawn.response), began))
            self.counters["drawn"] += 1
        return capture, time.monotonic() - since

    async def _keep_part(self, exchange: Exchange) -> Capture:
        """Keep what a browser asked for."""
        capture = await self.keeper.keep(exchange, lambda _: None)
        self._count(capture, exchange)
        return capture

    def _committed(self, due: Due, size: int, began: float) -> Callable[[Reading], None]:
        def committed(reading: Reading) -> None:
            if LOG.isEnabledFor(logging.INFO):
                log_answer(due, reading, size, time.monotonic() - began)
            self.counters[reading.outcome.value] += 1
            self.frontier.committed(due.url_id)
            self.wake()

        return committed

    def _count(self, capture: Capture, exchange: Exchange) -> None:
        self.counters["captures"] += 1
        self.counters["bytes"] += len(exchange.response)
        if capture.kind == "revisit":
            self.counters["revisits"] += 1
        if capture.truncated and capture.kind != "revisit":
            self.counters["truncated"] += 1


def log_answer(due: Due, reading: Reading, size: int, seconds: float) -> None:
    """A line of the log for an answer that is in the index."""
    facts = {
        "site": due.discovery.site, "url": due.url, "kind": due.discovery.kind.value, "outcome": reading.outcome.value,
        "reason": reading.reason, "bytes": size, "seconds": round(seconds, 3),
    }  # fmt: skip
    LOG.info("%s %d %s %s", due.discovery.site, size, reading.outcome.value, due.url, extra={"facts": facts})


def _error(fetched: Fetched) -> Any:
    reasons = getattr(fetched.error, "reasons", None)
    return reasons[0].value if reasons else fetched.error  # Twisted wraps what happened


def _cause(fetched: Fetched, kind: type[BaseException]) -> bool:
    return isinstance(_error(fetched), kind)


def hindrance(fetched: Fetched) -> str:
    """Why no byte came, in a few words."""
    error = _error(fetched)
    if isinstance(error, DNSLookupError):
        return "DNS knows no address of that name"
    if isinstance(error, NotPublicError):
        return str(error.args[0])
    return " ".join(str(error or "no answer").split()).rstrip(".")


def answer_to(due: Due, capture: Capture, exchange: Exchange) -> Answer:
    """What an exchange says to the frontier. Headers are parsed only where they matter to it."""
    retry_after = None
    if capture.status in (403, 429, 503):
        retry_after = header(http_headers(exchange.response)[1], "Retry-After")
    robots = None
    if due.discovery.kind is UrlKind.ROBOTS:
        robots = RobotsAnswer(
            status=capture.status,
            block=exchange.response,
            truncated=exchange.truncated,
            redirect_url=capture.redirect_url,
        )
    return Answer(status=capture.status, retry_after=retry_after, robots=robots, size=len(exchange.response))
