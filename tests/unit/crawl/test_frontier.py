import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.crawl.hosts import hostname_of
from newsarchive.crawl.politeness import PolitenessSettings, ResponseSummary
from newsarchive.crawl.refill import IndexQueue
from newsarchive.crawl.robots import Robots, RobotsResponse
from newsarchive.crawl.subresources import Admission, SubresourceRequest
from storage.index.frontier.url_queue import DueQuery
from storage.model import Discovery, DueUrl, UrlKind

START = datetime(2026, 11, 25, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
DISALLOW = b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /no\nCrawl-delay: 5\n"
OK = ResponseSummary(status=200)


@dataclass
class MemoryQueue(IndexQueue):
    """The frontier in a dict, with the rows that the index would have."""

    rows: dict[int, DueUrl] = field(default_factory=dict)
    queries: int = 0

    def add(self, *urls: str, priority: int = 10, at: datetime = START) -> None:
        for url in urls:
            number = len(self.rows) + 1
            how = Discovery(site="news", kind=UrlKind.ARTICLE)
            self.rows[number] = DueUrl(
                url_id=number, url=url, discovery=how, due_at=at, priority=priority, failure_count=0
            )

    def select_due(self, query: DueQuery) -> list[DueUrl]:
        self.queries += 1
        found: list[DueUrl] = []
        for due in sorted(self.rows.values(), key=lambda due: (due.priority, due.due_at, due.url_id)):
            host = hostname_of(due.url)
            fits = due.due_at <= query.now and due.discovery.site in query.sites and due.url_id not in query.exclude
            fits = fits and (due.discovery.site, host) not in query.full_hosts
            of_host = sum(hostname_of(each.url) == host for each in found)
            if fits and of_host < query.per_host and len(found) < query.limit:
                found.append(due)
        return found

    def reschedule(self, until: Mapping[int, datetime | None]) -> None:
        for number, moment in until.items():
            self.rows[number] = replace(self.rows[number], due_at=moment or NEVER)


@dataclass
class World:
    """A run on virtual time: every exchange takes 0.1 s, every commit 0.5 s more."""

    queue: MemoryQueue
    answer: Callable[[DueUrl], ResponseSummary]
    delay: float = 1.0
    max_pages: int = 0
    obey: bool = True
    requested: list[tuple[float, str]] = field(default_factory=list)
    time: float = 0.0
    on_commit: Callable[[DueUrl], None] = lambda due: None
    takes: Callable[[DueUrl], float] = lambda due: 0.1
    counters: Counter[str] = field(default_factory=Counter)

    def run(self) -> FrontierWindow:
        return asyncio.run(self._run())

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    async def _run(self) -> FrontierWindow:
        with ThreadPoolExecutor(1) as executor:
            frontier = FrontierWindow(
                self.queue,
                {"news": PolitenessSettings(delay=self.delay, obey_robots=self.obey)},
                Robots("newsarchive/1", clock=lambda: self.time),
                executor=executor,
                counters=self.counters,
                max_pages=self.max_pages,
                now=self._now,
                clock=lambda: self.time,
            )
            events: list[tuple[float, int, Callable[[], None]]] = []
            steps = 0
            while not frontier.idle:
                steps += 1
                assert steps < 20_000, "the run does not end"
                refill = frontier.next_refill_at()
                if refill is not None and refill <= self.time:
                    await frontier.refill()
                while (due := frontier.next_url()) is not None:
                    self.requested.append((self.time, due.url))
                    took = self.takes(due)
                    heapq.heappush(
                        events, (self.time + took, len(self.requested), self._answering(frontier, due, events))
                    )
                self._wait(frontier, events)
            await frontier.flush()
        return frontier

    def _answering(
        self, frontier: FrontierWindow, due: DueUrl, events: list[tuple[float, int, Callable[[], None]]]
    ) -> Callable[[], None]:
        def answering() -> None:
            answer = self.answer(due)
            frontier.record_response(due, answer)
            if not answer.no_response:
                heapq.heappush(events, (self.time + 0.5, -due.url_id, lambda: self._commit(frontier, due)))

        return answering

    def _commit(self, frontier: FrontierWindow, due: DueUrl) -> None:
        if due.url_id > 0:
            self.queue.rows[due.url_id] = replace(due, due_at=self._now() + timedelta(days=1))
        self.on_commit(due)
        frontier.record_commit(due.url_id)

    def _wait(self, frontier: FrontierWindow, events: list[tuple[float, int, Callable[[], None]]]) -> None:
        """Advance to the time of the next event."""
        moments = [at for at in (frontier.next_refill_at(), frontier.next_wake_at()) if at is not None]
        if events:
            moments.append(events[0][0])
        if moments:
            self.time = max(self.time, min(moments))
        while events and events[0][0] <= self.time:
            heapq.heappop(events)[2]()

    def pages(self) -> list[str]:
        return [url for _, url in self.requested if not url.endswith("/robots.txt")]


def fine(due: DueUrl) -> ResponseSummary:
    """No robots.txt, and every page is found."""
    if due.discovery.kind is UrlKind.ROBOTS:
        return ResponseSummary(status=404, robots=RobotsResponse(status=404))
    return OK


def test_every_due_url_is_requested_once_and_the_run_ends() -> None:
    """Each due URL is requested once, after its authority's robots.txt; URLs that commits discover, too."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2", "http://b.example/1", "https://b.example/2")
    queue.add("http://a.example/tomorrow", at=START + timedelta(days=1))
    world = World(queue, fine)
    world.on_commit = lambda due: queue.add("http://c.example/found") if due.url.endswith("a.example/2") else None
    world.run()
    assert sorted(url for _, url in world.requested) == [
        "http://a.example/1",
        "http://a.example/2",
        "http://a.example/robots.txt",
        "http://b.example/1",
        "http://b.example/robots.txt",
        "http://c.example/found",
        "http://c.example/robots.txt",
        "https://b.example/2",
        "https://b.example/robots.txt",
    ]


def test_requests_to_a_host_keep_its_delay() -> None:
    """One request at a time for each host, and the delay after its response; Crawl-delay if that is longer."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(5)), *(f"http://b.example/{n}" for n in range(5)))

    def answer(due: DueUrl) -> ResponseSummary:
        if due.url == "http://b.example/robots.txt":
            return ResponseSummary(status=200, robots=RobotsResponse(status=200, block=DISALLOW))
        return fine(due)

    world = World(queue, answer)
    world.run()
    gaps = {}
    for host in ("a.example", "b.example"):
        times = [at for at, url in world.requested if host in url]
        gaps[host] = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == {"a.example": [1.1] * 5, "b.example": [5.1] * 5}


def test_a_pause_begins_when_the_answer_has_come() -> None:
    """The time of recording a response is part of the pause. A Retry-After may be a date, and counts in full."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(3)), *(f"http://b.example/{n}" for n in range(3)))

    def answer(due: DueUrl) -> ResponseSummary:
        patience = ResponseSummary(status=429, retry_after="40") if due.url == "http://b.example/0" else fine(due)
        return replace(patience, recording_time=0.06)

    world = World(queue, answer)
    world.run()
    gaps = {}
    for host in ("a.example", "b.example"):
        times = [at for at, url in world.requested if host in url]
        gaps[host] = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == {"a.example": [1.04] * 3, "b.example": [1.04, 40.1, 2.04]}


def test_an_empty_host_is_refilled_soon_after_a_commit() -> None:
    """A commit that may have discovered URLs for an empty host is followed by a refill, however full others are."""
    queue = MemoryQueue()
    queue.add("http://a.example/front", *(f"http://b.example/{n}" for n in range(100)))
    world = World(queue, fine, delay=0.2, obey=False)
    world.on_commit = lambda due: queue.add("http://a.example/found") if due.url.endswith("front") else None
    world.run()
    asked = {url: at for at, url in world.requested}
    commit = asked["http://a.example/front"] + 0.6
    assert 0.0 <= asked["http://a.example/found"] - commit <= 0.26


def test_disallowed_urls_are_put_off_for_a_day() -> None:
    """A URL that robots.txt disallows is not requested, nor selected again in this run."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1", "http://a.example/yes")
    world = World(queue, lambda due: ResponseSummary(status=200, robots=RobotsResponse(status=200, block=DISALLOW)))
    frontier = world.run()
    assert world.pages() == ["http://a.example/yes"]
    assert queue.rows[1].due_at - START >= timedelta(days=1)
    assert frontier.counters["disallowed"] == 1


