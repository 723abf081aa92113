"""A newsroom full of crawler traps, each as on real sites."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from newsarchive.archive import Archive
from newsarchive.ingest.backfill_priority import LAST_PAGE
from tests.newsroom import Newsroom, NewsroomServer, read_log, serve
from tests.newsroom.http_messages import Request, Response

STORIES = 12
SETTINGS = """
contact = "tests@localhost"
delay = "0s"
park_after = {park_after}
reader_processes = 1
commit_seconds = 0.1
requisites = false
[[site]]
name = "traps"
url = "{url}"
allow_private = true
{more}
"""
Page = Callable[[str], str | None]
"""From a target (path and query) to a page's HTML, "-> target" for a redirect there, or None."""


def card(href: str, text: str) -> str:
    """A link as listings have them."""
    return f'<div class="card"><h3><a href="{href}">Harbour office reports on {text} for the city</a></h3></div>\n'


def listing(*cards: str) -> str:
    """A page of links."""
    return (
        f"<!DOCTYPE html><html><head><title>Latest</title></head><body><h1>Latest</h1>\n{''.join(cards)}</body></html>"
    )


def article(name: str, canonical: str, *cards: str) -> str:
    """A page that reads as an article, with a list of related ones below it."""
    data = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": f"The {name} at the north quay"}
    data |= {"datePublished": "2026-05-04T06:00:00+00:00", "mainEntityOfPage": canonical}
    text = "".join(
        f"<p>The {name} was seen for the {n}. time at the north quay, where the harbour master noted wind, tide, the "
        f"names of {n + 2} boats in her book, as she has done every morning for thirty years.</p>\n"
        for n in range(8)
    )
    return (
        f'<!DOCTYPE html><html><head><title>{name}</title><link rel="canonical" href="{canonical}">'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head><body><article>'
        f"<h1>The {name} at the north quay</h1>{text}</article><section><h2>Related</h2>{''.join(cards)}</section>"
        "</body></html>"
    )


def _number(target: str) -> int:
    digits = "".join(c for c in target.rpartition("/")[2].partition("?")[0] if c.isdigit())
    return int(digits or 0)


def _days(target: str) -> str:
    """A calendar that does not call itself one: every day leads to the next eight."""
    n = _number(target)
    return listing(*(card(f"/tage/{n + k}", f"day {n + k}") for k in range(1, 9)))


def _slugs(target: str) -> str:
    """One article under as many addresses as there are words: the server reads its number only."""
    seed = sum(target.encode())
    links = (card(f"/beitrag/4711/{chr(97 + k)}-{seed * 8 + k}-word", f"variant {seed * 8 + k}") for k in range(8))
    return article("grey heron", "/beitrag/4711", *links)


def _hops(target: str) -> str:
    """A redirect to a redirect to a redirect."""
    return f"-> /hop/{_number(target) + 1}"


def _loop(target: str) -> str:
    """Two addresses that lead to each other."""
    return "-> /loop/b" if target.endswith("a") else "-> /loop/a"


def _pages(target: str) -> str:
    """Pagination without an end: beyond the last page it shows the first one's stories."""
    n = _number(target)
    links = (card(f"/story-{k}", f"story {k}") for k in range(STORIES))
    return listing(*links, f'<nav class="pagination"><a rel="next" href="/alle/page/{n + 1}">Next</a></nav>')


def _deeper(target: str) -> str:
    """Relative links on a server that shows the same page at any depth."""
    del target
    return listing(*(card(f"in/tiefer{k}/", f"depth {k}") for k in range(8)))


def _many(*hrefs: str) -> Page:
    return lambda _: listing(*(card(href, f"link {n}") for n, href in enumerate(hrefs)))


TRAPS: dict[str, Page] = {
    "/tage/": _days,
    "/beitrag/": _slugs,
    "/hop/": _hops,
    "/loop/": _loop,
    "/alle/page/": _pages,
    "/tief/": _deeper,
    "/kalender/": _many(*(f"/kalender/{2030 + k}/0{k + 1}/" for k in range(8))),
    "/sitzung": _many(*(f"/sitzung?PHPSESSID={k:032x}" for k in range(1, 9))),
    "/filter": _many(*(f"/filter?colour={k}&sort=a&view=b" for k in range(8))),
    "/weit": _many(*(f"/weit?page={k}" for k in range(LAST_PAGE + 1, LAST_PAGE + 9))),
}
"""Entrance -> what stands at every address that begins so."""


class TrapNewsroom(Newsroom):
    """Twelve stories and the traps of these entrances; nothing links the rest of the newsroom."""

    def __init__(self, *entrances: str) -> None:
        super().__init__(articles=60)
        self.entrances = entrances

    def get_response(self, origin: str, request: Request, at: datetime) -> Response:
        """Answer as a trap does."""
        del at
        body = self._page(request.target, origin)
        if body is None:
            return Response(data=b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if body.startswith("-> "):
            return Response(data=f"HTTP/1.1 302 Found\r\nLocation: {body[3:]}\r\nContent-Length: 0\r\n\r\n".encode())
        data = body.encode()
        mime = "text/plain" if request.target == "/robots.txt" else "text/html; charset=utf-8"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(data)}\r\n\r\n"
        return Response(data=head.encode() + data)

    def _page(self, target: str, origin: str) -> str | None:
        if target == "/robots.txt":
            return "User-agent: *\nDisallow: /drafts/\n"
        if target == "/":
            stories = (card(f"/story-{n}", f"story {n}") for n in range(STORIES))
            return listing(*stories, *(card(entrance, f"more {entrance}") for entrance in self.entrances))
        for entrance, page in TRAPS.items():
            if target.startswith(entrance):
                return page(target)
        if target.startswith("/story-"):
            return article(f"story {_number(target)}", f"{origin}{target}")
        return None


class Rig:
    """An archive of a newsroom full of traps."""

    def __init__(self, folder: Path, entrances: tuple[str, ...], park_after: int, more: str) -> None:
        self.log = folder / "log.jsonl"
        self.server: NewsroomServer = serve(TrapNewsroom(*entrances), log=self.log)
        settings = SETTINGS.format(url=self.server.url, park_after=park_after, more=more)
        (folder / "newsarchive.toml").write_text(settings)
        self.archive = Archive.open(folder)

    def asked(self) -> Counter[str]:
        """Requests by the entrance of the trap that they went into; "" for all others."""
        counted: Counter[str] = Counter()
        for entry in read_log(self.log):
            target = entry.url.removeprefix(self.server.url.rstrip("/"))
            counted[next((entrance for entrance in TRAPS if target.startswith(entrance)), "")] += 1
        return counted

    def close(self) -> None:
        """End it."""
        self.archive.close()
        self.server.close()


Build = Callable[..., Rig]


@pytest.fixture
def trapped(tmp_path: Path) -> Iterator[Build]:
    """Makes an archive of a newsroom with the traps of these entrances."""
    rigs: list[Rig] = []

    def build(*entrances: str, park_after: int = 10, more: str = "") -> Rig:
        folder = tmp_path / f"archive-{len(rigs)}"
        folder.mkdir()
        rigs.append(Rig(folder, entrances, park_after, more))
        return rigs[-1]

    yield build
    for rig in rigs:
        rig.close()
