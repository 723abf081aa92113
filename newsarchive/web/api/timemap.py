"""/timemap/link/https://news.example/a: all captures of a URL, in pages (RFC 7089 5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.web.context import AtDoor, Door
from newsarchive.web.memento import memento_uri
from newsarchive.web.pages.jinja_env import counted, iso
from newsarchive.web.responses.http_dates import http_date
from newsarchive.web.timestamps import stamp
from newsarchive.web.wb_url import asked_url, in_path
from storage.index.queries.cdx import exactly
from storage.index.views.cdx import CdxLine, CdxQuery

router = APIRouter(include_in_schema=False)

PAGE = 1000
"""Captures in one page of a TimeMap."""
_LINK_FORMAT = b"application/link-format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a TimeMap."""

    url: str
    number: int
    """From 1."""
    pages: int
    lines: Sequence[CdxLine]


@router.get("/timemap/link/{url:path}")
def link(request: Request, door: AtDoor) -> Response:
    """A TimeMap in link format; page 1."""
    return _links(door, _page(door, asked_url(request, "/timemap/link/"), 1))


@router.get("/timemap/{number:int}/link/{url:path}")
def link_page(request: Request, door: AtDoor, number: int) -> Response:
    """A page of a TimeMap in link format."""
    return _links(door, _page(door, asked_url(request, f"/timemap/{number}/link/"), number))


@router.get("/timemap/json/{url:path}")
def as_json(request: Request, door: AtDoor) -> Response:
    """A TimeMap as JSON; page 1."""
    return _json(door, _page(door, asked_url(request, "/timemap/json/"), 1))


@router.get("/timemap/{number:int}/json/{url:path}")
def json_page(request: Request, door: AtDoor, number: int) -> Response:
    """A page of a TimeMap as JSON."""
    return _json(door, _page(door, asked_url(request, f"/timemap/{number}/json/"), number))


def _page(door: Door, url: str, number: int) -> Page:
    keys = exactly(url)
    pages = door.index.cdx_pages(CdxQuery(keys=keys, url=url, page=0, page_size=PAGE))
    if not 1 <= number <= max(pages, 1):
        raise HTTPException(404, f"The TimeMap of {url} has {counted(pages, 'page')}")
    asked = CdxQuery(keys=keys, url=url, page=number - 1, page_size=PAGE)
    lines = list(islice(door.index.cdx(asked), PAGE))
    if not lines:
        raise HTTPException(404, f"The archive holds no capture of {url}")
    return Page(url=url, number=number, pages=pages, lines=lines)


def _address(door: Door, page: Page, form: str, number: int) -> str:
    where = f"timemap/{form}" if number == 1 else f"timemap/{number}/{form}"
    return f"{door.base_url}/{where}/{in_path(page.url)}"


def _links(door: Door, page: Page) -> Response:
    # The media type is given whole and alone: clients compare it to the letter.
    headers = {"content-type": _LINK_FORMAT.decode()}
    return Response(",\n".join(_link_lines(door, page)) + "\n", headers=headers)


def _link_lines(door: Door, page: Page) -> Iterator[str]:
    first, last = page.lines[0].fetched_at, page.lines[-1].fetched_at
    kind = 'type="application/link-format"'
    yield f'<{in_path(page.url)}>; rel="original"'
    yield f'<{door.base_url}/timegate/{in_path(page.url)}>; rel="timegate"'
    span = f'from="{http_date(first)}"; until="{http_date(last)}"'
    yield f'<{_address(door, page, "link", page.number)}>; rel="self"; {kind}; {span}'
    for role, number in _beside(page):
        yield f'<{_address(door, page, "link", number)}>; rel="{role}"; {kind}'
    for line in page.lines:
        # rel is "memento" and no more: clients look for exactly that, and pass over rel="first memento".
        address = memento_uri(door, line.url, line.fetched_at)
        yield f'<{address}>; rel="memento"; datetime="{http_date(line.fetched_at)}"'


def _beside(page: Page) -> Iterator[tuple[str, int]]:
    """The pages beside this one, as RFC 7089 5.2 has them: further TimeMaps."""
    if page.number > 1:
        yield "prev timemap", page.number - 1
    if page.number < page.pages:
        yield "next timemap", page.number + 1


def _json(door: Door, page: Page) -> Response:
    """The shape that the Memento aggregator's API made usual."""
    first, last = page.lines[0], page.lines[-1]

    def named(line: CdxLine) -> dict[str, Any]:
        return {"datetime": iso(line.fetched_at), "uri": memento_uri(door, line.url, line.fetched_at)}

    body: dict[str, Any] = {
        "original_uri": page.url,
        "self": _address(door, page, "json", page.number),
        "timegate_uri": f"{door.base_url}/timegate/{in_path(page.url)}",
        "timemap_uri": {
            "link_format": _address(door, page, "link", page.number),
            "json_format": _address(door, page, "json", page.number),
        },
        "mementos": {
            "first": named(first),
            "last": named(last),
            "list": [
                {**named(line), "timestamp": stamp(line.fetched_at), "status": line.status} for line in page.lines
            ],
        },
        "pages": [{"rel": role, "uri": _address(door, page, "json", number)} for role, number in _beside(page)],
    }
    return JSONResponse(body)
