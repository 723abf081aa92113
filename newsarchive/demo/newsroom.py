"""The newsroom: a small news site as a pure function of address, request and moment."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsarchive.demo.answers import Answers, answers
from newsarchive.demo.cache import ByteCache
from newsarchive.demo.desk import Desk, Template
from newsarchive.demo.edition import Edition, section_named
from newsarchive.demo.pages import assets, classic, listing, machine, modern, plain
from newsarchive.demo.wire import Answer, Entity, Prepared, Request, answer, coding_for, prepare

DEFAULT_ORIGIN = "http://lantern.example"

_ARTICLE = re.compile(r"-1(\d{4,5})(?:\.html)?$")
_SECTION_PAGE = re.compile(r"/([a-z-]+)/(?:page/(\d+)/)?$")
_PICTURE = re.compile(r"/media/(\d+)\.png$")


class Newsroom:
    """A news site with a past and a future. Nothing in it depends on anything but its arguments."""

    def __init__(
        self, *, seed: str = "lantern", articles: int = 72, length: int = 19, memory: int = 300_000_000
    ) -> None:
        """`articles` are out when the clock opens, each about `length` paragraphs long; `memory` bounds the cache."""
        self.desk = Desk(seed=seed, articles=articles, length=length)
        self._moments = self.desk.moments()
        self._prepared: ByteCache[Prepared] = ByteCache(memory)
        self._fixed: dict[str, tuple[str, Callable[[Edition], str]]] = {
            "/": ("text/html; charset=utf-8", listing.front),
            "/feed.xml": ("application/rss+xml; charset=utf-8", machine.rss),
            "/atom.xml": ("application/atom+xml", machine.atom),
            "/robots.txt": ("text/plain", machine.robots),
            "/sitemap.xml": ("application/xml", machine.sitemap_index),
            "/sitemaps/articles.xml": ("application/xml", machine.articles_sitemap),
            "/about": ("text/html; charset=utf-8", plain.about),
            "/contact": ("text/html; charset=utf-8", plain.contact),
            "/static/lantern.css": ("text/css", lambda _: assets.STYLE),
            "/static/lantern.svg": ("image/svg+xml", lambda _: assets.LOGO),
        }

    def respond(self, method: str, url: str, headers: Sequence[tuple[str, str]], at: datetime) -> Answer:
        """Return the bytes that answer a request: the same for the same arguments, for ever."""
        parts = urlsplit(url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        request = Request(method=method, target=target, headers=tuple(headers))
        return self.answer(f"{parts.scheme}://{parts.netloc}", request, at)

    def answer(self, origin: str, request: Request, at: datetime) -> Answer:
        """Return the same for a request that is parsed already; `origin` is scheme, host and port."""
        accepted = request.get("accept-encoding")
        key = (origin, request.target, self.moment(at), accepted, request.version)
        return answer(self._prepared.get(key, lambda: self._prepare(origin, request, accepted, at)), request, at)

    def _prepare(self, origin: str, request: Request, accepted: str, at: datetime) -> Prepared:
        entity = self.entity(origin, request.target, at)
        return prepare(request.target, entity, coding_for(request.target, entity.mime, accepted), request.version)

    def entity(self, origin: str, target: str, at: datetime) -> Entity:
        """Return what is found under an address at a moment."""
        return self._render(origin, target, self.moment(at))

    def answers(self, at: datetime, *, origin: str = DEFAULT_ORIGIN) -> Answers:
        """Return what a whole crawl at that moment should find, under the address that was crawled."""
        return answers(Edition(self.desk, origin.rstrip("/"), at))

    def moment(self, at: datetime) -> datetime:
        """Return the last moment, up to then, at which any page may have changed; midnights are such."""
        passed = bisect_right(self._moments, at)
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(self._moments[passed - 1], midnight) if passed else midnight

    def _render(self, origin: str, target: str, at: datetime) -> Entity:
        edition = Edition(self.desk, origin, at)
        if fixed := self._fixed.get(target):
            mime, page = fixed
            return Entity(status=200, mime=mime, body=page(edition).encode())
        return (
            self._picture(target)
            or self._section_page(target, edition)
            or self._article(target, edition)
            or Entity(status=404, mime="text/html; charset=utf-8", body=plain.not_found(edition).encode())
        )

    def _picture(self, target: str) -> Entity | None:
        if found := _PICTURE.match(target):
            return Entity(status=200, mime="image/png", body=assets.picture(int(found[1])))
        return None

    def _section_page(self, target: str, edition: Edition) -> Entity | None:
        found = _SECTION_PAGE.match(target)
        section = found and section_named(found[1])
        if not found or not section:
            return None
        page = listing.section_page(section, int(found[2] or 1), edition)
        return Entity(status=200, mime="text/html; charset=utf-8", body=page.encode()) if page else None

    def _article(self, target: str, edition: Edition) -> Entity | None:
        found = _ARTICLE.search(target)
        number = int(found[1]) if found else -1
        if not 0 <= number < edition.count or self.desk.brief(number).path != target:
            return None
        sheet = edition.sheet(number)
        template = classic if sheet.item.brief.section.template is Template.CLASSIC else modern
        return Entity(
            status=200,
            mime="text/html; charset=utf-8",
            body=template.page(sheet, edition).encode(),
            changed_at=sheet.draft.since,
        )
