"""robots.txt by RFC 9309: what each authority lets us ask for, and how often.

    unknown --first URL of the authority--> asked for --answer--> rules, for a day
                                              |  ^
                                              +--+ redirect, five times at most (2.3.1.2)

It is fetched and kept like any page. 4xx lets everything (2.3.1.3); 5xx, 429 and no answer at all let nothing for now
(2.3.1.4). A sixth redirect, or one to what is no address to ask, is taken as 4xx: there is no robots.txt.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from newsarchive.crawl.download.ssrf import has_host, refusal
from storage.errors import PayloadError
from storage.model import Discovery, UrlKind
from storage.references import resolved
from storage.warc.payload import decoded

READ = 512_000
"""Bytes of a robots.txt that are read; RFC 9309, 2.5 asks for 500 KiB at least."""
INFLATED = 10_000_000
HOPS = 5
LASTS = 86_400.0
"""Seconds for which rules hold; RFC 9309, 2.4 says no longer than a day."""
CLOSED = 3_600.0
"""Seconds until a robots.txt that could not be had is asked for again."""
GONE_ASTRAY = 301
"""Status of a redirect that leads to nothing that could be asked for."""
LONGEST_DELAY = 3_600.0
"""Seconds; a Crawl-delay above that is taken as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one authority's robots.txt says to us."""

    closed: str | None = None
    """Why nothing may be asked for at present; None where the file was read, or there is none."""
    delay: float | None = None
    """Crawl-delay or Request-rate, in seconds between requests."""
    text: Protego | None = None
    agent: str = ""

    def allows(self, url: str) -> bool:
        """Whether a URL of that authority may be asked for."""
        return self.closed is None and (self.text is None or bool(self.text.can_fetch(url, self.agent)))


EVERYTHING = Rules()


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsAnswer:
    """What came back for a robots.txt."""

    status: int | None
    """None where nothing came that is HTTP."""
    block: bytes = b""
    truncated: str | None = None
    redirect_url: str | None = None
    """Where it leads; None where it leads nowhere."""


def authority(url: str) -> str:
    """Scheme, host and port: what one robots.txt speaks for (RFC 9309, 2.3).

    >>> authority("https://News.example/a?b")
    'https://news.example'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


@dataclass(slots=True)
class _Known:
    rules: Rules | None = None
    until: float = 0.0
    asked: str = ""
    """URL that is being asked for, while it is."""
    hops: int = 0


class Robots:
    """The rules of all authorities of a run."""

    def __init__(self, agent: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent = agent
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def rules(self, url: str) -> Rules | None:
        """The rules for a URL; None while they are not known: then ask for `wanted(url)`."""
        known = self._known.get(authority(url))
        return known.rules if known and known.rules and known.until > self._clock() else None

    def wanted(self, url: str) -> str:
        """The URL to fetch, so that the rules for `url` become known."""
        known = self._known.setdefault(authority(url), _Known())
        if not known.asked:
            known.asked, known.hops = f"{authority(url)}/robots.txt", 0
        return known.asked

    def learn(self, url: str, answer: RobotsAnswer) -> Rules | None:
        """Take what came back for `wanted(url)`; None where a redirect is to be followed by asking once more."""
        known = self._known.setdefault(authority(url), _Known())
        onward = answer.redirect_url
        if onward and known.hops < HOPS and not refusal(onward) and has_host(onward):
            known.asked, known.hops = resolved(known.asked, onward), known.hops + 1
            return None
        known.rules, known.asked = read_rules(answer, self._agent), ""
        known.until = self._clock() + (CLOSED if known.rules.closed else LASTS)
        return known.rules

    def mark_unreachable(self, url: str) -> bool:
        """Take it that `wanted(url)` cannot be asked for; False where that is no redirect's target.

        A redirect to what is no address is taken as the sixth in a row is: there is no robots.txt (RFC 9309, 2.3.1.2).
        """
        known = self._known.setdefault(authority(url), _Known())
        if not known.hops:
            known.asked = ""
            return False
        self.learn(url, RobotsAnswer(status=GONE_ASTRAY))
        return True

    def recall(self, url: str, answer: RobotsAnswer, age: float) -> Rules | None:
        """Take what the archive holds for a URL's authority, so many seconds old; None where it is too old."""
        rules = read_rules(answer, self._agent)
        left = (CLOSED if rules.closed else LASTS) - age
        if left <= 0:
            return None
        self._known[authority(url)] = _Known(rules=rules, until=self._clock() + left)
        return rules


def read_rules(answer: RobotsAnswer, agent: str) -> Rules:
    """What an answer to a request for robots.txt means for us."""
    status = answer.status
    if status is None or status >= 500 or status == 429:
        return Rules(closed=f"robots.txt answers {status}" if status else "robots.txt gives no answer")
    if not 200 <= status < 300:
        return EVERYTHING
    if answer.truncated not in (None, "length"):
        return Rules(closed=f"robots.txt came in part ({answer.truncated})")
    try:
        payload = decoded(answer.block, INFLATED)
    except PayloadError:
        return EVERYTHING  # what cannot be read has no rules that could be parsed (RFC 9309, 2.3.1.5)
    text = Protego.parse(payload[:READ].decode("utf-8-sig", "replace"))
    delays = [text.crawl_delay(agent) or 0.0]
    rate = text.request_rate(agent)
    if rate and rate.requests:
        delays.append(rate.seconds / rate.requests)
    return Rules(delay=min(max(delays), LONGEST_DELAY) or None, text=text, agent=agent)


def robots_discovery(site: str) -> Discovery:
    """How a robots.txt comes to be asked for."""
    return Discovery(site=site, kind=UrlKind.ROBOTS)
