"""The newsroom: a small news site as a pure function of address, request and moment."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsarchive.demo.answers import Answers, answers
from newsarchive.demo.article import amp_path, print_path
from newsarchive.demo.cache import ByteCache
from newsarchive.demo.desk import PICTURES, Desk
from newsarchive.demo.edition import Edition, Sheet
from newsarchive.demo.pages import assets, classic, heavy, listing, longform, machine, modern, plain, soup, variants
from newsarchive.demo.sections import Template, section_named
from newsarchive.demo.wire import Answer, Entity, Prepared, Request, accepts, answer, coding_for, prepare

DEFAULT_ORIGIN = "http://lantern.example"

_HTML = "text/html; charset=utf-8"
_XML = "application/xml"
NOT_ALLOWED = Entity(status=405, mime=_HTML, body=b"<p>Read only.</p>\n")
_ARTICLE = re.compile(r"-(\d{5,6})(?:\.html)?(?:\?print=1)?$")
_SECTION_PAGE = re.compile(r"/([a-z-]+)/(?:(?:page/|\?page=)(\d+)/?)?$")
_PICTURE = re.compile(r"/media/(\d+)\.png$")
_ARTICLE_MAP = re.compile(r"/sitemaps/articles-(\d+)\.xml\.gz$")
_TEMPLATES: dict[Template, Callable[[Sheet, Edition], str]] = {
    Template.CLASSIC: classic.page,
    Template.MODERN: modern.page,
    Template.SOUP: soup.page,
    Template.LONGFORM: longform.page,
}
_FIXED: dict[str, tuple[str, Callable[[Edition], str]]] = {
    "/": (_HTML, listing.front),
    "/feed.xml": ("application/rss+xml; charset=utf-8", machine.rss),
    "/atom.xml": ("application/atom+xml", machine.atom),
    "/robots.txt": ("text/plain; charset=utf-8", machine.robots),
    "/sitemap.xml": (_XML, machine.sitemap_index),
    "/sitemaps/pages.xml": (_XML, machine.page_map),
    "/sitemaps/news.xml": (_XML, machine.news_map),
    "/about": (_HTML, plain.about),
    "/contact": (_HTML, plain.contact),
    plain.MEMBERS: (_HTML, plain.members),
    plain.SOFT_404: (_HTML, plain.soft_404),
    plain.SEARCH: (_HTML, plain.search),
    "/static/lantern.css": ("text/css", lambda _: assets.style()),
    "/static/lantern.svg": ("image/svg+xml", lambda _: assets.LOGO),
} | dict.fromkeys(plain.DRAFTS, (_HTML, plain.draft))


class Newsroom:
    """A news site with a past and a future. Nothing in it depends on anything but its arguments."""

    def __init__(
        self,
        *,
        seed: str = "lantern-1911",
        articles: int = 72,
        length: int = 19,
        page_size: int = 0,
        memory: int = 300_000_000,
    ) -> None:
        """`articles` are out when the clock opens, each about `length` paragraphs long.

        `page_size` makes HTML pages about so many bytes heavy (210_000 is what news sites have); 0 leaves them light.
        `memory` bounds the cache of ready answers.
        """
        self.desk = Desk(seed=seed, articles=articles, length=length)
        self.page_size = page_size
        self._moments = self.desk.moments()
        self._prepared: ByteCache[Prepared] = ByteCache(memory)

    def respond(self, method: str, url: str, headers: Sequence[tuple[str, str]], at: datetime) -> Answer:
        """Return the bytes that answer a request: the same for the same arguments, for ever."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        request = Request(method=method, target=target, headers=tuple(headers))
        return self.answer(f"{parts.scheme}://{parts.netloc}", request, at)

    def answer(self, origin: str, request: Request, at: datetime) -> Answer:
        """Return the same for a request that is parsed already; `origin` is scheme, host and port."""
        if request.method not in ("GET", "HEAD"):
            return answer(prepare(request.target, NOT_ALLOWED, "identity", request.version), request, at)
        accepted = accepts(request.get("accept-encoding"))
        key = (origin, request.target, self.moment(at), accepted, request.version)
        return answer(self._prepared.get(key, lambda: self._prepare(origin, request, accepted, at)), request, at)

    def entity(self, origin: str, target: str, at: datetime) -> Entity:
        """Return what is found under an address at a moment."""
        edition = Edition(self.desk, origin, self.moment(at))
        entity = self._found(target, edition)
        if not self.page_size or entity.mime != _HTML or entity.status != 200:
            return entity
        page = heavy.dress(entity.body.decode(), target, self.page_size)
        return Entity(
            status=entity.status,
            mime=entity.mime,
            body=page.encode(),
            changed_at=entity.changed_at,
            location=entity.location,
        )

    def warm(self, origin: str, at: datetime, accepted: str = "gzip, br, zstd") -> None:
        """Make the pages of all articles ready to be sent, as far as `memory` goes: for benchmarks."""
        edition = Edition(self.desk, origin, self.moment(at))
        for number in range(edition.count):
            path = self.desk.brief(number).path_at(at)
            self.answer(origin, Request(method="GET", target=path, headers=(("Accept-Encoding", accepted),)), at)

    def answers(self, at: datetime, *, origin: str = DEFAULT_ORIGIN) -> Answers:
        """Return what a whole crawl at that moment should find, under the address that was crawled."""
        return answers(Edition(self.desk, origin.rstrip("/"), self.moment(at)))

    def moment(self, at: datetime) -> datetime:
        """Return the last moment, up to then, at which any page may have changed; midnights are such."""
        passed = bisect_right(self._moments, at)
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(self._moments[passed - 1], midnight) if passed else midnight

    def _prepare(self, origin: str, request: Request, accepted: frozenset[str], at: datetime) -> Prepared:
        entity = self.entity(origin, request.target, at)
        return prepare(request.target, entity, coding_for(request.target, entity.mime, accepted), request.version)

    def _found(self, target: str, edition: Edition) -> Entity:
        if fixed := _FIXED.get(target):
            mime, page = fixed
            return Entity(status=200, mime=mime, body=page(edition).encode())
        for look in (_asset, _section_page, _collection, _article):
            if (entity := look(target, edition)) is not None:
                return entity
        return _page(plain.not_found(edition), status=404)


