"""The sites' own spiders in a run.

    start --> seeds of the frontier                        response recorded --read--> callback --> SpiderOutput, recorded
          +-> requests of this run, before the site's other URLs        +-> further requests of this run <--finish--+

Callbacks run in the recorder's thread, after their response is in the file and before anything else is written.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.http.cookies import CookieJar

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.article_response import to_response
from newsarchive.crawl.crawl_log import LOG
from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.crawl.site_spider import SiteSpider, is_durable
from newsarchive.ingest.discovery import MAX_REDIRECTS, SOURCE, is_on_site_host
from newsarchive.ingest.tasks import awaits_spider
from storage.model import Capture, DiscoveredUrl, Discovery, DueUrl, Exchange, Site, UrlKind
from storage.spider_output import SpiderOutput

MAX_ERROR = 300
"""Characters of an exception that are recorded."""
_REDIRECTS = "newsarchive_redirects"
_VALIDATORS = ("If-None-Match", "If-Modified-Since")


class SpiderRun:
    """Runs the spiders of a run's sites."""

    def __init__(self, spiders: Mapping[str, SiteSpider], sites: Iterable[SiteConfig], counters: Counter[str]) -> None:
        self._spiders = spiders
        self._sites: dict[str, Site] = {site.name: site.to_site() for site in sites}
        self._counters = counters
        self._callbacks: dict[str, str] = {}
        """Callbacks of the seeds, by URL: the frontier may know them from before the site had a spider."""
        self._jars: dict[str, CookieJar] = {}
        """Cookies by site; only sites whose `start` makes requests in the run, such as a login, have any."""
        self._starting: dict[str, list[Request]] = {}
        self._requests: dict[int, Request] = {}
        """Requests of this run by the id of their URL."""
        self._followups: dict[int, list[Request]] = {}
        self._closing: dict[int, str] = {}
        self._errors: dict[tuple[str, str], tuple[str, int]] = {}
        """First URL and number of failures by site and error."""
        self._frontier: FrontierWindow | None = None

    @property
    def login_sites(self) -> frozenset[str]:
        """Sites that are sent secrets."""
        return frozenset(self._jars)

    def start(self, now: datetime) -> list[DiscoveredUrl]:
        """Call `start` of each spider, and return the seeds."""
        seeds: list[DiscoveredUrl] = []
        for site, spider in self._spiders.items():
            try:
                requests = spider.run_start()
                durable = [spider.to_durable(each) for each in requests if is_durable(each)]
            except Exception as problem:  # noqa: BLE001 - one spider must not stop the others
                self._note_error(site, spider.site_url, "start", problem)
                self._starting[site] = []
                continue
            if others := [each for each in requests if not is_durable(each)]:
                self._starting[site], self._jars[site] = others, CookieJar()
            self._callbacks |= {each.url: each.callback for each in durable}
            for each in durable:
                found = Discovery(site=site, kind=UrlKind(each.kind), callback=each.callback)
                seeds.append(DiscoveredUrl(url=each.url, discovery=found, due_at=now, priority=SOURCE))
        return seeds

    def attach(self, frontier: FrontierWindow) -> None:
        """Queue the requests of `start` that are made in this run; a site whose `start` failed is not crawled."""
        self._frontier = frontier
        for site, requests in self._starting.items():
            for request in requests:
                self._queue(site, request, None)
            if not requests:
                frontier.close_site(site, "its spider's `start` failed")

    def adopt(self, due: DueUrl) -> DueUrl:
        """Return a due URL with its callback."""
        callback = due.discovery.callback or self._callbacks.get(due.url)
        if callback == due.discovery.callback or due.discovery.site not in self._spiders:
            return due
        return replace(due, discovery=replace(due.discovery, callback=callback))

    def prepare(self, due: DueUrl, request: Request) -> Request:
        """Return the request for a due URL with what its site's spider adds: method, body, header fields, cookies."""
        site = due.discovery.site
        if site not in self._spiders or due.discovery.kind is UrlKind.ROBOTS:
            return request
        if (own := self._requests.get(due.url_id)) is not None:
            request = request.replace(method=own.method, body=own.body)
            request.headers.update(own.headers)
        if due.failure_count:  # of a 304, the spider would get nothing
            for name in _VALIDATORS:
                request.headers.pop(name, None)
        if is_on_site_host(self._sites[site], due.url):
            request.headers.update(self._spiders[site].headers)
        if site in self._jars:
            self._jars[site].add_cookie_header(request)
        return request

    def reader(self, due: DueUrl, exchange: Exchange) -> Callable[[Capture], SpiderOutput | None] | None:
        """Return the function that reads an exchange once it is recorded; None if no spider does."""
        return partial(self._read, due, exchange) if due.discovery.site in self._spiders else None

    def finish(self, due: DueUrl) -> None:
        """Queue what the response of a URL led to, before its host is free for other requests."""
        assert self._frontier is not None
        self._requests.pop(due.url_id, None)
        for request in self._followups.pop(due.url_id, ()):
            self._queue(due.discovery.site, request, due)
        if (reason := self._closing.pop(due.url_id, None)) is not None:
            self._frontier.close_site(due.discovery.site, reason)

    def problems(self) -> Iterator[str]:
        """Yield a line for each error of a spider."""
        for (site, error), (url, count) in self._errors.items():
            more = f" and {count - 1} more" if count > 1 else ""
            yield (
                f"{site}: its spider failed for {url}{more}: {error}. The responses are kept, and these URLs are fetched "
                f"again; correct spiders/{self._spiders[site].name}.py"
            )

    def _read(self, due: DueUrl, exchange: Exchange, capture: Capture) -> SpiderOutput | None:
        """Call the callback for a recorded response. Called in the recorder's thread."""
        site, own = due.discovery.site, self._requests.get(due.url_id)
        if own is None and due.discovery.callback is None and site not in self._jars:
            return None
        request = own or Request(due.url)
        response = to_response(request, exchange)
        if response is None:
            return None
        if site in self._jars:
            self._jars[site].extract_cookies(response, request)
        if own is not None and capture.redirect_url and own.meta.get(_REDIRECTS, 0) < MAX_REDIRECTS:
            self._followups[due.url_id] = [_redirect(own, capture)]
        elif own is not None and not 200 <= response.status < 300:
            self._closing[due.url_id] = f"{due.url} answered {response.status}"
        elif own is not None:
            return self._call(due, partial(own.callback or self._spiders[site].parse, **own.cb_kwargs), response)
        elif awaits_spider(capture, due.discovery):
            return self._call(due, due.discovery.callback, response)
        return None

    def _call(self, due: DueUrl, callback: Any, response: Response) -> SpiderOutput:
        spider = self._spiders[due.discovery.site]
        try:
            output, self._followups[due.url_id] = spider.run_callback(callback, response)
        except Exception as problem:  # noqa: BLE001 - the capture is kept, and the crawl goes on
            error = self._note_error(due.discovery.site, due.url, str(due.discovery.callback or "callback"), problem)
            if isinstance(problem, CloseSpider) or due.url_id in self._requests:
                self._closing[due.url_id] = f"its spider failed for {due.url}, on which the others depend"
            return SpiderOutput(spider=spider.name, error=error)
        return output

    def _note_error(self, site: str, url: str, callback: str, problem: Exception) -> str:
        text = " ".join(str(getattr(problem, "reason", problem)).split())[:MAX_ERROR]
        error = f"{callback.partition(' ')[0]}: {type(problem).__name__}: {text}"
        first, count = self._errors.get((site, error), (url, 0))
        self._errors[site, error] = first, count + 1
        self._counters["spider_errors"] += 1
        LOG.warning("%s - spider %s (%s)", site, url, error, exc_info=LOG.isEnabledFor(logging.DEBUG))
        return error

    def _queue(self, site: str, request: Request, via: DueUrl | None) -> None:
        assert self._frontier is not None
        if not is_on_site_host(self._sites[site], request.url):
            self._frontier.close_site(site, f"{request.url} is on no host of the site; add its host to `hosts`")
            return
        where = {"via": via.url, "via_kind": via.discovery.kind} if via is not None else {}
        discovery = Discovery(site=site, kind=UrlKind.PART, **where)
        due = self._frontier.add_run_request(request.url.partition("#")[0], discovery)
        self._requests[due.url_id] = request


def _redirect(request: Request, capture: Capture) -> Request:
    """Return the request that follows a redirect, by the rules of browsers (WHATWG Fetch, HTTP-redirect fetch)."""
    meta = {**request.meta, _REDIRECTS: request.meta.get(_REDIRECTS, 0) + 1}
    target = request.replace(url=capture.redirect_url, meta=meta, dont_filter=True)
    return target if capture.status in (307, 308) else target.replace(method="GET", body=b"", headers={})