def test_robots_are_not_requested_without_obey_robots() -> None:
    """With obey_robots = false no robots.txt is requested."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1")
    world = World(queue, fine, obey=False)
    world.run()
    assert world.requested == [(0.0, "http://a.example/no/1")]


def test_a_url_that_waits_for_robots_is_not_taken_in_again() -> None:
    """Refills go on while a robots.txt is slow; the URL that waits for it is still fetched once."""
    queue = MemoryQueue()
    queue.add("http://slow.example/1", *(f"http://quick.example/{n}" for n in range(40)))
    world = World(queue, fine)
    world.takes = lambda due: 20.0 if due.url == "http://slow.example/robots.txt" else 0.1
    world.run()
    assert queue.queries > 3
    assert sorted(world.pages()) == sorted(row.url for row in queue.rows.values())


def test_robots_that_fail_close_the_host_for_an_hour() -> None:
    """After 5xx or no response for robots.txt all URLs of the host are put off, and a problem is reported."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(60)), "http://b.example/1", "http://c.example/1")

    def answer(due: DueUrl) -> ResponseSummary:
        if due.url == "http://a.example/robots.txt":
            return ResponseSummary(status=500, robots=RobotsResponse(status=500))
        if due.url == "http://c.example/robots.txt":
            return ResponseSummary(no_response=True)
        return fine(due)

    world = World(queue, answer)
    frontier = world.run()
    assert world.pages() == ["http://b.example/1"]
    closed = [row for row in queue.rows.values() if "b.example" not in row.url]
    assert all(timedelta(minutes=59) < row.due_at - START < timedelta(minutes=65) for row in closed)
    assert [line.partition(":")[0] for line in sorted(frontier.problems)] == [
        "a.example robots.txt answers 500",
        "c.example robots.txt cannot be fetched",
    ]


