"""Sites with outages: what each URL answers at a time of the simulated month."""

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cached_property

from tests.newsroom import Newsroom, prose, story_text
from tests.newsroom.clock import OPENS
from tests.newsroom.http_messages import AfterResponse, Request, Response
from tests.newsroom.many_sites import TOP_LEVEL
from tests.newsroom.seeded_random import stable_hash

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NAMED = 15
"""Stories that the feed and the front page name: the newest."""
STORIES_PER_DAY = 3
EDITED = 0.35
"""Share of the stories that are edited once."""
LENGTHS = (HOUR, 6 * HOUR, 18 * HOUR, 3 * DAY)
QUIET_END = 9 * DAY
"""Without outages at the end of the month: what was due in an outage is looked at again until then."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """An article of a site."""

    site: int
    number: int
    published: datetime
    edited: datetime | None

    @cached_property
    def path(self) -> str:
        """Path of its URL."""
        return f"/news/{self.number}/{'-'.join(re.findall('[a-z]+', self.headline.lower()))}"

    @cached_property
    def headline(self) -> str:
        """As printed; no two of a site are equal."""
        return f"{story_text.headline(self._spec)} ({self.number})"

    def paragraphs(self, edition: int) -> list[str]:
        """Return the text of edition 0, or 1 after the edit."""
        text = [block.text for block in story_text.body(self._spec)]
        if edition:
            # Of another story: a sentence that all edits share would be learned as boilerplate.
            other = replace(self._spec, name=f"{self._spec.name}/edit")
            text[3] = story_text.body(other)[3].text
        return text

    @property
    def _spec(self) -> story_text.StorySpec:
        sections = sorted(prose.story_templates())
        section = sections[self.number % len(sections)]
        return story_text.StorySpec(name=f"{self.site}/{self.number}", section=section, length=8)

    def edition_at(self, now: datetime) -> int:
        """Return the edition that stands at a time."""
        return int(self.edited is not None and self.edited <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which a site answers something else."""

    kind: str
    begins: datetime
    ends: datetime
    whole_site: bool
    """False: only the pages of its stories."""


def _answer(body: str = "", status: str = "200 OK", mime: str = "text/html; charset=utf-8", more: str = "") -> Response:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\n{more}Content-Length: {len(data)}\r\n\r\n"
    return Response(data=head.encode() + data)


def _page(title: str, *paragraphs: str) -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{title}</title></head><body><h1>{title}</h1>{text}</body></html>"
    )


_REDIRECTS = {
    "302 to /sorry": ("302 Found", "/sorry"),
    "302 to another host": ("302 Found", f"http://parked.{TOP_LEVEL}/"),
    "307 to /wait": ("307 Temporary Redirect", "/wait"),
}
_PAGES = {
    "challenge": ("Just a moment...", "Checking your browser before you go on. Verify you are human."),
    "maintenance with status 200": (
        "We will be back soon",
        *("The site is under maintenance tonight, and our engineers will be done with it by the morning.",) * 6,
    ),
    "consent page": (
        "Before you continue",
        *("We and our 823 partners store cookies on your device to show you personalised advertising.",) * 5,
        "Accept all",
        "Reject all",
        "Manage options",
    ),
    "offline page": ("You are offline", "There is no connection to the internet. Please try again when there is."),
    "CMS error page": ("Database error", "Error establishing a database connection"),
}
_ERRORS = {
    "404": ("404 Not Found", "There is no such page."),
    "403": ("403 Forbidden", "You are not allowed to see this."),
    "500": ("500 Internal Server Error", "An error has occurred."),
    "503": ("503 Service Unavailable", "Please try again."),
}
KINDS = (*_REDIRECTS, *_PAGES, *_ERRORS, "empty body", "script shell", "connection closed")
"""Kinds of outages."""


