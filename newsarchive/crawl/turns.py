"""Whose turn it is among the requests of pages that are drawn: the frontier hands out pages, not what is in them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from newsarchive.crawl.draw import Part


class Turns:
    """One request at a time to each host on behalf of pages that are drawn, with the pause that it is owed."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._ready: dict[str, float] = {}

    def owed(self, host: str, pause: float) -> None:
        """Note that a host was asked just now."""
        self._ready[host] = self._clock() + pause

    async def take(self, host: str, pause: float, ask: Callable[[], Awaitable[Part | None]]) -> Part | None:
        """Ask once it is the host's turn."""
        async with self._locks.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0.0, self._ready.get(host, 0.0) - self._clock()))
            try:
                return await ask()
            finally:
                self.owed(host, pause)
