"""A crawl of the simulated month: cron every ten minutes, a policy that decides, and what came of it.

What the index does is done here in memory: which items are fresh, which nobody had named, which captures brought a
change. A test holds both against each other.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import quantiles

from benchmarks.simulation.newsroom import DAY, Month, Paper, Source, Story, first_of, moment
from benchmarks.simulation.policies import Policy
from storage.model import Outcome, SourceCheck, SourceRates, UrlKind, VisitResult

CRON = 10.0
REQUEST = 1.5 / 60
"""Minutes that one request takes, the pause after it included."""
OUTCOMES = {UrlKind.FEED: Outcome.FEED, UrlKind.SITEMAP: Outcome.SITEMAP, UrlKind.LISTING: Outcome.LISTING}


@dataclass(slots=True, eq=False)
class Kept:
    """State of one article in the archive."""

    story: Story
    found: float
    looked: float
    text: int
    texts: set[int]
    failures: int = 0
    unchanged: int = 0
    due: float | None = None
    """What counts of several appointments."""


@dataclass(slots=True, eq=False)
class Known:
    """State of one source in the archive."""

    paper: "Site"
    source: Source
    window: frozenset[int] | None = None
    habits: SourceRates | None = None
    unchanged: int = 0
    read_at: float = 0.0
    first: datetime | None = None


@dataclass(slots=True, eq=False)
class Site:
    """A site under way."""

    paper: Paper
    busy_until: float = 0.0
    named: set[int] = field(default_factory=set)
    kept: dict[int, Kept] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Alarm:
    """Reports to the owner."""

    at: float
    what: str
    """silent or lost."""
    source: Source
    true: bool
    """Whether it was so."""


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Result of a policy for the month."""

    readings: int = 0
    """Requests for feeds, sitemaps and listings."""
    visits: int = 0
    """Requests for articles."""
    published: int = 0
    delays: list[float] = field(default_factory=list)
    """Minutes from publication to capture, of articles that appeared in the month and were found."""
    lost: dict[str, int] = field(default_factory=dict)
    edits: int = 0
    """Planted edits that lasted 24 h or more, and began a day before the end at least."""
    caught: int = 0
    """Those of them that are versions now."""
    missed_edits: int = 0
    """Those that are not, although their article was found."""
    by_source: Counter[str] = field(default_factory=Counter)
    """Requests for each source."""
    alarms: list[Alarm] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """Return the delay that so many per cent of the articles stay under."""
        return quantiles(self.delays, n=100)[percent - 1]

    @property
    def share(self) -> float:
        """Return how much of all that was published is kept."""
        return len(self.delays) / self.published


def crawl(month: Month, policy: Policy) -> Outcomes:
    """Let a policy crawl a month."""
    return _Crawl(month, policy).run()


