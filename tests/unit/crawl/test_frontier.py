import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsarchive.crawl.frontier import Frontier
from newsarchive.crawl.hosts import hostname_of
from newsarchive.crawl.politeness import Answer, PolitenessSettings
from newsarchive.crawl.robots import Robots, RobotsAnswer
from newsarchive.crawl.subresources import Guest, Turn
from storage.model import Discovery, Due, UrlKind

START = datetime(2026, 11, 25, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
DISALLOW = b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /no\nCrawl-delay: 5\n"
OK = Answer(status=200)


@dataclass
class MemoryQueue:
    """The frontier's rows in a dict, as the SQL index would have them."""

    rows: dict[int, Due] = field(default_factory=dict)
    asked: int = 0

    def add(self, *urls: str, priority: int = 10, at: datetime = START) -> None:
        for url in urls:
            number = len(self.rows) + 1
            how = Discovery(site="news", kind=UrlKind.ARTICLE)
            self.rows[number] = Due(url_id=number, url=url, discovery=how, due_at=at, priority=priority, failures=0)

    def due(
        self,
        now: datetime,
        *,
        sites: Sequence[str],
        limit: int,
        per_host: int,
        exclude: Collection[int] = (),
        full: Collection[tuple[str, str]] = (),
    ) -> list[Due]:
        self.asked += 1
        found: list[Due] = []
        for due in sorted(self.rows.values(), key=lambda due: (due.priority, due.due_at, due.url_id)):
            host = hostname_of(due.url)
            fits = due.due_at <= now and due.discovery.site in sites and due.url_id not in exclude
            fits = fits and (due.discovery.site, host) not in full
            if fits and sum(hostname_of(each.url) == host for each in found) < per_host and len(found) < limit:
                found.append(due)
        return found

    def put_off(self, until: Mapping[int, datetime | None]) -> None:
        for number, moment in until.items():
            self.rows[number] = replace(self.rows[number], due_at=moment or NEVER)


@dataclass
class World:
    """A run on virtual time: every exchange takes 0.1 s, every commit 0.5 s more."""

    queue: MemoryQueue
    answer: Callable[[Due], Answer]
    delay: float = 1.0
    max_pages: int = 0
    obey: bool = True
    asked: list[tuple[float, str]] = field(default_factory=list)
    time: float = 0.0
    on_commit: Callable[[Due], None] = lambda due: None
    takes: Callable[[Due], float] = lambda due: 0.1

    def run(self) -> Frontier:
        return asyncio.run(self._run())

    def _now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    async def _run(self) -> Frontier:
        with ThreadPoolExecutor(1) as executor:
            frontier = Frontier(
                self.queue,
                {"news": PolitenessSettings(delay=self.delay, obey_robots=self.obey)},
                Robots("newsarchive/1", clock=lambda: self.time),
                executor=executor,
                counters=Counter(),
                max_pages=self.max_pages,
                now=self._now,
                clock=lambda: self.time,
            )
            events: list[tuple[float, int, Callable[[], None]]] = []
            steps = 0
            while not frontier.idle:
                steps += 1
                assert steps < 20_000, "a run that turns in a circle"
                refill = frontier.refill_at()
                if refill is not None and refill <= self.time:
                    await frontier.refill()
                while (due := frontier.next()) is not None:
                    self.asked.append((self.time, due.url))
                    took = self.takes(due)
                    heapq.heappush(events, (self.time + took, len(self.asked), self._answering(frontier, due, events)))
                self._wait(frontier, events)
            await frontier.flush()
        return frontier

    def _answering(
        self, frontier: Frontier, due: Due, events: list[tuple[float, int, Callable[[], None]]]
    ) -> Callable[[], None]:
        def answering() -> None:
            answer = self.answer(due)
            frontier.answered(due, answer)
            if not answer.silent:
                heapq.heappush(events, (self.time + 0.5, -due.url_id, lambda: self._commit(frontier, due)))

        return answering

    def _commit(self, frontier: Frontier, due: Due) -> None:
        if due.url_id > 0:
            self.queue.rows[due.url_id] = replace(due, due_at=self._now() + timedelta(days=1))
        self.on_commit(due)
        frontier.committed(due.url_id)

    def _wait(self, frontier: Frontier, events: list[tuple[float, int, Callable[[], None]]]) -> None:
        """Jump to the next moment at which anything can happen."""
        moments = [at for at in (frontier.refill_at(), frontier.wake_at()) if at is not None]
        if events:
            moments.append(events[0][0])
        if moments:
            self.time = max(self.time, min(moments))
        while events and events[0][0] <= self.time:
            heapq.heappop(events)[2]()

    def pages(self) -> list[str]:
        return [url for _, url in self.asked if not url.endswith("/robots.txt")]


def fine(due: Due) -> Answer:
    """No robots.txt, and every page there."""
    if due.discovery.kind is UrlKind.ROBOTS:
        return Answer(status=404, robots=RobotsAnswer(status=404))
    return OK


def test_all_that_is_due_is_asked_once_and_the_run_ends() -> None:
    """Each due URL once, after its authority's robots.txt, and what commits bring to light as well."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2", "http://b.example/1", "https://b.example/2")
    queue.add("http://a.example/tomorrow", at=START + timedelta(days=1))
    world = World(queue, fine)
    world.on_commit = lambda due: queue.add("http://c.example/found") if due.url.endswith("a.example/2") else None
    world.run()
    assert sorted(url for _, url in world.asked) == [
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


def test_a_host_is_left_in_peace_between_requests() -> None:
    """One request at a time for each host, and the delay after its answer; Crawl-delay where it is longer."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(5)), *(f"http://b.example/{n}" for n in range(5)))

    def answer(due: Due) -> Answer:
        if due.url == "http://b.example/robots.txt":
            return Answer(status=200, robots=RobotsAnswer(status=200, block=DISALLOW))
        return fine(due)

    world = World(queue, answer)
    world.run()
    gaps = {}
    for host in ("a.example", "b.example"):
        times = [at for at, url in world.asked if host in url]
        gaps[host] = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == {"a.example": [1.1] * 5, "b.example": [5.1] * 5}


def test_a_pause_begins_when_the_answer_has_come() -> None:
    """While an answer is being kept its host is left in peace already; but a time that the host names itself may be a
    date, and counts in full.
    """
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(3)), *(f"http://b.example/{n}" for n in range(3)))

    def answer(due: Due) -> Answer:
        patience = Answer(status=429, retry_after="40") if due.url == "http://b.example/0" else fine(due)
        return replace(patience, kept=0.06)

    world = World(queue, answer)
    world.run()
    gaps = {}
    for host in ("a.example", "b.example"):
        times = [at for at, url in world.asked if host in url]
        gaps[host] = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == {"a.example": [1.04] * 3, "b.example": [1.04, 40.1, 2.04]}