def test_a_redirected_robots_is_followed() -> None:
    """robots.txt may be redirected (RFC 9309, 2.3.1.2); the rules found there are those of the first host."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1", "http://a.example/2")

    def answer(due: DueUrl) -> ResponseSummary:
        if due.url == "http://a.example/robots.txt":
            to = "https://www.a.example/robots.txt"
            return ResponseSummary(status=301, robots=RobotsResponse(status=301, redirect_url=to))
        if due.url == "https://www.a.example/robots.txt":
            return ResponseSummary(status=200, robots=RobotsResponse(status=200, block=DISALLOW))
        return OK

    world = World(queue, answer)
    world.run()
    assert [url for _, url in world.requested] == [
        "http://a.example/robots.txt",
        "https://www.a.example/robots.txt",
        "http://a.example/2",
    ]


def test_a_short_retry_after_is_waited_for() -> None:
    """After 429 with Retry-After the next request to the host is sent no sooner."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2")
    world = World(
        queue, lambda due: ResponseSummary(status=429, retry_after="40") if due.url.endswith("/1") else fine(due)
    )
    world.run()
    (first, second) = [at for at, url in world.requested if not url.endswith("robots.txt")]
    assert round(second - first, 3) == 40.1


def test_a_long_retry_after_ends_the_host_for_this_run() -> None:
    """The run does not wait two hours: the URLs of the host are put off until then, and it ends."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(100)))
    world = World(
        queue, lambda due: ResponseSummary(status=503, retry_after="7200") if due.url[-1].isdigit() else fine(due)
    )
    frontier = world.run()
    assert len(world.pages()) == 1
    late = sorted(row.due_at - START for row in queue.rows.values())
    assert late[0] > timedelta(hours=2)
    assert frontier.problems == ["a.example answers 503: backed off for 7200 s"]


def test_a_host_that_is_down_is_backed_off() -> None:
    """After three connections without an answer the rest of the host's URLs are put off."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(10)))
    world = World(
        queue, lambda due: fine(due) if due.discovery.kind is UrlKind.ROBOTS else ResponseSummary(no_response=True)
    )
    frontier = world.run()
    assert (len(world.pages()), len(frontier.problems)) == (3, 1)
    assert min(row.due_at - START for row in queue.rows.values()) >= timedelta(hours=1)


def test_a_url_without_a_public_address_is_put_off_for_an_hour() -> None:
    """Nothing was sent to its host, and the owner may allow the connection meanwhile."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2")
    world = World(queue, lambda _: ResponseSummary(no_response=True, is_blocked=True), obey=False)
    frontier = world.run()
    assert len(world.requested) == 1
    assert min(row.due_at - START for row in queue.rows.values()) >= timedelta(hours=1)
    assert (frontier.counters["blocked"], frontier.counters["hosts_backed_off"]) == (1, 1)


def test_the_number_of_pages_can_be_limited() -> None:
    """max_pages counts pages; robots.txt is extra."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(10)))
    world = World(queue, fine, max_pages=4)
    assert (world.run().is_page_limit_reached, len(world.pages())) == (True, 4)


