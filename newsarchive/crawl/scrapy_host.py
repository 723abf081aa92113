"""A crawl inside a process of Scrapy's, as `scrapy crawl news -a archive=FOLDER` starts it.

Scrapy's loop                      thread
scheduler.open --- open() -------> crawl(): locks, recovery, run begun
requests <-------- context ------- run(): the crawl's own coroutine, in Scrapy's loop
scheduler.close -- close() ------> settle, end record --> CrawlReport
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from newsarchive.crawl.run_context import RunContext

R = TypeVar("R")
T = TypeVar("T")


class ScrapyHost(Generic[R]):
    """Passes a crawl's context to Scrapy when it has begun; ends the crawl, with report R, when the spider closes."""

    _loop: asyncio.AbstractEventLoop
    _work: asyncio.Future[R]
    _opened: asyncio.Future[RunContext]

    def __init__(self, start: "Callable[[ScrapyHost[R]], R]") -> None:
        """Build the host; `start` runs the crawl with it, in a thread."""
        self._start = start
        self._closed = asyncio.Event()

    async def open(self) -> RunContext:
        """Begin the crawl; raises its error if it cannot begin."""
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._work = asyncio.ensure_future(asyncio.to_thread(self._start, self))
        waiting: set[asyncio.Future[Any]] = {self._work, self._opened}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not self._opened.done():
            self._work.result()  # raises
        return self._opened.result()

    async def close(self) -> R:
        """End the crawl, which has begun, and return its report."""
        self._closed.set()
        return await self._work

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the crawl in Scrapy's loop. Called in the crawl's thread."""
        return asyncio.run_coroutine_threadsafe(main, self._loop).result()

    async def hold(self, context: RunContext) -> None:
        """Pass the context to Scrapy, and wait until the spider is closed."""
        self._opened.set_result(context)
        await self._closed.wait()