def test_what_a_host_is_waited_for_with_is_taken_in_at_once() -> None:
    """A commit that may have brought something for a host that has nothing left is followed by a refill, however much
    waits for other hosts.
    """
    queue = MemoryQueue()
    queue.add("http://a.example/front", *(f"http://b.example/{n}" for n in range(100)))
    world = World(queue, fine, delay=0.2, obey=False)
    world.on_commit = lambda due: queue.add("http://a.example/found") if due.url.endswith("front") else None
    world.run()
    asked = {url: at for at, url in world.asked}
    commit = asked["http://a.example/front"] + 0.6
    assert 0.0 <= asked["http://a.example/found"] - commit <= 0.26


def test_disallowed_urls_are_put_off_for_a_day() -> None:
    """What robots.txt disallows is not asked for, and not looked at again in this run."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1", "http://a.example/yes")
    world = World(
        queue,
        lambda due: Answer(status=200, robots=RobotsAnswer(status=200, block=DISALLOW)),
    )
    frontier = world.run()
    assert world.pages() == ["http://a.example/yes"]
    assert queue.rows[1].due_at - START >= timedelta(days=1)
    assert frontier._counters["disallowed"] == 1


def test_robots_are_not_asked_where_the_owner_says_so() -> None:
    """With obey_robots off there is no robots.txt in the log."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1")
    world = World(queue, fine, obey=False)
    world.run()
    assert world.asked == [(0.0, "http://a.example/no/1")]


