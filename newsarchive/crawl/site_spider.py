"""A site's own spider: its base class, the file `spiders/NAME.py` beside newsarchive.toml, and its part in a run.

    start --yields--> GET requests: seeds         response recorded --> callback --> SpiderOutput, recorded behind it
                  +-> others: made in this run, before the site's other URLs     +-> others: made in this run

The recorder's thread waits for a callback, after its response is in the file and before anything else is written.
"""

import asyncio
import inspect
import json
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread
from traceback import extract_tb
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import scrapy
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import HtmlResponse, Response
from scrapy.http.cookies import CookieJar
from scrapy.responsetypes import responsetypes

from newsarchive.config.schema import SiteConfig
from newsarchive.crawl.article_response import ArticleResponse, to_response
from newsarchive.crawl.crawl_log import LOG
from newsarchive.crawl.frontier import FrontierWindow
from newsarchive.ingest.discovery import MAX_REDIRECTS, SOURCE, is_on_site_host
from newsarchive.ingest.tasks import awaits_spider
from storage.errors import ConfigError
from storage.model import Capture, DiscoveredUrl, Discovery, DueUrl, Exchange, UrlKind
from storage.warc.spider_output import ArticleItem, SpiderOutput, SpiderRequest
from storage.warc.writer import WarcWriter

CONDITIONAL_HEADERS = ("if-none-match", "if-modified-since")
SPIDERS = "spiders"
"""Folder of the sites' own spiders, beside newsarchive.toml."""
MAX_ERROR = 300
"""Characters of an exception that are recorded."""
Result = TypeVar("Result")


class SiteSpider(scrapy.Spider):
    """Base of a site's own spider (`newsarchive help spiders`).

    `start` yields the first requests of each run, by default the site's front page; a callback gets a complete response
    and yields an ArticleItem, or requests. A GET request is scheduled like any URL of the archive. One with another
    method, a body, or `dont_filter=True` is made in this run, before the site's other URLs are.
    Example: `SiteSpider(start_urls=["https://courier.example/api/latest"])`.
    """

    name = "site"
    site_url = ""
    """Front page of the site, from newsarchive.toml."""
    headers: ClassVar[Mapping[str, str]] = {}
    """Header fields that every request to the site has."""
    callback_timeout = 300.0
    """Seconds that `start` or a callback may take."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Create the spider for a command of Scrapy's, which applies its add-ons later. Called by Scrapy."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider._warn_unrecorded, signals.spider_opened)  # noqa: SLF001 - its own
        return spider

    def _warn_unrecorded(self) -> None:
        if not hasattr(self.settings.getwithbase("DOWNLOAD_HANDLERS")["https"], "addon"):
            advice = "To record it, set ADDONS (newsarchive help spiders), or run: newsarchive crawl"
            LOG.warning("nothing that the spider %s fetches here is archived. %s", self.name, advice)

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests."""
        for url in self.start_urls or [self.site_url]:
            yield Request(url)

    if not TYPE_CHECKING:  # mypy would refuse a subclass's `parse(self, response, day)` as an incompatible override

        def parse(self, response: Response, **kwargs: Any) -> Any:
            """Yield what is found in a response, by default nothing: then the archive reads it like any page."""

    def run_callback(self, callback: Any, response: Response) -> tuple[SpiderOutput, list[Request]]:
        """Call the callback of a request, or of a name; return its output, and the requests made in this run.

        Raises what the callback raises, and ValueError for what it may not yield.
        """
        if isinstance(callback, Request):
            found = collect((callback.callback or self.parse)(response, **callback.cb_kwargs))
        else:
            name, _, arguments = callback.partition(" ")
            found = collect(self._method(name)(response, **json.loads(arguments or "{}")))
        items = [ArticleItem(**each) for each in found if not isinstance(each, Request)]
        if len(items) > 1:
            raise ValueError("two items for one response: follow the address of each article, and yield its item there")
        for item in items:
            json.dumps([item, item.to_article(response.url).to_dict()])
        durable, others = self.divide([each for each in found if isinstance(each, Request)])
        return SpiderOutput(spider=self.name, item=items[0] if items else None, requests=durable), others

    def try_callback(self, callback: str, page: Path, url: str) -> SpiderOutput:
        """Call a callback with a saved page as the response of a URL, for the test of a spider."""
        kind = responsetypes.from_args(url=url, filename=page.name, body=page.read_bytes())
        kind = ArticleResponse if kind is HtmlResponse else kind
        return self.run_callback(callback, kind(url=url, body=page.read_bytes(), request=Request(url)))[0]

    def divide(self, requests: Sequence[Request]) -> tuple[tuple[SpiderRequest, ...], list[Request]]:
        """Return the requests that the frontier keeps, and those that are made in this run."""
        durable = [each for each in requests if each.method == "GET" and not each.dont_filter]
        return tuple(map(self._to_durable, durable)), [each for each in requests if each not in durable]

    def _to_durable(self, request: Request) -> SpiderRequest:
        name = getattr(request.callback, "__name__", "parse")
        is_method = self._method(name) == (request.callback or self.parse)
        if not is_method or request.headers or request.cookies or request.body:
            raise ValueError(f"{request}: its callback must be a method of the spider, and its headers be in `headers`")
        kind = request.meta.get("kind") or (UrlKind.ARTICLE if "article" in name else UrlKind.LISTING)
        given = f" {json.dumps(request.cb_kwargs, sort_keys=True)}" if request.cb_kwargs else ""
        return SpiderRequest(request.url.partition("#")[0], name + given, UrlKind(kind).value)

    def _method(self, name: str) -> Any:
        # Names come from the index, too: none of Scrapy's own methods is a callback.
        is_own = name == "parse" or not (name.startswith("_") or hasattr(SiteSpider, name))
        if not is_own or not callable(method := getattr(self, name, None)):
            raise ValueError(f"the spider has no method {name!r}; keep a name that URLs of the frontier have")
        return method


