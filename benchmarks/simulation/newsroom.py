"""Forty sources with rhythms of their own, and what they show at any moment of a simulated month.

Nothing is random twice: a month is made from one seed, and every policy meets the same month. Times are minutes since
its begin, a Monday's midnight (UTC).
"""

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from storage.model import UrlKind

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = 60.0, 1440.0
BEFORE = 28 * DAY
"""The newsrooms have been at work for as long when the archive begins."""

Rate = Callable[[float], float]
"""Minute of the week -> articles an hour, relative to the rhythm's own mean."""


@dataclass(slots=True, eq=False)
class Story:
    """One article of the month."""

    published: float
    edits: tuple[tuple[float, float], ...] = ()
    """When each edited text stood on the page: from, until. In between stands the first text."""

    def text_at(self, at: float) -> int:
        """Return which text the page has: 0 for the first, else the edit's number."""
        return next((number for number, (since, until) in enumerate(self.edits, 1) if since <= at < until), 0)

    def changed_at(self, at: float) -> float:
        """Return when the page changed last."""
        moments = [moment for edit in self.edits for moment in edit if moment <= at]
        return max(moments, default=self.published)


@dataclass(slots=True, eq=False)
class Source:
    """A feed, sitemap or listing of a site."""

    name: str
    kind: UrlKind
    stories: Sequence[Story]
    holds: int = 50
    """Items, the newest ones."""
    lag: float = 0.0
    """Minutes until it names a new article."""
    dated: bool = True
    tells: bool = False
    """It says when an article was changed."""
    ends: float = math.inf
    """From then on it shows what it showed then."""
    _shown: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._shown = [story.published + self.lag for story in self.stories]

    def window(self, at: float) -> Sequence[Story]:
        """Return what it names, oldest first."""
        end = bisect_right(self._shown, min(at, self.ends))
        return self.stories[max(end - self.holds, 0) : end]

    def came(self, since: float, until: float) -> int:
        """Return how many items came in a time."""
        return bisect_right(self._shown, min(until, self.ends)) - bisect_right(self._shown, min(since, self.ends))