def _answer_in_outage(kind: str, path: str, now: datetime) -> Response:
    if kind in _REDIRECTS:
        status, target = _REDIRECTS[kind]
        return _answer(status=status, more=f"Location: {target}\r\n")
    if kind in _PAGES:
        # As many sites do: no two answers are equal.
        return _answer(_page(*_PAGES[kind], f"Requested: {path} at {now:%H:%M:%S}, {stable_hash(path) % 9973}"))
    if kind in _ERRORS:
        status, text = _ERRORS[kind]
        return _answer(_page(status, text), status)
    if kind == "connection closed":
        return Response(data=b"", after=AfterResponse.RESET)
    shell = "<!DOCTYPE html><html><head><title>News</title></head><body><div id='root'></div>"
    return _answer(f"{shell}<script src='/app.js'></script></body></html>" if kind == "script shell" else "")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A site over the month."""

    number: int
    stories: tuple[Story, ...]
    outages: tuple[Outage, ...]

    @property
    def host(self) -> str:
        """Name of its host."""
        return f"s{self.number}.{TOP_LEVEL}"

    @cached_property
    def by_path(self) -> dict[str, Story]:
        """Stories by the path of their URL."""
        return {story.path: story for story in self.stories}

    def named_at(self, now: datetime) -> list[Story]:
        """Return the stories that feed and front page name, the newest first."""
        return [story for story in reversed(self.stories) if story.published <= now][:NAMED]

    def measure_named(self, story: Story, until: datetime) -> timedelta:
        """Return how long a story was named while the site answered with its own pages."""
        later = [each.published for each in self.stories if each.published > story.published]
        end = min(later[NAMED - 1] if len(later) >= NAMED else until, until)
        begin = max(story.published, OPENS)
        down = (
            max(min(outage.ends, end) - max(outage.begins, begin), timedelta(0))
            for outage in self.outages
            if outage.whole_site
        )
        return end - begin - sum(down, timedelta(0))

    def outage_at(self, now: datetime) -> Outage | None:
        """Return the outage at a time."""
        return next((outage for outage in self.outages if outage.begins <= now < outage.ends), None)


def make_papers(sites: int, days: int, seed: int) -> list[Paper]:
    """Return the sites of a month with its outages."""
    return [_make_paper(number, days, random.Random(f"{seed}/{number}")) for number in range(sites)]


def without_outages(papers: Sequence[Paper]) -> list[Paper]:
    """Return the same month without outages."""
    return [replace(paper, outages=()) for paper in papers]


def _make_paper(number: int, days: int, chance: random.Random) -> Paper:
    span = timedelta(days=days)
    moments = sorted(OPENS + span * chance.uniform(-0.03, 1) for _ in range(days * STORIES_PER_DAY))
    stories = tuple(
        Story(
            site=number,
            number=index,
            published=moment,
            edited=moment + DAY * chance.uniform(0.02, 5) if chance.random() < EDITED else None,
        )
        for index, moment in enumerate(moments)
    )
    outages = []
    begins = OPENS + HOUR * chance.uniform(1, 60)
    while begins < OPENS + span - QUIET_END - max(LENGTHS):
        ends = begins + chance.choice(LENGTHS)
        kind = chance.choice(KINDS)
        outages.append(Outage(kind=kind, begins=begins, ends=ends, whole_site=chance.random() < 0.4))
        begins = ends + HOUR * chance.uniform(8, 96)
    return Paper(number=number, stories=stories, outages=tuple(outages))


@dataclass(eq=False)
class OutageNewsroom(Newsroom):
    """All sites of a month behind one port, distinguished by host name."""

    papers: Sequence[Paper]
    requests: Counter[str] = field(default_factory=Counter)
    """Requests by what answered them: "page", or the kind of the outage."""

    def __post_init__(self) -> None:
        """Make the rest of the newsroom, which nothing links."""
        super().__init__(articles=60)
        self._by_host = {paper.host: paper for paper in self.papers}

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Answer as the site does at the time."""
        del origin
        paper = self._by_host.get(request.get("host").partition(":")[0])
        if paper is None:
            self.requests["another host"] += 1
            return _answer(_page("Parked", "This domain is for sale."))
        outage = paper.outage_at(at)
        if outage and (outage.whole_site or request.target in paper.by_path):
            self.requests[outage.kind] += 1
            return _answer_in_outage(outage.kind, request.target, at)
        self.requests["page"] += 1
        return _build_page(paper, request.target, at)


def _build_page(paper: Paper, target: str, now: datetime) -> Response:
    if target == "/robots.txt":
        return _answer("User-agent: *\nDisallow: /drafts/\n", mime="text/plain")
    if target == "/":
        return _answer(_front_page(paper, now))
    if target == "/feed.xml":
        return _answer(_feed(paper, now), mime="application/rss+xml")
    if target in ("/sorry", "/wait"):
        return _answer(_page("Sorry", "The site is not there at the moment."))
    story = paper.by_path.get(target)
    if story is None or story.published > now:
        return _answer(_page("Not found", "There is no such page."), "404 Not Found")
    return _answer(_article(story, now))


def _front_page(paper: Paper, now: datetime) -> str:
    cards = "".join(
        f'<article><h2><a href="{story.path}">{story.headline}</a></h2></article>' for story in paper.named_at(now)
    )
    feed = '<link rel="alternate" type="application/rss+xml" href="/feed.xml">'
    return f"<!DOCTYPE html><html><head><title>Paper</title>{feed}</head><body><main>{cards}</main></body></html>"


def _feed(paper: Paper, now: datetime) -> str:
    items = "".join(
        f"<item><title>{story.headline}</title><link>{story.path}</link>"
        f"<pubDate>{format_datetime(story.published)}</pubDate></item>"
        for story in paper.named_at(now)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title>{items}</channel></rss>'


def _article(story: Story, now: datetime) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.headline,
        "datePublished": story.published.isoformat(timespec="seconds"),
    }
    body = "".join(f"<p>{paragraph}</p>" for paragraph in story.paragraphs(story.edition_at(now)))
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>{story.headline}</title><script type='application/ld+json'>"
        f"{json.dumps(data)}</script></head><body><main><article><h1>{story.headline}</h1>{body}</article></main>"
        "</body></html>"
    )