def test_a_url_that_waits_for_robots_is_not_taken_in_again() -> None:
    """While a slow robots.txt is awaited, refills go on; the URL it is asked for is still fetched once."""
    queue = MemoryQueue()
    queue.add("http://slow.example/1", *(f"http://quick.example/{n}" for n in range(40)))
    world = World(queue, fine)
    world.takes = lambda due: 20.0 if due.url == "http://slow.example/robots.txt" else 0.1
    world.run()
    assert queue.asked > 3
    assert sorted(world.pages()) == sorted(row.url for row in queue.rows.values())


def test_robots_that_fail_close_the_host_for_an_hour() -> None:
    """After 5xx or silence on robots.txt all of the host is put off, and the owner is told."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(60)), "http://b.example/1", "http://c.example/1")

    def answer(due: Due) -> Answer:
        if due.url == "http://a.example/robots.txt":
            return Answer(status=500, robots=RobotsAnswer(status=500))
        if due.url == "http://c.example/robots.txt":
            return Answer(silent=True)
        return fine(due)

    world = World(queue, answer)
    frontier = world.run()
    assert world.pages() == ["http://b.example/1"]
    closed = [row for row in queue.rows.values() if "b.example" not in row.url]
    assert all(timedelta(minutes=59) < row.due_at - START < timedelta(minutes=65) for row in closed)
    assert [line.partition(":")[0] for line in sorted(frontier.problems)] == [
        "a.example robots.txt answers 500",
        "c.example robots.txt gives no answer",
    ]


def test_a_redirected_robots_is_followed() -> None:
    """robots.txt may be elsewhere (RFC 9309, 2.3.1.2); the rules found there are the first host's."""
    queue = MemoryQueue()
    queue.add("http://a.example/no/1", "http://a.example/2")

    def answer(due: Due) -> Answer:
        if due.url == "http://a.example/robots.txt":
            to = "https://www.a.example/robots.txt"
            return Answer(status=301, robots=RobotsAnswer(status=301, redirect_url=to))
        if due.url == "https://www.a.example/robots.txt":
            return Answer(status=200, robots=RobotsAnswer(status=200, block=DISALLOW))
        return OK

    world = World(queue, answer)
    world.run()
    assert [url for _, url in world.asked] == [
        "http://a.example/robots.txt",
        "https://www.a.example/robots.txt",
        "http://a.example/2",
    ]


def test_a_short_retry_after_is_waited_for() -> None:
    """After 429 with Retry-After the host is asked again no sooner than it said."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2")
    world = World(
        queue,
        lambda due: Answer(status=429, retry_after="40") if due.url.endswith("/1") else fine(due),
    )
    world.run()
    (first, second) = [at for at, url in world.asked if not url.endswith("robots.txt")]
    assert round(second - first, 3) == 40.1


def test_a_long_retry_after_ends_the_host_for_this_run() -> None:
    """Nobody waits an hour: what is due of the host is put off until then, and the run ends."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(100)))
    world = World(queue, lambda due: Answer(status=503, retry_after="7200") if due.url[-1].isdigit() else fine(due))
    frontier = world.run()
    assert len(world.pages()) == 1
    late = sorted(row.due_at - START for row in queue.rows.values())
    assert late[0] > timedelta(hours=2)
    assert frontier.problems == ["a.example answers 503: left in peace for 7200 s"]


