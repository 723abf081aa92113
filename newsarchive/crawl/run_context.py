"""One run while it runs: what the scheduler, the downloader and the spider of Scrapy share.

    scheduler --next--> Due --Scrapy--> fetch: wire, then kept, then answered --> scheduler

Scrapy makes its components itself; they find this object as the spider's argument `live`.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from twisted.internet.error import DNSLookupError
from w3lib.url import safe_url_string

from newsarchive.crawl.browser import Part
from newsarchive.crawl.crawl_log import LOG
from newsarchive.crawl.download.client import Fetched, Wire
from newsarchive.crawl.download.connect import NotPublicError
from newsarchive.crawl.frontier import Frontier
from newsarchive.crawl.politeness import Answer
from newsarchive.crawl.recorder import Keeper
from newsarchive.crawl.render import Studio
from newsarchive.crawl.robots import RobotsAnswer
from newsarchive.crawl.subresources import Guest, Turn
from storage.errors import ArchiveBusy
from storage.model import Capture, Due, Exchange, Reading, UrlKind
from storage.warc.payload import header, http_headers

CONDITIONS = ("if-none-match", "if-modified-since")
ACCEPT_ENCODING = "gzip, deflate, br"
"""What programs that replay WARC files undo by themselves. Not zstd, which `storage.warc.codings` reads where a server
sends it all the same: a file with it would be a white page in them.
"""
MOMENT = 0.05
"""Seconds that a part which gets no turn has to say so."""
FAREWELL = 5.0
"""Seconds that a browser has to let go of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one answer may take."""

    seconds: float
    size: int
    asset_size: int = 0
    """Of a page's requisite, or a part of one that is drawn; 0: as of any."""

    def size_of(self, kind: UrlKind) -> int:
        """The size that an answer of a kind may have."""
        beside = kind in (UrlKind.ASSET, UrlKind.PART)
        return min(self.size, self.asset_size or self.size) if beside else self.size