class _Crawl:
    def __init__(self, month: Month, policy: Policy) -> None:
        self._month = month
        self._plan = policy
        self._done = Outcomes()
        self._order = 0
        self._due: list[tuple[float, int, int, Known | tuple[Site, int]]] = []
        self._now: list[tuple[int, float, int, Known | tuple[Site, int]]] = []
        sites = {id(paper): Site(paper) for paper in month.papers}
        for paper, source in month.sources():
            self._appoint(0.0, 0, Known(sites[id(paper)], source))
        self._sites = list(sites.values())

    def run(self) -> Outcomes:
        at = 0.0
        while at < self._month.end:
            self._one_run(at)
            at += CRON
        for site in self._sites:
            self._sum_up(site)
        return self._done

    def _appoint(self, at: float, priority: int, what: "Known | tuple[Site, int]") -> None:
        self._order += 1
        heapq.heappush(self._due, (at, priority, self._order, what))

    def _at_once(self, at: float, priority: int, what: "Known | tuple[Site, int]") -> None:
        self._order += 1
        heapq.heappush(self._now, (priority, at, self._order, what))

    def _one_run(self, start: float) -> None:
        while self._due and self._due[0][0] <= start:
            at, priority, _, what = heapq.heappop(self._due)
            self._at_once(at, priority, what)
        while self._now:
            _, at, _, what = heapq.heappop(self._now)
            site = what.paper if isinstance(what, Known) else what[0]
            now = max(site.busy_until, start) + REQUEST
            if isinstance(what, Known):
                site.busy_until = now
                self._read(what, now)
            elif self._still_meant(site, what[1], at):
                site.busy_until = now
                self._visit(site, what[1], now)

    def _still_meant(self, site: Site, number: int, at: float) -> bool:
        kept = site.kept.get(number)
        return kept is None or kept.due == at

    def _read(self, known: Known, now: float) -> None:
        self._done.readings += 1
        self._done.by_source[known.source.name] += 1
        site, source = known.paper, known.source
        stories = source.window(now)
        first = first_of(source.stories, stories[0].published) if stories else 0
        window = frozenset(range(first, first + len(stories)))
        fresh = window - known.window if known.window is not None else window
        news = sorted(window - site.named)
        site.named.update(news)
        for number in news:
            self._at_once(now, 1, (site, number))
        self._told(site, source, window, now)
        published = tuple(moment(source.stories[number].published) if source.dated else None for number in fresh)
        held = SourceCheck(
            item_count=len(window),
            new_item_dates=published,
            first_named_count=len(news),
            previous_count=None if known.window is None else len(known.window),
            newest_item_at=moment(stories[-1].published) if stories and (source.dated or source.tells) else None,
        )
        self._plan_reading(known, held, now)
        known.window, known.read_at = window, now

    def _told(self, site: Site, source: Source, window: frozenset[int], now: float) -> None:
        """A source says when an article was changed: where the last look is older, it is due."""
        if not source.tells:
            return
        for number in window:
            kept = site.kept.get(number)
            if kept and kept.story.edits and kept.looked < kept.story.changed_at(now) and kept.due != now:
                kept.due = now
                self._at_once(now, 2, (site, number))

    def _plan_reading(self, known: Known, held: SourceCheck, now: float) -> None:
        at = moment(now)
        known.first = known.first or at
        look = self._plan(
            VisitResult(
                kind=known.source.kind, outcome=OUTCOMES[known.source.kind], status=200, fetched_at=at,
                changed=held.first_named_count > 0 or held.previous_count is None, failure_count=0,
                unchanged_count=known.unchanged,
                first_seen_at=known.first, source_check=held, source_rates=known.habits,
            )
        )  # fmt: skip
        before = known.habits
        known.habits, known.unchanged = look.source_rates, look.unchanged_count
        if look.source_rates is not None and before is not None:
            self._listen(known, before, look.source_rates, now)
        if look.due_at is not None:
            self._appoint(_minute(look.due_at), 0, known)

    def _listen(self, known: Known, before: SourceRates, after: SourceRates, now: float) -> None:
        source = known.source
        if after.silent_since and not before.silent_since:
            true = now > source.ends
            self._done.alarms.append(Alarm(at=now, what="silent", source=source, true=true))
        if after.lost_at != before.lost_at:
            true = source.came(known.read_at, now) >= source.holds
            self._done.alarms.append(Alarm(at=now, what="lost", source=source, true=true))

    def _visit(self, site: Site, number: int, now: float) -> None:
        self._done.visits += 1
        story = site.paper.stories[number]
        kept = site.kept.get(number)
        text = story.text_at(now)
        changed = kept is None or text != kept.text
        if kept is None:
            kept = site.kept[number] = Kept(story, now, now, text, {text})
        kept.text, kept.looked = text, now
        kept.texts.add(text)
        look = self._plan(
            VisitResult(
                kind=UrlKind.ARTICLE, outcome=Outcome.ARTICLE, status=200, fetched_at=moment(now), changed=changed,
                failure_count=0, unchanged_count=kept.unchanged, first_seen_at=moment(kept.found),
                published=moment(story.published), was_article=True,
            )
        )  # fmt: skip
        kept.unchanged = look.unchanged_count
        kept.due = None if look.due_at is None else _minute(look.due_at)
        if kept.due is not None:
            self._appoint(kept.due, 3, (site, number))

    def _sum_up(self, site: Site) -> None:
        done, end = self._done, self._month.end
        begin = first_of(site.paper.stories, 0.0)
        # What appears at the very end has no time to be found.
        last = first_of(site.paper.stories, end - DAY)
        done.published += last - begin
        missed = 0
        for number in range(begin, last):
            kept = site.kept.get(number)
            if kept is None:
                missed += 1
                continue
            done.delays.append(kept.found - kept.story.published)
        if missed:
            done.lost[site.paper.name] = missed
        for number in range(begin, last):
            story = site.paper.stories[number]
            for edit, (since, until) in enumerate(story.edits, 1):
                if until - since >= DAY and since < end - 2 * DAY:
                    done.edits += 1
                    kept = site.kept.get(number)
                    done.caught += kept is not None and edit in kept.texts
                    done.missed_edits += kept is not None and edit not in kept.texts


def _minute(at: datetime) -> float:
    return (at - moment(0)) / timedelta(minutes=1)