@dataclass(slots=True, eq=False)
class Paper:
    """A site: its articles and its sources."""

    name: str
    stories: list[Story]
    rate: Rate
    """Articles an hour, by the minute of the month."""
    sources: list[Source] = field(default_factory=list)
    tells: bool = False
    """One of its sources says when articles change."""

    def add(self, kind: UrlKind, **how: object) -> "Paper":
        """Give it one more source."""
        name = f"{self.name} {kind.value}"
        source = Source(name, kind, self.stories, **how)  # type: ignore[arg-type]  # the caller's keywords are fields
        self.sources.append(source)
        self.tells |= source.tells
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Events, with the special ones."""

    papers: tuple[Paper, ...]
    end: float
    silent: Source
    overflowing: Source

    def sources(self) -> Iterator[tuple[Paper, Source]]:
        """Yield every source with its site."""
        for paper in self.papers:
            for source in paper.sources:
                yield paper, source


def month(days: int = 30, seed: int = 1) -> Month:
    """Make a month (or less) of 40 sources."""
    dice = random.Random(seed)
    end = days * DAY
    make = _Maker(dice, end)
    papers: list[Paper] = []
    feed, sitemap, listing = UrlKind.FEED, UrlKind.SITEMAP, UrlKind.LISTING
    for number, (daily, holds) in enumerate(((250, 100), (150, 60), (100, 40))):
        papers.append(make.paper(f"wire {number}", daily, all_day, zone=number * 5).add(feed, holds=holds))
    papers[0].add(sitemap, holds=500, lag=5, tells=True).add(listing, holds=60, dated=False)
    for number in range(6):
        paper = make.paper(f"regional {number}", 40, office_hours, zone=number - 2, tells=number >= 3)
        papers.append(paper.add(feed, holds=25))
        if number < 3:
            paper.add(listing, holds=40, dated=False, lag=2)
        else:
            paper.add(sitemap, holds=1500, lag=180, dated=False, tells=True)
    papers += [make.paper(f"business {n}", 30, weekdays, zone=1).add(feed, holds=20) for n in range(3)]
    papers[-1].add(listing, holds=30, dated=False)
    papers[-2].add(sitemap, holds=800, lag=60, tells=True)
    papers += [make.paper(f"nightless {n}", 60, night_quiet, zone=8).add(feed, holds=30) for n in range(3)]
    papers += [make.paper(f"magazine {n}", 3, weekly(n), zone=0).add(feed, holds=20) for n in range(3)]
    papers += [make.paper(f"ten items {n}", 70, rush_hours, zone=n * 6).add(feed, holds=10) for n in range(2)]
    papers += [make.paper(f"page {n}", 25, office_hours, zone=n).add(listing, holds=30, dated=False) for n in range(2)]
    papers += [make.paper(f"blog {n}", 0.5, office_hours, zone=n).add(feed, holds=10) for n in range(4)]
    silent = make.paper("going silent", 50, office_hours, zone=0)
    papers.append(silent.add(feed, holds=30, ends=0.6 * end + 10 * HOUR).add(listing, holds=40, dated=False))
    ticker = make.paper("ticker", 40, office_hours, zone=3, bursts=0.5 * end)
    papers.append(ticker.add(feed, holds=10).add(sitemap, holds=2000, lag=30, tells=True))
    return Month(papers=tuple(papers), end=end, silent=silent.sources[0], overflowing=ticker.sources[0])


class _Maker:
    """Makes sites from one set of dice."""

    def __init__(self, dice: random.Random, end: float) -> None:
        self._dice = dice
        self._end = end

    def paper(self, name: str, daily: float, rhythm: Rate, *, zone: int, **how: float) -> Paper:
        """Make a site that brings so many articles a day, on the average of a week."""
        mean = sum(rhythm(minute * 30.0) for minute in range(336)) / 336
        quiet = (self._end * 0.4) // (7 * DAY) * 7 * DAY + 5 * DAY

        def rate(at: float) -> float:
            here = (at + zone * HOUR) % (7 * DAY)
            # One weekend on which little happens anywhere.
            calm = 0.35 if quiet <= at < quiet + 2 * DAY else 1.0
            return daily / 24 * rhythm(here) / mean * calm

        moments = sorted(self._moments(rate))
        if "bursts" in how:
            moments = sorted(moments + list(self._bursts(how["bursts"])))
        late = bool(how.get("tells"))
        stories = [Story(at, self._edits(at, late=late)) for at in moments]
        return Paper(name, stories, rate)

    def _moments(self, rate: Rate) -> Iterator[float]:
        """When articles appear: by chance, and a quarter of them soon after another."""
        for slot in range(int(-BEFORE / 10), int(self._end / 10)):
            start = slot * 10.0
            for _ in range(_poisson(self._dice, rate(start) / 6 * 0.75)):
                at = start + self._dice.uniform(0, 10)
                yield at
                while self._dice.random() < 0.25:
                    yield at + self._dice.expovariate(1 / 4)

    def _bursts(self, since: float) -> Iterator[float]:
        """Once in a day or so, thirty items within ten minutes."""
        at = since + 10 * HOUR
        while at < self._end:
            for _ in range(30):
                yield at + self._dice.uniform(0, 10)
            at += self._dice.uniform(0.7, 1.6) * DAY

    def _edits(self, published: float, *, late: bool) -> tuple[tuple[float, float], ...]:
        """Every fifth article is edited, most soon; after its first day only where the site tells of changes."""
        edits: list[tuple[float, float]] = []
        at = published
        while self._dice.random() < 0.2 and len(edits) < 3:
            within = 6 * DAY if late and self._dice.random() < 0.15 else 20 * HOUR
            at += min(self._dice.expovariate(1 / (4 * HOUR)) if within < DAY else self._dice.uniform(0, within), within)
            if at - published > DAY and not late:
                break
            lasts = self._dice.choice((20.0, 2 * HOUR, 12 * HOUR, 24 * HOUR, 24 * HOUR, 90 * DAY))
            edits.append((at, at + lasts))
            at += lasts
        return tuple(edits)


def _poisson(dice: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def _by_hour(week: Sequence[float], weekend: Sequence[float]) -> Rate:
    def rate(minute: float) -> float:
        hour = int(minute // HOUR)
        return (week if hour < 120 else weekend)[hour % 24]

    return rate


def _day(**parts: float) -> list[float]:
    """Return 24 values: night 0-5, dawn 5-8, morning 8-12, noon 12-18, evening 18-22, late 22-24."""
    bounds = {"night": 5, "dawn": 8, "morning": 12, "noon": 18, "evening": 22, "late": 24}
    values: list[float] = []
    for part, until in bounds.items():
        values += [parts.get(part, 0.0)] * (until - len(values))
    return values


all_day = _by_hour(_day(night=1, dawn=2, morning=3, noon=3, evening=2, late=1.2), [1.2] * 24)
office_hours = _by_hour(
    _day(night=0.05, dawn=2, morning=3, noon=3, evening=1, late=0.2), _day(dawn=0.5, morning=1.5, noon=1, evening=0.5)
)
weekdays = _by_hour(_day(dawn=2, morning=4, noon=3, evening=0.3), _day(noon=0.04))
night_quiet = _by_hour(_day(dawn=1, morning=3, noon=3, evening=3, late=1), _day(dawn=1, morning=2, noon=3, evening=3))
rush_hours = _by_hour(
    [0.1, 0, 0, 0, 0.2, 1, 4, 9, 7, 3, 2, 2, 3, 2, 2, 2, 3, 6, 6, 3, 1, 1, 0.5, 0.2],
    _day(dawn=1, morning=3, noon=1.5, evening=1),
)


def weekly(number: int) -> Rate:
    """Return a magazine's rhythm: most of it on one morning."""
    day = 2 + number

    def rate(minute: float) -> float:
        return 40.0 if day * DAY + 6 * HOUR <= minute < day * DAY + 8 * HOUR else 0.15

    return rate


def first_of(stories: Sequence[Story], at: float) -> int:
    """Return the place of the first article that appeared then or later."""
    return bisect_left(stories, at, key=lambda story: story.published)


def moment(at: float) -> datetime:
    """Return a minute of the month as a date."""
    return BEGIN + timedelta(minutes=at)