@dataclass(slots=True, kw_only=True, eq=False)
class RunContext:
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
    _parts: "set[asyncio.Task[Exchange | None]]" = field(default_factory=set)

    @property
    def drawing(self) -> int:
        """Pages that wait for what is still to be asked for: they are drawn."""
        return self.frontier.turns.drawing

    async def fetch(self, due: Due, url: str, headers: Sequence[tuple[str, str]]) -> Capture | None:
        """Fetch and keep. When it returns, the answer is in the WARC file; None: no byte came, and nothing was kept."""
        answer, capture = Answer(silent=True), None
        began = time.monotonic()
        document: Part | None = None
        studio = self.studio if self.studio is not None and self.studio.wants(due) else None
        if studio is not None:
            # What it shows may have changed where its document has not.
            headers = [(name, value) for name, value in headers if name.lower() not in CONDITIONS]

        async def keep(exchange: Exchange) -> Capture:
            nonlocal document
            if studio is not None and (document := studio.document_of(exchange)) is not None:
                return await self._keep_part(studio.as_part(exchange))
            return await self._keep(exchange, self._committed(due, len(exchange.response), began))

        try:
            answer, capture = await self._ask(due, url, headers, keep)
        finally:
            drawn = document is not None and capture is not None
            self.frontier.answered(due, answer, drawn=drawn)
            self.wake()
        self.shown(due.url)
        if studio is not None and document is not None:
            await self._draw(studio, due, document, began)
        return capture

    async def part(self, page: Due, url: str, headers: Mapping[str, str], until: float) -> Exchange | None:
        """Ask for what a page that is drawn needs, in its host's turn. None where it is not to be had by then, by the
        loop's clock: one that was asked for is kept all the same.
        """
        loop = asyncio.get_running_loop()
        asked = safe_url_string(url)
        guest = self.frontier.expect(page, url) if asked.isascii() else None
        if guest is None:
            return None
        self.wake()
        sent = {"user-agent": self.user_agent, "accept-encoding": ACCEPT_ENCODING, **headers}
        task = loop.create_task(self._part(guest, asked, list(sent.items()), until - loop.time()))
        self._parts.add(task)
        task.add_done_callback(self._parted)
        done, _ = await asyncio.wait({task}, timeout=max(until - loop.time(), 0.0) + MOMENT)
        turns = self.frontier.turns
        if not turns.stopped.is_set() and (not done or guest.late or not turns.draws(page)):
            self.counters["late"] += 1
            LOG.warning("%s - late %s (part of %s)", page.discovery.site, url, page.url)
        return task.result() if done else None

    async def _part(
        self, guest: Guest, url: str, headers: Sequence[tuple[str, str]], seconds: float
    ) -> Exchange | None:
        answer, kept = Answer(silent=True), None

        async def keep(exchange: Exchange) -> Capture:
            nonlocal kept
            kept = exchange
            return await self._keep_part(exchange)

        try:
            if await self.frontier.turns.wait(guest, seconds) is Turn.ADMITTED:
                answer, _ = await self._ask(guest.due, url, headers, keep)
        finally:
            if guest.admitted:
                self.frontier.answered(guest.due, answer)
                self.wake()
        return kept

    def _parted(self, task: "asyncio.Task[Exchange | None]") -> None:
        self._parts.discard(task)
        if not task.cancelled():
            task.exception()  # it may be that nobody waits any more

    async def _ask(
        self, due: Due, url: str, headers: Sequence[tuple[str, str]], keep: Callable[[Exchange], Awaitable[Capture]]
    ) -> tuple[Answer, Capture | None]:
        """Ask for a URL and keep what comes; returns what the frontier is to know of it."""
        try:
            self.permitted()
        except ArchiveBusy as lost:
            self.keeper.fail(lost)
            raise
        limit = self.limits.size_of(due.discovery.kind)
        fetched = await self.wire.fetch(url, headers, seconds=self.limits.seconds, limit=limit)
        ended, capture = time.monotonic(), None
        answer = Answer(silent=True, why=network_error_reason(fetched), guarded=_cause(fetched, NotPublicError))
        for attempt in fetched.attempts:
            exchange = attempt.exchange(due.url, due.discovery)
            capture = await keep(exchange)
            kept = time.monotonic() - ended
            answer = replace(answer_to(due, capture, exchange), kept=kept, cut=fetched.cut)
        if capture is None and not fetched.cut:
            self.counters["silent"] += 1
            LOG.warning("%s - silent %s (%s)", due.discovery.site, due.url, answer.why)
        return answer, capture

    async def _draw(self, studio: Studio, due: Due, document: Part, began: float) -> None:
        """Draw a page and keep that. Where the run is stopped meanwhile, it is due as before: a half is no version."""
        drawing = asyncio.ensure_future(studio.draw(due, document, self.part))
        stopped = asyncio.ensure_future(self.frontier.turns.stopped.wait())
        drawn = None
        try:
            await asyncio.wait({drawing, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                drawn = drawing.result()
        finally:
            for each in (drawing, stopped):
                each.cancel()
            await asyncio.wait({drawing}, timeout=FAREWELL)
            self.frontier.turns.end(due)
            if drawn is None:
                self.frontier.undone(due)
            self.wake()
        if drawn is not None:
            await self.keeper.keep(drawn, self._committed(due, len(drawn.response), began))
            self.counters["drawn"] += 1

    async def _keep(self, exchange: Exchange, committed: Callable[[Reading], None]) -> Capture:
        capture = await self.keeper.keep(exchange, committed)
        self._count(capture, exchange)
        return capture

    async def _keep_part(self, exchange: Exchange) -> Capture:
        """Keep what a browser shows, or asked for: it is not the page that the frontier waits for."""
        return await self._keep(exchange, lambda _: None)

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


def network_error_reason(fetched: Fetched) -> str:
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
