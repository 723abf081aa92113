"""robots.txt by RFC 9309: the rules of each authority, and the requests for them.

    unknown --first URL of the authority--> requested --response--> rules, for a day
                                              |  ^
                                              +--+ redirect, five times at most (2.3.1.2)

A robots.txt is fetched and recorded like any page. 4xx allows everything (2.3.1.3); 5xx, 429 and no response disallow
everything for now (2.3.1.4). A sixth redirect, one to an invalid URL or one in a circle counts as 4xx.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protego import Protego

from newsarchive.crawl.hosts import HostQueues
from newsarchive.urls.ssrf import has_valid_host, url_refusal_reason
from storage.errors import PayloadError, PayloadTooLarge
from storage.model import Discovery, DueUrl, UrlKind
from storage.urls import resolve_url
from storage.warc.payload import decode_payload

MAX_SIZE = 512_000
"""Bytes of a robots.txt that are parsed; RFC 9309, 2.5 demands at least 500 KiB."""
MAX_REDIRECTS = 5
RULES_TTL = 86_400.0
"""Seconds for which rules are valid; RFC 9309, 2.4 allows no more than a day."""
UNREACHABLE_TTL = 3_600.0
"""Seconds until a robots.txt that could not be fetched is requested again."""
INVALID_REDIRECT = 301
"""Status recorded for a redirect to a URL that cannot be requested."""
MAX_DELAY = 3_600.0
"""Seconds; a longer Crawl-delay is cut to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsRules:
    """Rules of one authority's robots.txt for our user agent."""

    unreachable: str | None = None
    """Reason why nothing may be requested at present; None if the file was read or does not exist."""
    delay: float | None = None
    """Crawl-delay or Request-rate, in seconds between requests."""
    parser: Protego | None = None
    agent: str = ""

    def allows(self, url: str) -> bool:
        """Return True if a URL of that authority may be requested."""
        return self.unreachable is None and (self.parser is None or bool(self.parser.can_fetch(url, self.agent)))


ALLOW_ALL = RobotsRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsResponse:
    """Response to a request for a robots.txt."""

    status: int | None
    """None if no HTTP response was received."""
    block: bytes = b""
    truncated: str | None = None
    redirect_url: str | None = None


