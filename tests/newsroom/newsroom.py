"""The newsroom: a news site as a pure function of URL, request and time."""

import re
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from tests.newsroom.article import amp_path, print_path
from tests.newsroom.catalogue import PICTURES, ArticleCatalogue
from tests.newsroom.expected import ExpectedSite, expected_site
from tests.newsroom.http_messages import (
    Entity,
    PreparedResponse,
    Request,
    Response,
    accepted_codings,
    build_response,
    choose_coding,
    prepare_response,
)
from tests.newsroom.newspaper import PageTemplate, find_section
from tests.newsroom.pages import assets, classic, feeds, listing, longform, modern, other_pages, padding, soup, variants
from tests.newsroom.site_view import PageContent, SiteView

DEFAULT_ORIGIN = "http://lantern.example"

_HTML = "text/html; charset=utf-8"
_XML = "application/xml"
NOT_ALLOWED = Entity(status=405, mime=_HTML, body=b"<p>Read only.</p>\n")
_ARTICLE = re.compile(r"-(\d{5,6})(?:\.html)?(?:\?print=1)?$")
_SECTION_PAGE = re.compile(r"/([a-z-]+)/(?:(?:page/|\?page=)(\d+)/?)?$")
_PICTURE = re.compile(r"/media/(\d+)\.png$")
_ARTICLE_MAP = re.compile(r"/sitemaps/articles-(\d+)\.xml\.gz$")
_TEMPLATES: dict[PageTemplate, Callable[[PageContent, SiteView], str]] = {
    PageTemplate.CLASSIC: classic.page,
    PageTemplate.MODERN: modern.page,
    PageTemplate.SOUP: soup.page,
    PageTemplate.LONGFORM: longform.page,
}
_FIXED: dict[str, tuple[str, Callable[[SiteView], str]]] = {
    "/": (_HTML, listing.front),
    "/feed.xml": ("application/rss+xml; charset=utf-8", feeds.rss),
    "/atom.xml": ("application/atom+xml", feeds.atom),
    "/robots.txt": ("text/plain; charset=utf-8", feeds.robots),
    "/sitemap.xml": (_XML, feeds.sitemap_index),
    "/sitemaps/pages.xml": (_XML, feeds.page_map),
    "/sitemaps/news.xml": (_XML, feeds.news_map),
    "/about": (_HTML, other_pages.about),
    "/contact": (_HTML, other_pages.contact),
    other_pages.MEMBERS: (_HTML, other_pages.members),
    other_pages.SOFT_404: (_HTML, other_pages.soft_404),
    other_pages.SEARCH: (_HTML, other_pages.search),
    "/static/lantern.css": ("text/css", lambda _: assets.stylesheet()),
    "/static/lantern.svg": ("image/svg+xml", lambda _: assets.LOGO),
} | dict.fromkeys(other_pages.DRAFTS, (_HTML, other_pages.draft))