def test_a_host_that_is_down_is_given_up() -> None:
    """After three connections without an answer the rest of the host's URLs are put off."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(10)))
    world = World(queue, lambda due: fine(due) if due.discovery.kind is UrlKind.ROBOTS else Answer(silent=True))
    frontier = world.run()
    assert (len(world.pages()), len(frontier.problems)) == (3, 1)
    assert min(row.due_at - START for row in queue.rows.values()) >= timedelta(hours=1)


def test_the_number_of_pages_can_be_limited() -> None:
    """max_pages counts pages; robots.txt is extra."""
    queue = MemoryQueue()
    queue.add(*(f"http://a.example/{n}" for n in range(10)))
    world = World(queue, fine, max_pages=4)
    assert (world.run().spent, len(world.pages())) == (True, 4)


def test_what_is_no_url_is_never_asked() -> None:
    """A robots.txt may name anything: what is no URL is put off for ever; the rest is asked."""
    queue = MemoryQueue()
    queue.add("http://[a.example/sitemap.xml", "http://b.example/1")
    world = World(queue, fine)
    world.run()
    assert (world.pages(), queue.rows[1].due_at) == (["http://b.example/1"], NEVER)


def test_a_trap_is_put_off_for_a_year_unless_its_owner_names_it() -> None:
    """A URL that a page named and that turns in a circle is not asked for; one that newsarchive.toml names is."""
    queue = MemoryQueue()
    queue.add("http://a.example/x/x/x/x/x", "http://a.example/y/y/y/y/y")
    named = replace(queue.rows[1].discovery, via="http://a.example/", via_kind=UrlKind.LISTING)
    queue.rows[1] = replace(queue.rows[1], discovery=named)
    world = World(queue, fine)
    world.run()
    assert world.pages() == ["http://a.example/y/y/y/y/y"]
    assert queue.rows[1].due_at - START > timedelta(days=364)


def test_an_index_that_forgets_makes_no_endless_run() -> None:
    """Where a commit leaves a URL due, it is asked once, not for ever."""
    queue = MemoryQueue()
    queue.add("http://a.example/1")
    world = World(queue, fine)
    world.on_commit = lambda due: queue.rows.__setitem__(1, replace(queue.rows[1], due_at=START))
    world.run()
    assert world.pages() == ["http://a.example/1"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.floats(0, 3))
def test_every_url_of_every_host_is_asked(sizes: list[int], delay: float) -> None:
    """However many URLs a host has, all are asked once, no host sooner than its delay allows, without busy waiting."""
    queue = MemoryQueue()
    for number, size in enumerate(sizes):
        queue.add(*(f"http://{number}.example/{n}" for n in range(size)))
    world = World(queue, fine, delay=delay)
    world.run()
    assert sorted(world.pages()) == sorted(row.url for row in queue.rows.values())
    longest = max(sizes) + 1
    assert world.time <= longest * (0.1 + delay) + 0.3 * longest + 4
    assert queue.asked <= world.time / 0.25 + 4


class StoppedWorld(World):
    """A run that is stopped while it waits for its first answer."""

    def _answering(
        self, frontier: Frontier, due: Due, events: list[tuple[float, int, Callable[[], None]]]
    ) -> Callable[[], None]:
        answering = super()._answering(frontier, due, events)

        def stopped() -> None:
            frontier.stop()
            answering()

        return stopped


@pytest.mark.parametrize("obey", [True, False], ids=["robots.txt", "page"])
def test_what_we_cut_short_says_nothing_of_a_host(*, obey: bool) -> None:
    """Who takes the site next asks for it at once: that a run was stopped is no fault of the host's."""
    queue = MemoryQueue()
    queue.add("https://news.example/a")
    world = StoppedWorld(queue, lambda _: Answer(silent=True), obey=obey)
    frontier = world.run()
    assert len(world.asked) == 1
    assert queue.rows[1].due_at == START
    assert frontier.problems == []


def elsewhere(due: Due) -> Answer:
    """The robots.txt of a.example lies at b.example, which says that it is too busy; all else is fine."""
    if due.url == "http://a.example/robots.txt":
        return Answer(status=301, robots=RobotsAnswer(status=301, redirect_url="http://b.example/for-a.txt"))
    if due.url == "http://b.example/1":
        return Answer(status=503, retry_after="7200")
    return fine(due)