def test_an_invalid_url_is_never_requested() -> None:
    """A robots.txt may list anything: an invalid URL is put off for ever; the others are requested."""
    queue = MemoryQueue()
    queue.add("http://[a.example/sitemap.xml", "http://b.example/1")
    world = World(queue, fine)
    world.run()
    assert (world.pages(), queue.rows[1].due_at) == (["http://b.example/1"], NEVER)


def test_a_trap_is_put_off_for_a_year_unless_its_owner_names_it() -> None:
    """A linked URL whose path is a loop is not requested, but counted; one of newsarchive.toml is requested."""
    queue = MemoryQueue()
    queue.add("http://a.example/x/x/x/x/x", "http://a.example/y/y/y/y/y")
    named = replace(queue.rows[1].discovery, via="http://a.example/", via_kind=UrlKind.LISTING)
    queue.rows[1] = replace(queue.rows[1], discovery=named)
    world = World(queue, fine)
    world.run()
    assert world.pages() == ["http://a.example/y/y/y/y/y"]
    assert queue.rows[1].due_at - START > timedelta(days=364)
    assert world.counters["trapped"] == 1


def test_a_url_that_stays_due_is_requested_once() -> None:
    """A URL that is still due after its commit is requested once, not for ever."""
    queue = MemoryQueue()
    queue.add("http://a.example/1")
    world = World(queue, fine)
    world.on_commit = lambda due: queue.rows.__setitem__(1, replace(queue.rows[1], due_at=START))
    world.run()
    assert world.pages() == ["http://a.example/1"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.floats(0, 3))
def test_every_url_of_every_host_is_requested(sizes: list[int], delay: float) -> None:
    """All URLs of any number of hosts are requested once, none sooner than the delay allows, without busy waiting."""
    queue = MemoryQueue()
    for number, size in enumerate(sizes):
        queue.add(*(f"http://{number}.example/{n}" for n in range(size)))
    world = World(queue, fine, delay=delay)
    world.run()
    assert sorted(world.pages()) == sorted(row.url for row in queue.rows.values())
    longest = max(sizes) + 1
    assert world.time <= longest * (0.1 + delay) + 0.3 * longest + 4
    assert queue.queries <= world.time / 0.25 + 4


class StoppedWorld(World):
    """A run that is stopped while it waits for its first response."""

    def _answering(
        self, frontier: FrontierWindow, due: DueUrl, events: list[tuple[float, int, Callable[[], None]]]
    ) -> Callable[[], None]:
        answering = super()._answering(frontier, due, events)

        def stopped() -> None:
            frontier.stop()
            answering()

        return stopped


@pytest.mark.parametrize("obey", [True, False], ids=["robots.txt", "page"])
def test_an_interrupted_request_does_not_count_against_its_host(*, obey: bool) -> None:
    """The URL stays due at once: a request that we cut ourselves is not the host's failure."""
    queue = MemoryQueue()
    queue.add("https://news.example/a")
    world = StoppedWorld(queue, lambda _: ResponseSummary(no_response=True), obey=obey)
    frontier = world.run()
    assert len(world.requested) == 1
    assert queue.rows[1].due_at == START
    assert frontier.problems == []


def elsewhere(due: DueUrl) -> ResponseSummary:
    """The robots.txt of a.example is redirected to b.example, which answers 503; everything else is fine."""
    if due.url == "http://a.example/robots.txt":
        return ResponseSummary(status=301, robots=RobotsResponse(status=301, redirect_url="http://b.example/for-a.txt"))
    if due.url == "http://b.example/1":
        return ResponseSummary(status=503, retry_after="7200")
    return fine(due)