class Sized(Protocol):
    """An object that knows its approximate size in memory."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        ...


T = TypeVar("T", bound=Sized)


class ByteCache(Generic[T]):
    """LRU cache bounded by size. Thread-safe; two threads may compute the same value at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, computed by `make` if it is not cached."""
        with self._lock:
            if (value := self._values.get(key)) is not None:
                self._values.move_to_end(key)
                return value
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._size += value.size
            while self._size > self._limit and len(self._values) > 1:
                _, old = self._values.popitem(last=False)
                self._size -= old.size
        return value


class Newsroom:
    """A simulated news site, which depends on novalue but its arguments."""

    def __init__(
        self,
        *,
        seed: str = "lantern-1911",
        articles: int = 72,
        length: int = 19,
        page_size: int = 0,
        memory: int = 300_000_000,
    ) -> None:
        """`articles` are published when the clock starts, each about `length` paragraphs long.

        `page_size` pads HTML pages to about that many bytes (news sites have 210_000); 0: no padding. `memory` is the
        size of the response cache.
        """
        self.catalogue = ArticleCatalogue(seed=seed, articles=articles, length=length)
        self.page_size = page_size
        self._change_times = self.catalogue.change_times()
        self._prepared: ByteCache[PreparedResponse] = ByteCache(memory)

    def respond(self, method: str, url: str, headers: Sequence[tuple[str, str]], at: datetime) -> Response:
        """Return the response to a request; it depends only on the arguments."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        request = Request(method=method, target=target, headers=tuple(headers))
        return self.get_response(f"{parts.scheme}://{parts.netloc}", request, at)

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Return the response to a parsed request; `origin` is scheme, host and port."""
        if request.method not in ("GET", "HEAD"):
            return build_response(
                prepare_response(request.target, NOT_ALLOWED, "identity", request.version), request, at
            )
        accepted = accepted_codings(request.get("accept-encoding"))
        key = (origin, request.target, self.last_change(at), accepted, request.version)
        return build_response(
            self._prepared.get(key, lambda: self._prepare(origin, request, accepted, at)), request, at
        )

    def get_entity(self, origin: str, target: str, at: datetime) -> Entity:
        """Return the content of a URL at a given time."""
        view = SiteView(self.catalogue, origin, self.last_change(at))
        entity = self._find_entity(target, view)
        if not self.page_size or entity.mime != _HTML or entity.status != 200:
            return entity
        page = padding.pad_page(entity.body.decode(), target, self.page_size)
        return Entity(
            status=entity.status,
            mime=entity.mime,
            body=page.encode(),
            changed_at=entity.changed_at,
            location=entity.location,
        )

    def warm(self, origin: str, at: datetime, accepted: str = "gzip, br, zstd") -> None:
        """Prepare the responses of all articles, as far as `memory` allows: for benchmarks."""
        view = SiteView(self.catalogue, origin, self.last_change(at))
        for number in range(view.count):
            path = self.catalogue.summary(number).path_at(at)
            self.get_response(origin, Request(method="GET", target=path, headers=(("Accept-Encoding", accepted),)), at)

    def expected_site(self, at: datetime, *, origin: str = DEFAULT_ORIGIN) -> ExpectedSite:
        """Return the expected result of a complete crawl at that time, under the given origin."""
        return expected_site(SiteView(self.catalogue, origin.rstrip("/"), self.last_change(at)))

    def last_change(self, at: datetime) -> datetime:
        """Return the last time up to then at which any page may have changed; midnight is one."""
        passed = bisect_right(self._change_times, at)
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(self._change_times[passed - 1], midnight) if passed else midnight

    def _prepare(self, origin: str, request: Request, accepted: frozenset[str], at: datetime) -> PreparedResponse:
        entity = self.get_entity(origin, request.target, at)
        return prepare_response(
            request.target, entity, choose_coding(request.target, entity.mime, accepted), request.version
        )

    def _find_entity(self, target: str, view: SiteView) -> Entity:
        if fixed := _FIXED.get(target):
            mime, page = fixed
            return Entity(status=200, mime=mime, body=page(view).encode())
        for find in (_asset, _section_page, _collection, _article):
            if (entity := find(target, view)) is not None:
                return entity
        return _page(other_pages.not_found(view), status=404)


def _page(html: str, *, status: int = 200, changed_at: datetime | None = None) -> Entity:
    return Entity(status=status, mime=_HTML, body=html.encode(), changed_at=changed_at)


def _asset(target: str, view: SiteView) -> Entity | None:
    """Return a picture or an article sitemap."""
    if (found := _PICTURE.match(target)) and int(found[1]) < PICTURES:
        return Entity(status=200, mime="image/png", body=assets.picture(int(found[1])), changed_at=_first(view))
    if found := _ARTICLE_MAP.match(target):
        body = feeds.article_map(int(found[1]), view)
        return None if body is None else Entity(status=200, mime="application/gzip", body=body)
    return None


def _first(view: SiteView) -> datetime:
    return view.catalogue.summary(0).published


def _section_page(target: str, view: SiteView) -> Entity | None:
    found = _SECTION_PAGE.match(target)
    section = found and find_section(found[1])
    if not found or not section or listing.page_path(section, int(found[2] or 1)) != target:
        return None
    page = listing.section_page(section, int(found[2] or 1), view)
    return None if page is None else _page(page, changed_at=view.listing_changed_at(section))


def _collection(target: str, view: SiteView) -> Entity | None:
    """Return a tag's or an author's page."""
    _, kind, name, *more = [*target.split("/"), ""]
    if kind not in ("tag", "author") or more != [""]:
        return None
    page = listing.tag_page(name, view) if kind == "tag" else listing.author_page(name, view)
    return None if page is None else _page(page)


def _article(target: str, view: SiteView) -> Entity | None:
    """Return an article's page under any of its URLs, or its redirect or error page."""
    found = _ARTICLE.search(target)
    number = int(found[1]) - 10_000 if found else -1
    if not 0 <= number < view.count:
        return None
    summary = view.catalogue.summary(number)
    now = summary.path_at(view.at)
    pages = {now: _TEMPLATES[summary.template]}
    if summary.special.variants:
        pages |= {amp_path(now): variants.amp, print_path(now): variants.print_page}
    if target in pages and summary.is_withdrawn(view.at):
        return _page(other_pages.withdrawn(view), status=summary.special.withdrawn_status)
    if target in pages:
        content = view.page_content(number)
        encoding = summary.special.encoding
        return Entity(
            status=200,
            # The windows-1251 page declares its encoding only in its <meta>, as old sites do.
            mime="text/html" if encoding == "windows-1251" else f"text/html; charset={encoding}",
            body=pages[target](content, view).encode(encoding, "xmlcharrefreplace"),
            changed_at=content.changed_at,
        )
    if target == summary.path:
        location = now if summary.section.name == "business" else view.url(now)
        return Entity(status=301, mime=_HTML, body=b"<p>Moved.</p>\n", location=location)
    return None