@pytest.mark.parametrize("took", [1.5, 60.0], ids=["waits there already", "comes later"])
def test_a_robots_at_a_host_that_is_left_in_peace_is_not_waited_for(took: float) -> None:
    """The run goes on without the host whose rules it has: for as long as they cannot be had."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", "http://a.example/2", "http://b.example/1", "http://c.example/1")
    world = World(queue, elsewhere)
    world.takes = lambda due: {"http://b.example/1": 5.0, "http://a.example/robots.txt": took}.get(due.url, 0.1)
    frontier = world.run()
    assert "http://b.example/for-a.txt" not in [url for _, url in world.asked]
    assert sorted(world.pages()) == ["http://b.example/1", "http://c.example/1"]
    for number in (1, 2):
        assert timedelta(hours=1.9) < queue.rows[number].due_at - START < timedelta(hours=2.1)
    assert sorted(line.partition(":")[0] for line in frontier.problems) == [
        "a.example has its robots.txt at b.example, which answers 503",
        "b.example answers 503",
    ]


def test_a_crawl_delay_that_is_learnt_elsewhere_counts_from_the_last_answer() -> None:
    """Rules hold for the host that they are of, wherever they lie; the other one's pace is its own."""
    queue = MemoryQueue()
    queue.add("http://a.example/1", *(f"http://b.example/{n}" for n in range(2, 5)))

    def answer(due: Due) -> Answer:
        if due.url == "http://b.example/for-a.txt":
            return Answer(status=200, robots=RobotsAnswer(status=200, block=DISALLOW))
        return elsewhere(due)

    world = World(queue, answer)
    world.run()
    times = {name: [at for at, url in world.asked if name in url] for name in ("a.example", "b.example")}
    gaps = {name: [round(after - before, 3) for before, after in pairwise(each)] for name, each in times.items()}
    assert gaps == {"a.example": [5.1], "b.example": [1.1] * 4}