@pytest.mark.parametrize("took", [1.5, 60.0], ids=["waits there already", "comes later"])
def test_a_robots_on_a_backed_off_host_backs_off_from_the_other_too(took: float) -> None:
    """The host whose rules cannot be fetched is backed off for as long, and the run goes on without it."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2", "http://b.example/1", "http://c.example/1")
    world = World(queue, elsewhere)
    world.takes = lambda due: {"http://b.example/1": 5.0, "http://a.example/robots.txt": took}.get(due.url, 0.1)
    frontier = world.run()
    assert "http://b.example/for-a.txt" not in [url for _, url in world.requested]
    assert sorted(world.pages()) == ["http://b.example/1", "http://c.example/1"]
    for number in (1, 2):
        assert timedelta(hours=1.9) < queue.rows[number].due_at - START < timedelta(hours=2.1)
    assert sorted(line.partition(":")[0] for line in frontier.problems) == [
        "a.example has its robots.txt at b.example, which answers 503",
        "b.example answers 503",
    ]


def test_a_redirected_crawl_delay_counts_from_the_last_response() -> None:
    """Rules are valid for the host that was redirected; the delay of the other host is its own."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", *(f"http://b.example/{n}" for n in range(2, 5)))

    def answer(due: DueUrl) -> ResponseSummary:
        if due.url == "http://b.example/for-a.txt":
            return ResponseSummary(status=200, robots=RobotsResponse(status=200, block=DISALLOW))
        return elsewhere(due)

    world = World(queue, answer)
    world.run()
    times = {name: [at for at, url in world.requested if name in url] for name in ("a.example", "b.example")}
    gaps = {name: [round(after - before, 3) for before, after in pairwise(each)] for name, each in times.items()}
    assert gaps == {"a.example": [5.1], "b.example": [1.1] * 4}


