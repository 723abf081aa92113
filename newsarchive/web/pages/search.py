"""Search: what was found, by what it can be narrowed, and the same as feeds and rows."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from newsarchive.web.context import AtDoor, Door
from newsarchive.web.feeds import Feed, atom, json_feed
from newsarchive.web.language_names import language_name
from newsarchive.web.pages.histogram import drawn, rounded
from newsarchive.web.responses.csv_jsonl import as_csv, as_jsonl
from newsarchive.web.responses.streaming import Streamed
from newsarchive.web.search_params import MOST_PAGES, SIZE, Asked
from storage.index.search.histogram import Bar

router = APIRouter()

IN_A_FEED = 50


def _asked(door: Door) -> Asked:
    return Asked.of(door.request.query_params, door.serving.limits.query)


@router.get("/search", include_in_schema=False)
def search(door: AtDoor) -> Response:
    """A page of results."""
    asked = _asked(door)
    found = door.index.explore(asked.q, asked.filters, limit=SIZE, offset=asked.offset, order=asked.sort)
    on = {chip.label.partition(":")[0] for chip in asked.chips}
    return door.page(
        "search.html",
        asked=asked,
        found=found,
        facets=[facet for facet in found.facets if facet.name not in on and _helps(facet.name, on, len(facet.values))],
        histogram=drawn(found.histogram, asked.between),
        size=SIZE,
        shown_of=min(found.page.total, SIZE * MOST_PAGES),
        total_about=_about(found.histogram.bars) if not found.page.exact else None,
        language_name=language_name,
    )


def _helps(name: str, on: Iterable[str], values: int) -> bool:
    """False for a facet that would narrow nothing."""
    return values > 1 and not (name == "year" and "date" in on)


def _about(bars: Sequence[Bar]) -> int | None:
    """How many articles there may be, where the histogram went on beyond what was looked at."""
    return rounded(sum(bar.articles for bar in bars)) if any(bar.about for bar in bars) else None


def _feed(door: Door, path: str) -> Feed:
    asked = _asked(door)
    found = door.index.search(asked.q, asked.filters, limit=IN_A_FEED)
    query = urlencode([(name, value) for name, value in asked.query.items() if name != "sort"])
    told = ", ".join([*([f"“{asked.q}”"] if asked.q else []), *(chip.label for chip in asked.chips)])
    return Feed(
        title=f"{told or 'Everything'} – {door.name}",
        base_url=door.base_url,
        page=f"/search?{query}" if query else "/search",
        path=f"{path}?{query}" if query else path,
        hits=found.hits,
    )


@router.get("/search.atom", include_in_schema=False)
def search_atom(door: AtDoor) -> Response:
    """The newest results as an Atom feed."""
    return door.tagged(Response(atom(_feed(door, "/search.atom")), media_type="application/atom+xml; charset=utf-8"))


@router.get("/search.json", include_in_schema=False)
def search_json(door: AtDoor) -> Response:
    """The newest results as a JSON Feed."""
    return door.tagged(Response(json_feed(_feed(door, "/search.json")), media_type="application/feed+json"))


@router.get("/search.csv", include_in_schema=False)
def search_csv(door: AtDoor) -> Response:
    """All results, up to a limit, as rows for a spreadsheet."""
    return _streamed(door, as_csv, "text/csv; charset=utf-8", "csv")


@router.get("/search.jsonl", include_in_schema=False)
def search_jsonl(door: AtDoor) -> Response:
    """All results, up to a limit, whole, as `newsarchive export` writes them."""
    return _streamed(door, as_jsonl, "application/jsonl; charset=utf-8", "jsonl")


def _streamed(
    door: Door, written: Callable[[Iterable[Mapping[str, Any]]], Iterator[str]], media_type: str, ending: str
) -> Response:
    asked = _asked(door)
    lines = door.index.search_lines(asked.q, asked.filters, limit=door.serving.limits.rows, order=asked.sort)
    named = hashlib.sha256(repr(asked.query).encode("utf-8", "replace")).hexdigest()[:8]
    headers = {"content-disposition": f'attachment; filename="search-{named}.{ending}"'}
    return Streamed(door.heavy.stream(written(lines)), media_type=media_type, headers=headers)