def test_what_we_cut_of_a_robots_is_no_verdict() -> None:
    """The half that came is kept; the host is neither closed nor remembered, and what waits for it stays due."""
    queue = MemoryQueue()
    queue.add("https://news.example/a")
    half = RobotsAnswer(status=200, block=b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDis", truncated="unspecified")
    world = StoppedWorld(queue, lambda _: Answer(status=200, robots=half, cut=True))
    frontier = world.run()
    assert (len(world.asked), frontier.problems) == (1, [])
    assert queue.rows[1].due_at == START
    assert frontier._peace.pending_changes() == {}


class Drawing:
    """A run by hand, in which pages are drawn. Nothing is waited for: a second passes with each turn."""

    def __init__(self, executor: ThreadPoolExecutor, *urls: str, max_pages: int = 0, obey: bool = False) -> None:
        queue = MemoryQueue()
        queue.add(*urls)
        self.time = 0.0
        self.counters: Counter[str] = Counter()
        self.frontier = Frontier(
            queue,
            {"news": PolitenessSettings(delay=1.0, obey_robots=obey, max_delay=1.0)},
            Robots("newsarchive/1", clock=lambda: self.time),
            executor=executor,
            counters=self.counters,
            max_pages=max_pages,
            now=lambda: START + timedelta(seconds=self.time),
            clock=lambda: self.time,
        )

    async def pages(self) -> list[Due]:
        """What is handed out now."""
        self.time += 10.0
        refill = self.frontier.refill_at()
        if refill is not None and refill <= self.time:
            await self.frontier.refill()
        return list(iter(self.frontier.next, None))

    async def drawn(self, count: int) -> list[Due]:
        """Pages whose documents came, and that a browser draws from now on."""
        pages = await self.pages()
        assert len(pages) == count
        for page in pages:
            self.frontier.answered(page, OK, drawn=True)
        return sorted(pages, key=lambda due: due.url)

    def part(self, page: Due, url: str) -> Guest:
        """What a page asks for."""
        guest = self.frontier.expect(page, url)
        assert guest is not None
        return guest


def by_hand(run: Callable[[Callable[..., Drawing]], Coroutine[None, None, None]]) -> None:
    with ThreadPoolExecutor(1) as executor:
        asyncio.run(run(partial(Drawing, executor)))


def test_pages_that_are_drawn_get_parts_from_each_others_hosts() -> None:
    """One at a time, and after the pause; and no other page of theirs is asked for until they are drawn."""

    async def run(drawing: Callable[..., Drawing]) -> None:
        world = drawing("http://a.example/1", "http://b.example/1", "http://a.example/2")
        one, two = await world.drawn(2)
        there, again, back = (
            world.part(one, "http://b.example/x"),
            world.part(one, "http://b.example/y"),
            world.part(two, "http://a.example/x"),
        )
        assert world.frontier.next() is None
        assert (there.admitted, again.admitted, back.admitted) == (False, False, False)
        assert await world.pages() == []
        assert (there.admitted, again.admitted, back.admitted) == (True, False, True)
        world.frontier.answered(there.due, OK)
        assert world.frontier.next() is None
        assert not again.admitted
        assert await world.pages() == []
        assert again.admitted
        world.frontier.turns.end(one)
        assert await world.pages() == []  # the other page's part is under way at its host
        world.frontier.answered(back.due, OK)
        assert [due.url for due in await world.pages()] == ["http://a.example/2"]

    by_hand(run)


def test_a_run_that_is_spent_finishes_the_page_that_it_has_begun() -> None:
    """Its parts are had, with the robots.txt for them; no further page is."""

    async def run(drawing: Callable[..., Drawing]) -> None:
        world = drawing("http://a.example/1", "http://a.example/2", max_pages=1, obey=True)
        (robots,) = await world.pages()
        world.frontier.answered(robots, fine(robots))
        (page,) = await world.drawn(1)
        part, never = world.part(page, "http://b.example/x"), world.part(page, "http://b.example/no/x")
        (robots,) = await world.pages()
        assert robots.url == "http://b.example/robots.txt"
        world.frontier.answered(robots, Answer(status=200, robots=RobotsAnswer(status=200, block=DISALLOW)))
        assert await world.pages() == []
        assert (part.admitted, never.told.done()) == (True, False)
        world.frontier.answered(part.due, OK)
        assert await world.pages() == []
        assert await world.frontier.turns.wait(never, 0.0) is Turn.REFUSED
        assert world.counters["disallowed"] == 1
        world.frontier.turns.end(page)
        assert await world.pages() == []

    by_hand(run)


def test_what_nobody_waits_for_any_more_holds_no_host() -> None:
    """A page that was drawn, a wait that was given up, a run that was stopped: all else goes on."""

    async def run(drawing: Callable[..., Drawing]) -> None:
        world = drawing("http://a.example/1")
        (page,) = await world.drawn(1)
        given_up = world.part(page, "http://b.example/x")
        waiting = asyncio.ensure_future(world.frontier.turns.wait(given_up, 60.0))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert world.frontier.waiting == 0
        late = world.part(page, "http://b.example/y")
        world.frontier.turns.end(page)
        assert (late.late, world.frontier.waiting) == (True, 0)
        assert world.frontier.expect(page, "http://b.example/z") is None
        assert await world.pages() == []

    by_hand(run)


def test_a_robots_that_no_request_can_be_made_of_is_none_if_a_redirect_led_there() -> None:
    """What waited for it is asked for; where the authority itself is no address, all that waits is put off for ever."""

    async def run(drawing: Callable[..., Drawing]) -> None:
        world = drawing("http://a.example/1", "http://a.example/2", obey=True)
        (robots,) = await world.pages()
        onward = RobotsAnswer(status=301, redirect_url="http://b.example/robots.txt")
        world.frontier.answered(robots, Answer(status=301, robots=onward))
        (hop,) = await world.pages()
        assert hop.url == "http://b.example/robots.txt"
        world.frontier.impossible(hop)
        assert [due.url for due in await world.pages()] == ["http://a.example/1"]
        other = drawing("http://a.example/1", "http://a.example/2", obey=True)
        (robots,) = await other.pages()
        other.frontier.impossible(robots)
        assert other.counters["refused"] == 1
        (again,) = await other.pages()
        other.frontier.impossible(again)
        assert (other.counters["refused"], other.frontier.waiting) == (2, 0)

    by_hand(run)