def test_an_interrupted_robots_has_no_effect_on_its_host() -> None:
    """An incomplete robots.txt is recorded; the host is not backed off, and the URLs that wait for it stay due."""
    queue = MemoryQueue()
    queue.add("https://news.example/a")
    half = RobotsResponse(status=200, block=b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDis", truncated="unspecified")
    world = StoppedWorld(queue, lambda _: ResponseSummary(status=200, robots=half, interrupted=True))
    frontier = world.run()
    assert (len(world.requested), frontier.problems) == (1, [])
    assert queue.rows[1].due_at == START
    assert frontier._backoff.pending_changes() == {}


class Rendering:
    """A run by hand with pages being rendered. Nothing is waited for: ten virtual seconds pass at each step."""

    def __init__(self, executor: ThreadPoolExecutor, *urls: str, max_pages: int = 0, obey: bool = False) -> None:
        queue = MemoryQueue()
        queue.add(*urls)
        self.time = 0.0
        self.counters: Counter[str] = Counter()
        self.frontier = FrontierWindow(
            queue,
            {"news": PolitenessSettings(delay=1.0, obey_robots=obey, max_delay=1.0)},
            Robots("newsarchive/1", clock=lambda: self.time),
            executor=executor,
            counters=self.counters,
            max_pages=max_pages,
            now=lambda: START + timedelta(seconds=self.time),
            clock=lambda: self.time,
        )

    async def pages(self) -> list[DueUrl]:
        """Return the URLs that are handed out now."""
        self.time += 10.0
        refill = self.frontier.next_refill_at()
        if refill is not None and refill <= self.time:
            await self.frontier.refill()
        return list(iter(self.frontier.next_url, None))

    async def rendering_pages(self, count: int) -> list[DueUrl]:
        """Pages whose documents were received, and that a browser renders from now on."""
        pages = await self.pages()
        assert len(pages) == count
        for page in pages:
            self.frontier.record_response(page, OK, rendering=True)
        return sorted(pages, key=lambda due: due.url)

    def subresource(self, page: DueUrl, url: str) -> SubresourceRequest:
        """Request a subresource of a page."""
        request = self.frontier.request_subresource(page, url)
        assert request is not None
        return request


def by_hand(run: Callable[[Callable[..., Rendering]], Coroutine[None, None, None]]) -> None:
    with ThreadPoolExecutor(1) as executor:
        asyncio.run(run(partial(Rendering, executor)))


def test_rendered_pages_get_subresources_from_each_others_hosts() -> None:
    """One at a time and after the pause; no other page of the hosts is requested until both are rendered."""

    async def run(rendering: Callable[..., Rendering]) -> None:
        world = rendering("http://a.example/1", "http://b.example/1", "http://a.example/2")
        one, two = await world.rendering_pages(2)
        there, again, back = (
            world.subresource(one, "http://b.example/x"),
            world.subresource(one, "http://b.example/y"),
            world.subresource(two, "http://a.example/x"),
        )
        assert world.frontier.next_url() is None
        assert (there.decision, again.decision, back.decision) == (None, None, None)
        assert await world.pages() == []
        assert (there.decision, again.decision, back.decision) == (Admission.ADMITTED, None, Admission.ADMITTED)
        world.frontier.record_response(there.due, OK)
        assert world.frontier.next_url() is None
        assert again.decision is None
        assert await world.pages() == []
        assert again.decision is Admission.ADMITTED
        world.frontier.subresources.end_rendering(one)
        assert await world.pages() == []  # the other page's part is under way at its host
        world.frontier.record_response(back.due, OK)
        assert [due.url for due in await world.pages()] == ["http://a.example/2"]

    by_hand(run)


def test_a_run_at_its_page_limit_finishes_the_page_being_rendered() -> None:
    """Its subresources are requested, with the robots.txt for them; no further page is."""

    async def run(rendering: Callable[..., Rendering]) -> None:
        world = rendering("http://a.example/1", "http://a.example/2", max_pages=1, obey=True)
        (robots,) = await world.pages()
        world.frontier.record_response(robots, fine(robots))
        (page,) = await world.rendering_pages(1)
        part, never = world.subresource(page, "http://b.example/x"), world.subresource(page, "http://b.example/no/x")
        (robots,) = await world.pages()
        assert robots.url == "http://b.example/robots.txt"
        world.frontier.record_response(
            robots, ResponseSummary(status=200, robots=RobotsResponse(status=200, block=DISALLOW))
        )
        assert await world.pages() == []
        assert (part.decision, never.decision) == (Admission.ADMITTED, None)
        world.frontier.record_response(part.due, OK)
        assert await world.pages() == []
        assert await world.frontier.subresources.wait(never, 0.0) is Admission.REFUSED
        assert world.counters["disallowed"] == 1
        world.frontier.subresources.end_rendering(page)
        assert await world.pages() == []

    by_hand(run)


def test_a_robots_txt_that_no_page_needs_any_more_keeps_no_host() -> None:
    """It waits for a page in flight at its host until the page limit is reached, and is not requested then."""

    async def run(rendering: Callable[..., Rendering]) -> None:
        world = rendering("http://a.example/1", "http://b.example/1", "http://c.example/1", max_pages=2, obey=True)
        to_a, to_b, to_c = sorted(await world.pages(), key=lambda due: due.url)
        world.frontier.record_response(to_c, fine(to_c))
        (at_c,) = await world.pages()
        onward = RobotsResponse(status=301, redirect_url="http://c.example/robots.txt")
        world.frontier.record_response(to_a, ResponseSummary(status=301, robots=onward))
        assert await world.pages() == []
        world.frontier.record_response(to_b, fine(to_b))
        (at_b,) = await world.rendering_pages(1)
        world.frontier.record_response(at_c, OK)
        world.subresource(at_b, "http://d.example/x")
        assert [due.url for due in await world.pages()] == ["http://d.example/robots.txt"]
        part = world.subresource(at_b, "http://c.example/x")
        await world.pages()
        assert part.decision is Admission.ADMITTED

    by_hand(run)


def test_abandoned_requests_are_removed() -> None:
    """After a page is rendered, or a wait is cancelled, its waiting requests are removed from their hosts."""

    async def run(rendering: Callable[..., Rendering]) -> None:
        world = rendering("http://a.example/1")
        (page,) = await world.rendering_pages(1)
        given_up = world.subresource(page, "http://b.example/x")
        waiting = asyncio.ensure_future(world.frontier.subresources.wait(given_up, 60.0))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert world.frontier.waiting == 0
        late = world.subresource(page, "http://b.example/y")
        world.frontier.subresources.end_rendering(page)
        assert (late.decision, world.frontier.waiting) == (Admission.LATE, 0)
        assert world.frontier.request_subresource(page, "http://b.example/z") is None
        assert await world.pages() == []

    by_hand(run)


def test_a_redirect_to_an_invalid_robots_url_counts_as_no_robots() -> None:
    """The URLs that wait for it are requested. If the authority itself is invalid, they are put off for ever."""

    async def run(rendering: Callable[..., Rendering]) -> None:
        world = rendering("http://a.example/1", "http://a.example/2", obey=True)
        (robots,) = await world.pages()
        onward = RobotsResponse(status=301, redirect_url="http://b.example/robots.txt")
        world.frontier.record_response(robots, ResponseSummary(status=301, robots=onward))
        (hop,) = await world.pages()
        assert hop.url == "http://b.example/robots.txt"
        world.frontier.discard(hop)
        assert [due.url for due in await world.pages()] == ["http://a.example/1"]
        other = rendering("http://a.example/1", "http://a.example/2", obey=True)
        (robots,) = await other.pages()
        other.frontier.discard(robots)
        assert other.counters["refused"] == 1
        (again,) = await other.pages()
        other.frontier.discard(again)
        assert (other.counters["refused"], other.frontier.waiting) == (2, 0)

    by_hand(run)