class CallbackTimeout(Exception):
    """Took too long: it cannot be ended, so the thread in which it runs is left alone."""


def call_in_time(function: Callable[[], Result], seconds: float) -> Result:
    """Call a function in a thread of its own; CallbackTimeout if it does not return in time."""
    result: Future[Result] = Future()

    def call() -> None:
        try:
            result.set_result(function())
        except BaseException as problem:  # noqa: BLE001 - raised again by `result`
            result.set_exception(problem)

    Thread(target=call, name="spider", daemon=True).start()
    if wait([result], seconds).not_done:
        raise CallbackTimeout(f"it did not return within {seconds:g} seconds, and was left")
    return result.result()


def collect(produced: Any) -> list[Any]:
    """Return what a function of a spider yields or returns; it may be an `async def` that yields."""
    if hasattr(produced, "__aiter__"):

        async def iterate() -> list[Any]:
            return [each async for each in produced]

        with closing(asyncio.new_event_loop()) as loop:
            return loop.run_until_complete(iterate())
    return [produced] if isinstance(produced, dict | Request) else list(produced or ())


def load_spider(folder: Path, site: SiteConfig) -> SiteSpider:
    """Return the spider of a site, loaded by path, whatever modules there are; ConfigError if it cannot be."""
    path, name = folder / SPIDERS / f"{site.spider}.py", f"newsarchive_site_spider_{site.spider}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    sys.modules[name] = module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr]  # a .py file has one
        own = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == name]
        (spider,) = (each() for each in own if issubclass(each, SiteSpider))
    except Exception as problem:
        raise ConfigError.create(
            "spider-not-loaded", path=path, name=site.name, error=type(problem).__name__, problem=problem, url=site.url
        ) from problem
    spider.name, spider.site_url = site.spider, site.url
    return spider


