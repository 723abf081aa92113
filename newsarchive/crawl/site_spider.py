"""A site's own spider: the base class, and how the file `spiders/NAME.py` beside newsarchive.toml is loaded.

start, callbacks --yield--> ArticleItem or dict    the reading of the response
                            GET request            a URL of the frontier, with the name of its callback
                            any other request      made in this run
"""

import asyncio
import inspect
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, ClassVar

import scrapy
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.responsetypes import responsetypes

from newsarchive.config.schema import FILE_NAME, SiteConfig
from newsarchive.crawl.article_response import ArticleResponse
from storage.errors import ConfigError
from storage.model import UrlKind
from storage.spider_output import ArticleItem, SpiderOutput, SpiderRequest

FOLDER = "spiders"
"""Folder of the sites' own spiders, beside newsarchive.toml."""
KIND = "kind"
"""Key of `Request.meta` that names the kind of a URL: article, listing, feed or sitemap."""


class SiteSpider(scrapy.Spider):
    """Base of a site's own spider (`newsarchive help spiders`).

    `start` yields the first requests of each run, by default the site's front page; a callback gets a complete response
    and yields an ArticleItem, or requests. A GET request is scheduled like any URL of the archive. One with another
    method, a body, or `dont_filter=True` is made in this run, before the site's other URLs are.
    """

    name = "site"
    site_url = ""
    """Front page of the site, from newsarchive.toml."""
    headers: ClassVar[Mapping[str, str]] = {}
    """Header fields that every request to the site has."""

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests."""
        for url in self.start_urls or [self.site_url]:
            yield Request(url, callback=self.parse)

    def parse(self, response: Response, **kwargs: Any) -> Any:
        """Yield what is found in a response, by default nothing: then the archive reads it like any page."""

    def secret(self, name: str) -> str:
        """Return a password from the environment; no file of the archive has it."""
        if name not in os.environ:
            raise LookupError(f"the environment has no variable {name}, which has the secret of this site")
        return os.environ[name]

    def run_start(self) -> list[Request]:
        """Return the requests of `start`."""
        return [each for each in collect(self.start()) if isinstance(each, Request)]

    def run_callback(self, callback: Any, response: Response) -> tuple[SpiderOutput, list[Request]]:
        """Call a callback; return its output, and the requests that are made in this run.

        `callback` is a function, or its name as the frontier has it. Raises what the callback raises, and ValueError
        for what it may not yield.
        """
        arguments: dict[str, Any] = {}
        if isinstance(callback, str):
            name, _, given = callback.partition(" ")
            callback, arguments = self._method(name), json.loads(given or "{}")
        item, durable, others = None, [], []
        for each in collect(callback(response, **arguments)):
            if isinstance(each, Request):
                if is_durable(each):
                    durable.append(self.to_durable(each))
                else:
                    others.append(each)
            elif not isinstance(each, dict):
                raise TypeError(f"a callback yields items and requests, not {type(each).__name__}")
            elif item is not None:
                raise ValueError(
                    "a second item for one response: follow the address of each article, and yield it there"
                )
            else:
                item = ArticleItem(**each)
                item.to_article(response.url)
        return SpiderOutput(spider=self.name, item=item, requests=tuple(durable)), others

    def try_callback(self, callback: str, page: Path, url: str) -> SpiderOutput:
        """Call a callback with a saved page as the response of a URL, for the test of a spider."""
        body = page.read_bytes()
        kind = responsetypes.from_args(url=url, filename=page.name, body=body)
        kind = ArticleResponse if kind is HtmlResponse else kind
        return self.run_callback(callback, kind(url=url, status=200, body=body, request=Request(url)))[0]

    def to_durable(self, request: Request) -> SpiderRequest:
        """Return a GET request as the frontier keeps it; ValueError for what it could not keep."""
        name = getattr(request.callback, "__name__", "parse")
        if (request.callback and self._method(name) != request.callback) or request.headers or request.cookies:
            raise ValueError(
                f"{request}: its callback must be a method of the spider, its headers are those in `headers`"
            )
        kind = request.meta.get(KIND) or (UrlKind.ARTICLE if "article" in name else UrlKind.LISTING)
        given = f" {json.dumps(request.cb_kwargs, sort_keys=True)}" if request.cb_kwargs else ""
        return SpiderRequest(url=request.url.partition("#")[0], callback=name + given, kind=UrlKind(kind).value)

    def _method(self, name: str) -> Any:
        # Names come from the index, too: none of Scrapy's own methods is a callback.
        found = None if name.startswith("_") or (name != "parse" and hasattr(SiteSpider, name)) else name
        method = getattr(self, found, None) if found else None
        if not callable(method):
            raise ValueError(
                f"the spider has no method {name!r}, which an earlier version named as a callback; keep it"
            )
        return method


def is_durable(request: Request) -> bool:
    """Return True if the frontier keeps a request; False if it is made in this run alone."""
    return request.method == "GET" and not request.body and not request.dont_filter


def collect(produced: Any) -> list[Any]:
    """Return what a callback returned or yields, of any kind of function that Scrapy knows."""
    if inspect.isawaitable(produced) or hasattr(produced, "__aiter__"):
        loop = asyncio.new_event_loop()
        try:
            return collect(loop.run_until_complete(_drain(produced)))
        finally:
            loop.close()
    if produced is None or isinstance(produced, dict | Request):
        return [] if produced is None else [produced]
    return list(produced)


async def _drain(produced: Any) -> Any:
    return await produced if inspect.isawaitable(produced) else [each async for each in produced]


def load_spider(folder: Path, site: SiteConfig) -> SiteSpider:
    """Return the spider of a site; ConfigError if its file cannot be loaded. It is loaded by path, whatever its name."""
    path, name = folder / FOLDER / f"{site.spider}.py", f"newsarchive_site_spider_{site.spider}"
    spec = spec_from_file_location(name, path) if site.spider.isidentifier() and path.is_file() else None
    if spec is None or spec.loader is None:
        raise ConfigError(
            f"the site {site.name} has spider = {site.spider!r} in {folder / FILE_NAME}, and there is no {path}; nothing "
            f"was fetched. To write one: newsarchive new-spider {site.spider} {site.url}"
        )
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        own = [each for each in vars(module).values() if inspect.isclass(each) and each.__module__ == name]
        (kind,) = [each for each in own if issubclass(each, SiteSpider)]
        spider: SiteSpider = kind()
    except Exception as problem:
        raise ConfigError(
            f"{path} cannot be loaded: {type(problem).__name__}: {problem}; nothing was fetched. It must define one "
            "subclass of newsarchive.SiteSpider. To see the traceback: newsarchive --debug crawl"
        ) from problem
    spider.name, spider.site_url = site.spider, site.url
    return spider