def _page(html: str, *, status: int = 200, changed_at: datetime | None = None) -> Entity:
    return Entity(status=status, mime=_HTML, body=html.encode(), changed_at=changed_at)


def _asset(target: str, edition: Edition) -> Entity | None:
    """Return a picture or a sitemap of articles."""
    if (found := _PICTURE.match(target)) and int(found[1]) < PICTURES:
        return Entity(status=200, mime="image/png", body=assets.picture(int(found[1])), changed_at=_first(edition))
    if found := _ARTICLE_MAP.match(target):
        body = machine.article_map(int(found[1]), edition)
        return None if body is None else Entity(status=200, mime="application/gzip", body=body)
    return None


def _first(edition: Edition) -> datetime:
    return edition.desk.brief(0).published


def _section_page(target: str, edition: Edition) -> Entity | None:
    found = _SECTION_PAGE.match(target)
    section = found and section_named(found[1])
    if not found or not section or listing.page_path(section, int(found[2] or 1)) != target:
        return None
    page = listing.section_page(section, int(found[2] or 1), edition)
    return None if page is None else _page(page, changed_at=edition.listing_changed_at(section))


def _collection(target: str, edition: Edition) -> Entity | None:
    """Return a tag's or an author's page."""
    _, kind, name, *more = [*target.split("/"), ""]
    if kind not in ("tag", "author") or more != [""]:
        return None
    page = listing.tag_page(name, edition) if kind == "tag" else listing.author_page(name, edition)
    return None if page is None else _page(page)


def _article(target: str, edition: Edition) -> Entity | None:
    """Return an article's page under any of its addresses, or what has become of it."""
    found = _ARTICLE.search(target)
    number = int(found[1]) - 10_000 if found else -1
    if not 0 <= number < edition.count:
        return None
    brief = edition.desk.brief(number)
    now = brief.path_at(edition.at)
    pages = {now: _TEMPLATES[brief.template]}
    if brief.special.variants:
        pages |= {amp_path(now): variants.amp, print_path(now): variants.printed}
    if target in pages and brief.gone(edition.at):
        return _page(plain.gone(edition), status=brief.special.gone_status)
    if target in pages:
        sheet = edition.sheet(number)
        encoding = brief.special.encoding
        return Entity(
            status=200,
            # The windows-1251 page says its encoding only in its own <meta>, as old sites do.
            mime="text/html" if encoding == "windows-1251" else f"text/html; charset={encoding}",
            body=pages[target](sheet, edition).encode(encoding, "xmlcharrefreplace"),
            changed_at=sheet.changed_at,
        )
    if target == brief.path:
        location = now if brief.section.name == "business" else edition.url(now)
        return Entity(status=301, mime=_HTML, body=b"<p>Moved.</p>\n", location=location)
    return None
