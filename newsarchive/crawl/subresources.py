"""Whose turn it is beside the pages that are handed out: what a browser asks for while it draws one of them.

    page answered --> begin --> its host is kept for what is drawn --> end
                        |
    part --> wait ------+--> its host's queue, ahead of all pages --> admitted: it may be asked for now
                                                                  +-> refused: robots.txt, a host that is left in peace
                                                                  +-> late: its turn did not come in the page's time

No page waits for another one: two that are drawn may have parts on each other's hosts.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsarchive.crawl.hosts import AHEAD, Host, Hosts
from storage.model import Discovery, Due, UrlKind


class Turn(StrEnum):
    """What became of a part that waited."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    LATE = "late"


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """A part of a page that is drawn."""

    due: Due
    page: int
    """Id of that page."""
    told: "asyncio.Future[Turn]"

    @property
    def admitted(self) -> bool:
        """Whether it may be asked for: then its host is busy until it is answered."""
        return self._was(Turn.ADMITTED)

    @property
    def late(self) -> bool:
        """Whether its turn did not come in time."""
        return self._was(Turn.LATE)

    def _was(self, turn: Turn) -> bool:
        return self.told.done() and not self.told.cancelled() and self.told.result() is turn


class Turns:
    """Parts of pages that are drawn, each waiting for its host as a page does."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._guests: dict[int, Guest] = {}
        self._pages: dict[int, Host] = {}
        self.stopped = asyncio.Event()
        """Nothing more is asked for: what is not drawn by now is not drawn."""

    @property
    def drawing(self) -> int:
        """Pages that are drawn, or wait for a browser."""
        return len(self._pages)

    @property
    def waiting(self) -> int:
        """Parts that wait for their turn."""
        return len(self._guests)

    def draws(self, page: Due) -> bool:
        """Whether a page is still drawn."""
        return page.url_id in self._pages

    def begin(self, page: Due, host: Host) -> None:
        """Keep a page's host for what is drawn: it is in nobody's way there, and no other page is asked for."""
        self._pages[page.url_id] = host
        host.kept = True

    def end(self, page: Due) -> None:
        """A page was drawn. What still waits on its behalf comes too late."""
        for guest in [each for each in self._guests.values() if each.page == page.url_id]:
            self._withdraw(guest, Turn.LATE)
        self._hosts.give_back(self._pages.pop(page.url_id))

    def expect(self, page: Due, url: str, now: datetime) -> Guest | None:
        """Let a part of a page wait for its host; None where the page is not drawn any more."""
        if not self.draws(page):
            return None
        how = Discovery(site=page.discovery.site, kind=UrlKind.PART, via=page.url, via_kind=page.discovery.kind)
        due = Due(url_id=next(self._hosts.unlisted), url=url, discovery=how, due_at=now, priority=AHEAD, failures=0)
        guest = self._guests[due.url_id] = Guest(due, page.url_id, asyncio.get_running_loop().create_future())
        self._hosts.add(due)
        return guest

    async def wait(self, guest: Guest, seconds: float) -> Turn:
        """Wait for so long at most."""
        timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._withdraw, guest, Turn.LATE)
        try:
            return await guest.told
        finally:
            timer.cancel()
            self._withdraw(guest, Turn.REFUSED)  # where the wait itself was given up

    def admit(self, due: Due) -> bool:
        """Say that a part may be asked for; False where nobody waits for it any more."""
        return self._tell(due, Turn.ADMITTED)

    def refuse(self, due: Due) -> None:
        """Say that a part is not asked for."""
        self._tell(due, Turn.REFUSED)
        self._hosts.remove(due)

    def stop(self) -> None:
        """Nothing more is asked for."""
        self.stopped.set()
        for guest in list(self._guests.values()):
            self._withdraw(guest, Turn.REFUSED)

    def _withdraw(self, guest: Guest, turn: Turn) -> None:
        if guest.due.url_id in self._guests:
            self._tell(guest.due, turn)
            self._hosts.remove(guest.due)

    def _tell(self, due: Due, turn: Turn) -> bool:
        guest = self._guests.pop(due.url_id, None)
        if guest is None or guest.told.done():
            return False
        guest.told.set_result(turn)
        return True