def authority(url: str) -> str:
    """Return scheme, host and port of a URL: the scope of a robots.txt (RFC 9309, 2.3).

    >>> authority("https://News.example/a?b")
    'https://news.example'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


@dataclass(slots=True)
class _Entry:
    rules: RobotsRules | None = None
    until: float = 0.0
    requested_urls: list[str] = field(default_factory=list)
    """URL of the robots.txt and of its redirects, of which the last is in progress; empty if none is."""


class Robots:
    """The rules of all authorities of a run."""

    def __init__(self, agent: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._agent = agent
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def get_rules(self, url: str) -> RobotsRules | None:
        """Return the rules for a URL; None if they are unknown: then fetch `url_to_fetch(url)`."""
        entry = self._entries.get(authority(url))
        return entry.rules if entry and entry.rules and entry.until > self._clock() else None

    def url_to_fetch(self, url: str) -> str:
        """Return the URL of the robots.txt for `url`, or that of its last redirect."""
        entry = self._entries.setdefault(authority(url), _Entry())
        entry.requested_urls = entry.requested_urls or [f"{authority(url)}/robots.txt"]
        return entry.requested_urls[-1]

    def record_response(self, url: str, response: RobotsResponse) -> RobotsRules | None:
        """Record the response for `url_to_fetch(url)`; None if a redirect is to be followed by another request."""
        entry = self._entries.setdefault(authority(url), _Entry())
        target = response.redirect_url
        if target and len(entry.requested_urls) <= MAX_REDIRECTS and not url_refusal_reason(target):
            target = resolve_url(self.url_to_fetch(url), target)
            if has_valid_host(target) and target not in entry.requested_urls:
                entry.requested_urls.append(target)
                return None
        entry.rules, entry.requested_urls = parse_rules(response, self._agent), []
        entry.until = self._clock() + (UNREACHABLE_TTL if entry.rules.unreachable else RULES_TTL)
        return entry.rules

    def mark_unreachable(self, url: str, *, is_invalid: bool) -> bool:
        """Record that `url_to_fetch(url)` was not requested; return True if there is no robots.txt for that reason.

        A redirect to an invalid URL counts like a sixth redirect: there is no robots.txt (RFC 9309, 2.3.1.2).
        """
        entry = self._entries.setdefault(authority(url), _Entry())
        if not is_invalid or len(entry.requested_urls) < 2:
            entry.requested_urls = []
            return False
        self.record_response(url, RobotsResponse(status=INVALID_REDIRECT))
        return True

    def restore(self, url: str, response: RobotsResponse, age: float) -> RobotsRules | None:
        """Use the archive's robots.txt for a URL's authority, `age` seconds old; None if it is too old."""
        rules = parse_rules(response, self._agent)
        left = (UNREACHABLE_TTL if rules.unreachable else RULES_TTL) - age
        if left <= 0:
            return None
        self._entries[authority(url)] = _Entry(rules=rules, until=self._clock() + left)
        return rules


class RobotsPending:
    """Requests for robots.txt in progress, and the URLs that wait for them.

        URL without rules --> held --+--> robots.txt of its own host: requested in the same turn
                                     +--> redirected to another host: queued there with top priority
        rules, or a further redirect ---> back to the queue of its own host

    No host waits for another one: two hosts may have each other's robots.txt.
    """

    def __init__(self, robots: Robots, hosts: HostQueues) -> None:
        self._robots = robots
        self._hosts = hosts
        self._authorities: set[str] = set()
        self._waiting: dict[int, DueUrl] = {}
        """First URL that waits, by the id of the robots.txt request."""

    def request(self, due: DueUrl) -> DueUrl | None:
        """Hold a URL until its rules are known; return the request to make, None if it is in progress already."""
        scope = authority(due.url)
        self._hosts.await_robots(due, scope)
        if scope in self._authorities:
            return None
        discovery = Discovery(site=due.discovery.site, kind=UrlKind.ROBOTS)
        robots = self._hosts.create_request(self._robots.url_to_fetch(due.url), discovery, due.due_at)
        self._authorities.add(scope)
        self._waiting[robots.url_id] = due
        return robots

    def waiting_url(self, robots: DueUrl) -> DueUrl:
        """Return the first URL that waits for a robots.txt."""
        return self._waiting[robots.url_id]

    def record_response(self, robots: DueUrl, response: RobotsResponse) -> RobotsRules | None:
        """Record a response and release the waiting URLs; None if a redirect is to be followed."""
        due = self._pop(robots)
        rules = self._robots.record_response(due.url, response)
        self._hosts.resume(authority(due.url))
        return rules

    def discard(self, robots: DueUrl, *, is_invalid: bool) -> list[DueUrl]:
        """Drop a request that is not made; return the URLs that cannot be fetched for that reason.

        If a redirect led to an invalid URL, there is no robots.txt, and the waiting URLs are released.
        """
        due = self._pop(robots)
        if self._robots.mark_unreachable(due.url, is_invalid=is_invalid):
            self._hosts.resume(authority(due.url))
            return []
        return self._hosts.withdraw(authority(due.url))

    def cancel(self, robots: DueUrl) -> None:
        """Release the waiting URLs without a response; the robots.txt is requested anew for them."""
        self._hosts.resume(authority(self._pop(robots).url))

    def _pop(self, robots: DueUrl) -> DueUrl:
        due = self._waiting.pop(robots.url_id)
        self._authorities.discard(authority(due.url))
        return due


def parse_rules(response: RobotsResponse, agent: str) -> RobotsRules:
    """Return the rules that follow from a response to a request for robots.txt."""
    status = response.status
    if status is None or status >= 500 or status == 429:
        return RobotsRules(unreachable=f"robots.txt answers {status}" if status else "robots.txt cannot be fetched")
    if not 200 <= status < 300:
        return ALLOW_ALL
    is_cut = response.truncated is not None
    try:
        payload = decode_payload(response.block, MAX_SIZE)
    except PayloadTooLarge as large:
        payload, is_cut = large.beginning, True
    except PayloadError:
        return ALLOW_ALL  # it has no rules that could be parsed (RFC 9309, 2.3.1.5)
    if response.truncated not in (None, "length") and len(payload) < MAX_SIZE:
        return RobotsRules(unreachable=f"robots.txt is incomplete ({response.truncated})")
    if is_cut:
        payload = payload[: payload.rfind(b"\n") + 1]  # half a path would disallow more than the whole one
    parser = Protego.parse(payload.decode("utf-8-sig", "replace"))
    delays = [parser.crawl_delay(agent) or 0.0]
    rate = parser.request_rate(agent)
    if rate and rate.requests:
        delays.append(rate.seconds / rate.requests)
    return RobotsRules(delay=min(max(delays), MAX_DELAY) or None, parser=parser, agent=agent)