class SpiderRun:
    """The spiders of a run's sites."""

    def __init__(self, folder: Path, sites: Sequence[SiteConfig], counters: Counter[str]) -> None:
        self.reads_anew = False  # callbacks are called also for responses that have not changed
        self._spiders = {site.name: load_spider(folder, site) for site in sites if site.spider}
        self._sites = {site.name: site.to_site() for site in sites}
        files = {name: (folder / SPIDERS / f"{spider.name}.py").stat() for name, spider in self._spiders.items()}
        # A copy may keep the time of the change.
        self._changed = {name: max(file.st_mtime, file.st_ctime) for name, file in files.items()}
        self._counters = counters
        self.problems: list[str] = []
        """A line for each kind of error."""
        self.cookies: dict[str, CookieJar] = {}
        """Of the sites whose `start` makes requests in the run: those log in, and are sent secrets."""
        self._starting: dict[str, list[Request]] = {}
        self._callbacks: dict[str, str] = {}
        """Callbacks of the seeds, by URL: the frontier may know them from before the site had a spider."""
        self._requests: dict[int, Request] = {}
        """Requests of this run, by the id of their URL."""
        self._received: dict[int, tuple[Response, Request]] = {}
        """Responses whose cookies are not in the jars yet: jars belong to the event loop's thread."""
        self._followups: dict[int, list[Request]] = {}
        self._closing: dict[int, str] = {}
        self._left: set[str] = set()
        """Sites of which a callback did not return: its thread still has the spider."""

    def start(self, now: datetime) -> Iterator[DiscoveredUrl]:
        """Call `start` of each spider, and yield the seeds."""
        for site, spider in self._spiders.items():
            try:
                seeds = call_in_time(partial(lambda each: collect(each.start()), spider), spider.callback_timeout)
                durable, self._starting[site] = spider.divide(seeds)
            except (Exception, SystemExit) as problem:  # noqa: BLE001 - one spider must not stop the others
                self._note_error(site, spider.site_url, "start", problem)
                continue
            if self._starting[site]:
                self.cookies[site] = CookieJar()
            for url, callback, kind in durable:
                self._callbacks[url] = callback
                found = Discovery(site=site, kind=UrlKind(kind), callback=callback)
                yield DiscoveredUrl(url=url, discovery=found, due_at=now, priority=SOURCE)

    def attach(self, frontier: FrontierWindow, writer: WarcWriter) -> None:
        """Queue the requests of this run; a site whose `start` failed is not crawled."""
        self._frontier, self._writer = frontier, writer
        for site in self._spiders:
            if site not in self._starting:
                frontier.close_site(site, "its spider's `start` failed")
            self._queue(site, self._starting.get(site, ()))

    def prepare(self, due: DueUrl, request: Request) -> None:
        """Add to a request what the spider of its site has: callback, header fields, cookies."""
        site = due.discovery.site
        if site not in self._spiders or due.discovery.kind is UrlKind.ROBOTS:
            return
        callback = due.discovery.callback or self._callbacks.get(due.url)
        request.meta["due"] = replace(due, discovery=replace(due.discovery, callback=callback))
        is_changed = due.last_fetched_at is not None and due.last_fetched_at.timestamp() < self._changed[site]
        if callback and (is_changed or self.reads_anew or due.failure_count):  # of a 304, it would get nothing
            for name in CONDITIONAL_HEADERS:
                request.headers.pop(name, None)
        if is_on_site_host(self._sites[site], due.url):
            request.headers.update(self._spiders[site].headers)
        if own := self._requests.get(due.url_id):
            request.headers.update(own.headers)
        if site in self.cookies:
            self.cookies[site].add_cookie_header(request)

    def method_and_body(self, due: DueUrl) -> tuple[str, bytes]:
        """Return the method and body of the request for a URL."""
        own = self._requests.get(due.url_id)
        return (own.method, own.body) if own else ("GET", b"")

    def finish(self, due: DueUrl) -> None:
        """Keep the cookies of a response, and queue what it led to, before its host is free for other requests."""
        self._requests.pop(due.url_id, None)
        if received := self._received.pop(due.url_id, None):
            self.cookies[due.discovery.site].extract_cookies(*received)
        self._queue(due.discovery.site, self._followups.pop(due.url_id, ()), due.url)
        if reason := self._closing.pop(due.url_id, None):
            self._frontier.close_site(due.discovery.site, reason)

    def read(self, due: DueUrl, exchange: Exchange, capture: Capture) -> SpiderOutput | None:
        """Call the callback of a recorded response, and record its output. Called in the recorder's thread."""
        site, own = due.discovery.site, self._requests.get(due.url_id)
        request, callback = own or Request(due.url), own or due.discovery.callback
        if site not in self._spiders or (response := to_response(request, exchange)) is None:
            return None
        if site in self.cookies:
            self._received[due.url_id] = response, request
        if own is not None and capture.redirect_url and own.meta.setdefault("redirects", 0) < MAX_REDIRECTS:
            target = own.replace(url=capture.redirect_url, meta={"redirects": own.meta["redirects"] + 1})
            if capture.status not in (307, 308):  # WHATWG Fetch, HTTP-redirect fetch
                target = target.replace(method="GET", body=b"", headers={})
            self._followups[due.url_id] = [target]
        elif own is not None and not 200 <= response.status < 300:
            self._closing[due.url_id] = f"{due.url} answered {response.status}"
        elif own is not None or awaits_spider(capture, due.discovery):
            output = self._call(due, callback, response)
            self._writer.write_output(capture, output)
            return output
        return None

    def _call(self, due: DueUrl, callback: Request | str | None, response: Response) -> SpiderOutput:
        site, spider = due.discovery.site, self._spiders[due.discovery.site]
        try:
            if site in self._left:
                raise CallbackTimeout("an earlier callback did not return, and no other runs beside it")
            ran = call_in_time(lambda: spider.run_callback(callback, response), spider.callback_timeout)
            output, self._followups[due.url_id] = ran
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - the capture is kept, and the crawl goes on
            if isinstance(problem, CallbackTimeout):
                self._left.add(site)
            if isinstance(problem, CloseSpider | CallbackTimeout) or due.url_id in self._requests:
                self._closing[due.url_id] = f"its spider failed for {due.url}, so that the others wait"
            name = callback.callback or spider.parse if isinstance(callback, Request) else callback
            return SpiderOutput(spider=spider.name, error=self._note_error(site, due.url, name, problem))
        return output

    def _note_error(self, site: str, url: str, callback: Any, problem: BaseException) -> str:
        text = " ".join(str(getattr(problem, "reason", problem)).split())[:MAX_ERROR]
        name = getattr(callback, "__name__", callback).partition(" ")[0]
        file = f"{SPIDERS}/{self._spiders[site].name}.py"
        lines = [each.lineno for each in extract_tb(problem.__traceback__) if each.filename.endswith(file)]
        error = f"{name}: {type(problem).__name__}: {text} ({file}{f', line {lines[-1]}' if lines else ''})"
        advice = f"The response is kept, and fetched again; correct {file}"
        if not any(f": {error}. " in line for line in self.problems):
            self.problems.append(f"{site}: its spider failed, first for {url}: {error}. {advice}")
        self._counters["spider_errors"] += 1
        LOG.warning("%s - spider %s (%s)", site, url, error, exc_info=LOG.isEnabledFor(logging.DEBUG))
        return error

    def _queue(self, site: str, requests: Iterable[Request], via: str | None = None) -> None:
        for request in requests:
            if is_on_site_host(self._sites[site], request.url):
                discovery = Discovery(site=site, kind=UrlKind.PART, via=via)
                self._requests[self._frontier.add_run_request(request.url.partition("#")[0], discovery)] = request
            else:
                self._frontier.close_site(site, f"{request.url} is on no host of the site; add its host to `hosts`")
