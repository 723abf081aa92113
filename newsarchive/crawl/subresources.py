"""Requests of a browser for the subresources of pages that it renders, each in its host's turn.

    page fetched --> begin_rendering --> its host is reserved --> end_rendering
                        |
    subresource --------+--> queue of its host, with top priority --> admitted: may be requested now
                                                                  +-> refused: robots.txt, a host that is backed off
                                                                  +-> late: not admitted before the page's timeout

No page waits for another one: two pages may have subresources on each other's hosts.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsarchive.crawl.hosts import Host, HostQueues
from storage.model import Discovery, DueUrl, UrlKind


class Admission(StrEnum):
    """Decision on a subresource request."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    LATE = "late"


@dataclass(frozen=True, slots=True, eq=False)
class SubresourceRequest:
    """A browser's request for a subresource of a page."""

    due: DueUrl
    page: int
    """Id of the page's URL."""
    admission: "asyncio.Future[Admission]"

    @property
    def decision(self) -> Admission | None:
        """The decision; None if there is none yet. An admitted one's host is busy until its response is recorded."""
        return self.admission.result() if self.admission.done() and not self.admission.cancelled() else None


class SubresourceQueue:
    """Subresource requests that wait for their hosts, and the pages being rendered."""

    def __init__(self, hosts: HostQueues) -> None:
        self._hosts = hosts
        self._requests: dict[int, SubresourceRequest] = {}
        self._pages: dict[int, Host] = {}
        self.stopped = asyncio.Event()
        """Set when the run stops: pages that are not rendered yet are given up."""

    @property
    def rendering(self) -> int:
        """Number of pages that are rendered or wait for a browser."""
        return len(self._pages)

    @property
    def waiting(self) -> int:
        """Number of requests that wait for their hosts."""
        return len(self._requests)

    def is_rendering(self, page: DueUrl) -> bool:
        """Return True if a page is still being rendered."""
        return page.url_id in self._pages

    def begin_rendering(self, page: DueUrl, host: Host) -> None:
        """Reserve a page's host for its subresources: no other page is requested from it."""
        self._pages[page.url_id] = host
        host.reserved = True

    def end_rendering(self, page: DueUrl) -> None:
        """Release a page's host. Its requests that still wait are late."""
        for request in [each for each in self._requests.values() if each.page == page.url_id]:
            self.refuse(request.due, Admission.LATE)
        self._hosts.unreserve(self._pages.pop(page.url_id))

    def enqueue(self, page: DueUrl, url: str, now: datetime) -> SubresourceRequest | None:
        """Queue a request for a subresource; None if the page is no longer being rendered."""
        if not self.is_rendering(page):
            return None
        discovery = Discovery(site=page.discovery.site, kind=UrlKind.PART, via=page.url, via_kind=page.discovery.kind)
        due = self._hosts.create_request(url, discovery, now)
        request = SubresourceRequest(due, page.url_id, asyncio.get_running_loop().create_future())
        self._requests[due.url_id] = request
        self._hosts.add(due)
        return request

    async def wait(self, request: SubresourceRequest, seconds: float) -> Admission:
        """Wait for the decision on a request, for so many seconds at most."""
        timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), self.refuse, request.due, Admission.LATE)
        try:
            return await request.admission
        finally:
            timer.cancel()
            self.refuse(request.due)  # if the waiting task was cancelled

    def refuse(self, due: DueUrl, admission: Admission = Admission.REFUSED) -> None:
        """Refuse a request that still waits, or decide that it is late."""
        self.decide(due, admission)
        self._hosts.remove(due)

    def stop(self) -> None:
        """Refuse all requests: the run stops."""
        self.stopped.set()
        for request in list(self._requests.values()):
            self.refuse(request.due)

    def decide(self, due: DueUrl, admission: Admission) -> bool:
        """Decide on a request; return False if nobody waits for it any more."""
        request = self._requests.pop(due.url_id, None)
        if request is None or request.admission.done():
            return False
        request.admission.set_result(admission)
        return True
